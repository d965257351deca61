"""The audit believes nothing that a page says of itself: each lie about a sound page is found out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bandits.page import AnchoredMixture
from home import draw as drawing
from home.audit import audit, faults
from home.bootstrap import open_home
from home.compose import ComposedPage
from home.sampling import sample_contexts
from home.service import Home
from home.settings import Settings


@pytest.fixture(scope="module")
def home(prepared_database: Path) -> Iterator[Home]:
    """Nothing here writes, so all tests share the database."""
    url = f"sqlite:///{prepared_database}"
    settings = Settings(database_url=url, learn_every_s=0, source_budget_ms=10_000, layout_deadline_ms=10_000)
    opened = open_home(settings, background=False)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def page(home: Home) -> ComposedPage:
    return home.compose_for(sample_contexts(home.engine, 1, "desktop", 5, home.clock())[0], 4)


def test_a_sound_page_explored_or_not_has_no_fault(home: Home) -> None:
    contexts = sample_contexts(home.engine, 8, "desktop", 3, home.clock())
    pages = [home.compose_for(context, seed) for seed, context in enumerate(contexts * 4)]
    assert {page.draw.explored for page in pages} == {True, False}
    assert [fault for page in pages for fault in faults(page, home.tools)] == []


def test_a_propensity_off_by_one_bit_is_found(home: Home, page: ComposedPage) -> None:
    assert page.propensity is not None
    off = float(np.nextafter(page.propensity, 1))
    assert list(faults(replace(page, propensity=off), home.tools)) == ["propensity not exact"]


def test_a_propensity_that_is_missing_without_a_fallback_is_found(home: Home, page: ComposedPage) -> None:
    assert list(faults(replace(page, propensity=None), home.tools)) == ["propensity not exact"]


def test_an_altered_pmf_is_found(home: Home, page: ComposedPage) -> None:
    pmf = page.scores.pmf.copy()
    pmf[..., page.draw.page[-1]] *= 1.01
    other = replace(page, scores=replace(page.scores, pmf=pmf))
    assert "propensity not exact" in list(faults(other, home.tools))


def test_a_page_that_breaks_a_rule_is_found_whatever_it_reports(home: Home, page: ComposedPage) -> None:
    upside_down = tuple(reversed(page.draw.page))
    broken = replace(page, draw=replace(page.draw, page=upside_down), violations=())
    found = list(faults(broken, home.tools))
    assert any(fault.startswith("rule broken: ") for fault in found)
    assert "propensity not exact" in found


def test_a_page_that_fell_back_is_checked_against_the_rules_too(home: Home, page: ComposedPage) -> None:
    upside_down = tuple(reversed(page.draw.page))
    fallen = replace(
        page, draw=replace(page.draw, page=upside_down), propensity=None, fallback="draw: it failed"
    )
    found = list(faults(fallen, home.tools))
    assert "fallback: draw: it failed" in found
    assert any(fault.startswith("rule broken: ") for fault in found)
    assert "propensity not exact" not in found


def test_rules_that_were_not_in_effect_are_found(home: Home, page: ComposedPage) -> None:
    fewer = replace(page, effective_rules=page.effective_rules[1:])
    assert list(faults(fewer, home.tools)) == ["rules in effect differ from those logged"]


def test_a_draw_that_fails_is_a_fallback_and_nothing_else(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> AnchoredMixture:
        raise RuntimeError("no numbers left")

    monkeypatch.setattr(drawing, "AnchoredMixture", fail)
    contexts = sample_contexts(home.engine, 3, "phone", 5, home.clock())
    report = audit(contexts, lambda context: home.compose_for(context, 1), home.tools)
    assert dict(report.faults) == {"fallback: draw: RuntimeError: no numbers left": 3}
