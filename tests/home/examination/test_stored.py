"""Estimates from a stored log, kept, applied, and used by layouts; unseen slots teach nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.policies import FixedPolicy
from bandits.types import EventKind, RewardEvent
from home.bootstrap import open_home
from home.compose import ComposedPage, LivePolicy, Tools, compose
from home.db import writing
from home.draw import Exploration
from home.errors import UnknownSurfaceError
from home.events import ingest_events
from home.examination.estimate import NotEstimableError, estimate
from home.examination.log import PageLogBuilder, exchange_probabilities
from home.examination.show import write_plot
from home.examination.stored import LEAST, StoredEstimate, load, save, use, weights
from home.explain import problem_of
from home.grids import Surface
from home.ingest.progress import Silent
from home.logbook import record_of
from home.replay.log import joined
from home.settings import Settings
from home.settle import examples_of
from home.simulate.run import unhurried
from home.store import decisions
from layout.lookahead import LookAhead
from tests.home.loop import FORMULA, HORIZON, NOON, feedback, make_record
from tests.home.simulate.world import world

_LATER = NOON + timedelta(days=1)
_PHONE = world().tools.surfaces["phone"]


def _estimate(value: Sequence[float], surface: str = "phone", width: float = 0.1) -> StoredEstimate:
    return StoredEstimate(
        surface=surface,
        model="cascade",
        value=tuple(value),
        low=tuple(v - width / 2 for v in value),
        high=tuple(v + width / 2 for v in value),
        evidence=(100.0,) * len(value),
        first_slot=1,
        level=0.95,
        click_rate=(),
        after_click=0.5,
        decisions=500,
        listeners=90,
        unreadable=0,
        first=NOON,
        last=NOON,
        made_at=_LATER,
    )


def _falling(slots: int = 10) -> tuple[float, ...]:
    return tuple(0.6**k for k in range(slots))


def _page(tools: Tools, listener: int, seed: int, epsilon: float = 1.0) -> ComposedPage:
    exploring = unhurried(replace(tools, exploration=Exploration(epsilon, 0.3)))
    live = LivePolicy(1, FixedPolicy(by="taste"))
    return compose(world().contexts[listener], live, exploring, decision_id=f"d{seed}", seed=seed)


def _post(engine: Engine, events: Sequence[RewardEvent]) -> None:
    with writing(engine) as session:
        ingest_events(session, events, NOON + HORIZON, HORIZON)


def test_a_stored_log_is_counted_slot_by_slot(engine: Engine) -> None:
    """Of 40 pages c, a, e: c seen on all, a on 20, e on 10. One more is open, one unopened."""
    with writing(engine) as session:
        for i in range(41):
            record = make_record(f"d{i:02}", listener_id=f"l{i}")
            decisions.add(session, record, closes_at=NOON + HORIZON)
        decisions.add(session, make_record("open"), closes_at=_LATER + HORIZON)
        decisions.add(session, make_record("tv", surface="tv"), closes_at=NOON + HORIZON)
    shown = [("c", 40), ("a", 20), ("e", 10)]
    _post(engine, [feedback(f"{s}{i}", f"d{i:02}", shelf=s) for s, count in shown for i in range(count)])
    tools = replace(world().tools, surfaces={"phone": _three_slots()})
    found = estimate(engine, tools, "phone", "impressions", now=_LATER)
    assert found.value == (1.0, 0.5, 0.25)
    assert (found.decisions, found.listeners, found.evidence) == (41, 41, (40.0, 40.0, 40.0))
    assert found.low[2] < 0.25 < found.high[2]
    assert (found.first, found.last) == (NOON, NOON)


def _three_slots() -> Surface:
    grid = replace(_PHONE.grid, slots=_PHONE.grid.slots[:3])
    return replace(_PHONE, grid=grid)


def test_what_cannot_be_estimated_is_refused_with_what_is_missing(engine: Engine) -> None:
    tools = world().tools
    with pytest.raises(UnknownSurfaceError):
        estimate(engine, tools, "fridge", "pbm", now=_LATER)
    with pytest.raises(NotEstimableError, match="no decision of it has a closed horizon"):
        estimate(engine, tools, "phone", "pbm", now=_LATER)
    with writing(engine) as session:
        decisions.add(session, make_record("d"), closes_at=NOON + HORIZON)
    _post(engine, [feedback("e", "d", EventKind.CLICK)])
    with pytest.raises(NotEstimableError, match=r"reports no impressions.*--model pbm"):
        estimate(engine, tools, "phone", "cascade", now=_LATER)
    _post(engine, [feedback("i", "d")])
    with pytest.raises(NotEstimableError, match=r"slot 1 rests on 1\.0 pages.*needs 30"):
        estimate(engine, tools, "phone", "impressions", now=_LATER)
    with pytest.raises(NotEstimableError, match=r"slot 2 rests on 0.*HOME_EPSILON"):
        estimate(engine, tools, "phone", "pbm", now=_LATER)


def test_both_orders_of_neighbours_have_the_probability_that_the_draw_gives_them() -> None:
    """As shown, what the draw logged; swapped, positive exactly where the rules allow that order."""
    tools, items = world().tools, world().catalog.items
    swappable = 0
    for seed in range(12):
        record = record_of(_page(tools, seed % 6, seed), items)
        for k, (forward, swapped) in enumerate(exchange_probabilities(record, tools)):
            q = record.exploration_conditionals
            assert forward == q[k] * q[k + 1]
            page = record.page
            turned = (*page[:k], page[k + 1], page[k])
            allowed = LookAhead(problem_of(record, tools), record.anchor)
            above = allowed.supported(page[:k])[turned[k]]
            assert (swapped > 0.0) == bool(above and allowed.supported(turned[: k + 1])[turned[k + 1]])
            swappable += swapped > 0.0
    assert swappable > 40


def test_an_applied_estimate_moves_the_layout_and_the_log_says_so(engine: Engine) -> None:
    estimate_ = _estimate(_falling())
    surface = use(_PHONE, estimate_)
    assert surface.grid.version == f"2+examined-{estimate_.mark}"
    tools = replace(world().tools, surfaces={"phone": surface})
    record = record_of(_page(tools, 0, 1, epsilon=0.0), world().catalog.items)
    assert record.grid_version == f"phone@{surface.grid.version}"
    expected = np.array(_falling()) * _PHONE.grid.slots[0].examination
    np.testing.assert_allclose(record.examination, np.maximum(expected, LEAST))
    before = record_of(_page(world().tools, 0, 1, epsilon=0.0), world().catalog.items)
    assert record.solver.objective != before.solver.objective


def test_pages_laid_out_under_another_estimate_can_still_be_put_together() -> None:
    """A record holds its own examination, so estimates can follow each other without losing the log."""
    before = record_of(_page(world().tools, 0, 3), world().catalog.items)
    tools = replace(world().tools, surfaces={"phone": use(_PHONE, _estimate(_falling()))})
    problem = problem_of(before, tools)
    assert tuple(slot.examination for slot in problem.grid.slots) == before.examination
    assert exchange_probabilities(before, tools) == exchange_probabilities(before, world().tools)


def test_pages_of_another_rulebook_are_counted_and_left_out() -> None:
    record = record_of(_page(world().tools, 0, 3), world().catalog.items)
    builder = PageLogBuilder("phone", 10, _LATER, replace(world().tools, rules_version="another"))
    builder.add(record, ())
    log = builder.log()
    assert (log.unreadable, len(log.swaps.slot), len(log.views.group)) == (1, 0, 1)


def test_estimates_round_trip_and_only_applied_ones_are_applied(engine: Engine) -> None:
    first, second = _estimate(_falling()), _estimate((1.0,) * 10)
    assert load(engine, "phone", applied=True) is None
    save(engine, first, applied=True)
    save(engine, second, applied=False)
    assert load(engine, "phone", applied=True) == first
    assert load(engine, "phone", applied=False) == second
    assert load(engine, "tv", applied=False) is None
    assert first.mark != second.mark


def test_a_server_uses_the_applied_estimate_only_when_told_to(demo_settings: Settings) -> None:
    home = open_home(demo_settings, background=False)
    save(home.engine, _estimate(_falling()), applied=True)
    save(home.engine, _estimate((1.0, 0.5), "tv"), applied=True)  # of a grid with other slots
    home.engine.dispose()
    estimated = open_home(demo_settings.model_copy(update={"examination": "estimated"}), background=False)
    plain = open_home(demo_settings, background=False)
    assert estimated.tools.surfaces["phone"].grid.version.startswith("2+examined-")
    assert estimated.tools.surfaces["tv"] == plain.tools.surfaces["tv"]
    assert estimated.tools.surfaces["desktop"] == plain.tools.surfaces["desktop"]
    assert plain.tools.surfaces["phone"].grid.version == "2"
    for opened in (estimated, plain):
        opened.engine.dispose()


@given(st.lists(st.floats(0.0, 3.0), min_size=9, max_size=9), st.floats(0.001, 1.0))
@settings(max_examples=50, deadline=None)
def test_what_layouts_use_is_positive_and_never_rises(values: list[float], width: float) -> None:
    used = weights(_estimate((1.0, *values), width=width), _PHONE.grid)
    assert all(LEAST <= w <= 1.0 for w in used)
    assert all(above >= below for above, below in pairwise(used))
    assert used[0] == pytest.approx(_PHONE.grid.slots[0].examination)


def test_an_estimate_is_drawn_as_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "examination.png"
    write_plot(_estimate(_falling()), _PHONE.grid, path)
    assert path.read_bytes().startswith(b"\x89PNG")


@given(st.sets(st.sampled_from("cae")), st.sets(st.sampled_from("cae")))
@settings(max_examples=40, deadline=None)
def test_unseen_slots_never_reach_the_learner(seen: set[str], clicked: set[str]) -> None:
    events = [feedback(f"i{s}", "d", shelf=s) for s in seen]
    events += [feedback(f"k{s}", "d", EventKind.CLICK, s) for s in clicked]
    record = make_record("d")
    taught = {record.page[example.slot] for example in examples_of(record, events, FORMULA)}
    assert {record.shelf(option).id for option in taught} == seen | clicked


def test_the_stored_log_and_the_log_in_memory_give_the_same_columns(engine: Engine) -> None:
    with writing(engine) as session:
        decisions.add(session, make_record("d"), closes_at=NOON + HORIZON)
    events = [feedback("e1", "d", EventKind.CLICK, "e"), feedback("e2", "d")]
    _post(engine, events)
    memory = PageLogBuilder("phone", 3, _LATER)
    memory.add(make_record("d"), events)
    with Session(engine) as session:
        stored = PageLogBuilder("phone", 3, _LATER).read(joined(session, None, None, Silent()))
    for name in ("shown", "seen", "clicked", "group"):
        np.testing.assert_array_equal(getattr(stored.views, name), getattr(memory.log().views, name))
    assert stored.views.seen.tolist() == [[True, False, True]]
    assert stored.views.clicked.tolist() == [[False, False, True]]
