"""Whatever fails, a valid page is served, and it says what fell back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from bandits.policies import UniformPolicy
from bandits.types import Features, Scores
from home import compose as module
from home.audit import faults
from home.bootstrap import open_home
from home.compose import ComposedPage, LivePolicy, compose
from home.errors import NothingEligibleError, UnknownSurfaceError
from home.logbook import record_of
from home.sampling import sample_contexts
from home.service import Home
from home.settings import Settings
from layout.types import Page, Result, Status
from shelves.build import Builder
from shelves.types import Context, Shelf
from shelves.view import View


@pytest.fixture
def home(demo_settings: Settings) -> Iterator[Home]:
    settings = demo_settings.model_copy(update={"layout_deadline_ms": 10_000.0})
    opened = open_home(settings, background=False)
    yield opened
    opened.close()


@pytest.fixture
def context(home: Home) -> Context:
    return sample_contexts(home.engine, 1, "phone", 5, home.clock())[0]


class Broken:
    """A policy that cannot score, or scores nonsense."""

    name = "broken"

    def __init__(self, values: float | None) -> None:
        self.values = values

    def score(self, context: Features, actions: Sequence[Features], slots: int) -> Scores:
        if self.values is None:
            raise RuntimeError("no weights")
        return Scores(np.full(len(actions), self.values), np.full(len(actions), 1 / len(actions)))

    def learn(self, examples: object) -> int:
        return 0

    def snapshot(self) -> bytes:
        return b""

    def describe(self) -> str:
        return self.name


class Raising:
    """A source that always fails."""

    name = "raising"
    family = "none"

    def propose(self, view: View) -> Sequence[Shelf]:
        raise RuntimeError("no connection")


def _compose(home: Home, context: Context, **changes: object) -> ComposedPage:
    tools = replace(home.tools, **changes)  # type: ignore[arg-type]
    return compose(context, LivePolicy(1, UniformPolicy()), tools, decision_id="d", seed=4)


def test_a_sound_page_has_no_fault(home: Home, context: Context) -> None:
    page = _compose(home, context)
    assert list(faults(page, home.tools)) == []
    assert page.result.status is Status.OPTIMAL


@pytest.mark.parametrize(("values", "reason"), [(None, "no weights"), (float("nan"), "not finite")])
def test_a_broken_policy_costs_the_ranking_and_not_the_page(
    home: Home, context: Context, values: float | None, reason: str
) -> None:
    page = compose(context, LivePolicy(1, Broken(values)), home.tools, decision_id="d", seed=4)
    assert reason in page.fallback
    assert len(page.placements) == len(page.grid.slots)
    assert page.propensity == pytest.approx(float(np.prod(page.draw.conditionals)))


def test_when_every_source_fails_what_is_popular_is_shown(home: Home, context: Context) -> None:
    page = _compose(home, context, builder=Builder([Raising()], home.catalog))
    assert [dropped.source for dropped in page.dropped] == ["raising"]
    assert [placement.shelf.id for placement in page.placements] == ["last_resort"]
    assert page.placements[0].items


def test_a_solver_that_raises_costs_the_optimum_and_not_the_page(
    home: Home, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> Result:
        raise RuntimeError("solver crashed")

    monkeypatch.setattr(module, "solve", broken)
    page = _compose(home, context)
    assert "layout: RuntimeError: solver crashed" in page.fallback
    assert page.result.status is Status.FALLBACK
    assert page.placements
    assert all(placement.items for placement in page.placements)


@pytest.mark.parametrize("wrong", [(0, 0, 1, 2), (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)])
def test_an_invalid_page_of_the_solver_is_never_served(
    home: Home, context: Context, monkeypatch: pytest.MonkeyPatch, wrong: Page
) -> None:
    monkeypatch.setattr(module, "solve", lambda *_, **__: Result(wrong, Status.OPTIMAL, 0, 0))
    page = _compose(home, context)
    shown = [item.id for placement in page.placements for item in placement.items]
    assert page.fallback
    assert page.propensity is None
    assert shown
    assert len(set(shown)) == len(shown)


def test_a_page_that_fell_back_is_logged_without_a_propensity(
    home: Home, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "solve", lambda *_, **__: Result((0, 0, 1), Status.OPTIMAL, 0, 0))
    record = record_of(_compose(home, context), home.catalog.items)
    assert record.propensity is None
    assert record.fallback


def test_a_deadline_of_zero_serves_the_greedy_page_with_its_propensity(home: Home, context: Context) -> None:
    page = _compose(home, context, layout_deadline_s=0.0)
    assert page.result.status is Status.FALLBACK
    assert [fault for fault in faults(page, home.tools) if not fault.startswith("fallback")] == []
    assert page.propensity is not None


def test_an_unknown_surface_is_refused(home: Home, context: Context) -> None:
    with pytest.raises(UnknownSurfaceError, match="fridge"):
        _compose(home, replace(context, surface="fridge"))


def test_a_listener_who_may_see_nothing_gets_an_error_that_says_why(home: Home, context: Context) -> None:
    everything = frozenset(item.id for item in home.catalog.items)
    with pytest.raises(NothingEligibleError, match="dismissed"):
        _compose(home, replace(context, dismissed_items=everything))
