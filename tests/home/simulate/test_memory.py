"""Listeners look along shelves, tire of what they saw in vain, and come back when it was good."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandits.policies import UniformPolicy
from bandits.types import EventKind, RewardEvent
from home.simulate.memory import Memory
from home.simulate.parameters import Fatigue, Returns, Satiation, Swipe
from home.simulate.participants import Participant
from home.simulate.run import SimulationConfig, SimulationResult, simulate
from home.simulate.swipe import choice, examined, visible_items
from tests.home.simulate.world import world

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def event(kind: EventKind, shelf: str = "a") -> RewardEvent:
    return RewardEvent(f"{shelf}-{kind}", "d", kind, shelf, NOW)


def test_the_visible_items_are_seen_and_the_others_swipe_by_swipe() -> None:
    swipe = Swipe({"phone": 3, "tv": 5}, 0.5, ("grid",))
    assert examined(5, 3, 0.5).tolist() == [1.0, 1.0, 1.0, 0.5, 0.25]
    assert visible_items(swipe, "phone", "carousel", 8) == 3
    assert visible_items(swipe, "watch", "carousel", 8) == 3
    assert visible_items(swipe, "tv", "grid", 8) == 8
    assert visible_items(swipe, "tv", "carousel", 2) == 2


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.integers(1, 5), st.floats(0, 1))
def test_a_choice_is_among_what_was_looked_at(
    affinity: list[float], visible: int, continuation: float
) -> None:
    a, n = np.array(affinity), len(affinity)
    h = examined(n, min(visible, n), continuation)
    by_depth = np.zeros(n)
    for d in range(1, n + 1):
        share = np.exp(2.0 * a[:d]) / np.exp(2.0 * a[:d]).sum()
        by_depth[:d] += share * (h[d - 1] - (h[d] if d < n else 0.0))
    assert choice(a, h, 2.0) == pytest.approx(by_depth)
    assert choice(a, h, 2.0).sum() == pytest.approx(1.0)


def test_looks_in_vain_tire_until_they_fade_or_a_click_makes_up_for_them() -> None:
    parameters = replace(world().parameters, fatigue=Fatigue(0.2, 2.0), satiation=Satiation(0.0, 1.0))
    memory, page = Memory(), world().page()
    shelf = page.placements[0].shelf
    looked = [event(EventKind.IMPRESSION, shelf.id)]
    memory.remember(parameters, {shelf.id: "s"}, looked, NOW)
    memory.remember(parameters, {shelf.id: "s"}, looked, NOW + 2 * DAY)
    assert memory.weariness(parameters, [shelf], NOW + 2 * DAY) == pytest.approx([0.2 * 1.5])
    assert memory.weariness(parameters, [shelf], NOW + 4 * DAY) == pytest.approx([0.2 * 0.75])
    clicked = [*looked, event(EventKind.CLICK, shelf.id)]
    memory.remember(parameters, {shelf.id: "s"}, clicked, NOW + 4 * DAY)
    assert memory.weariness(parameters, [shelf], NOW + 4 * DAY).tolist() == [0.0]


def test_what_was_played_satiates_all_shelves_of_its_source() -> None:
    parameters = replace(world().parameters, fatigue=Fatigue(0.0, 1.0), satiation=Satiation(0.3, 1.0))
    placements = world().page().placements
    first, other = placements[0].shelf, placements[1].shelf
    sources = {first.id: first.provenance.source}
    memory = Memory()
    memory.remember(parameters, sources, [event(EventKind.PLAY_30S, first.id)], NOW)
    twin = replace(other, provenance=replace(other.provenance, source=first.provenance.source))
    assert memory.weariness(parameters, [first, twin, other], NOW) == pytest.approx([0.3, 0.3, 0.0])


def test_the_satisfied_come_more_often() -> None:
    returns = Returns(
        base=0.0, satisfied=1.0, half_life_days=1.0, play_30s=2.0, save=0.0, skip=-1.0, dismiss=-1.0
    )
    parameters = replace(world().parameters, returns=returns)
    memory = Memory()
    assert memory.comes(parameters, NOW) == 0.5
    memory.remember(parameters, {"a": "s"}, [event(EventKind.PLAY_30S)], NOW)
    assert memory.comes(parameters, NOW + DAY) == pytest.approx(1 / (1 + np.exp(-1.0)))
    memory.remember(parameters, {"a": "s"}, [event(EventKind.SKIP)], NOW + DAY)
    assert memory.comes(parameters, NOW + DAY) == 0.5


def run(returns: Returns, visits: int = 60) -> SimulationResult:
    here = world()
    parameters = replace(here.parameters, returns=returns)
    config = SimulationConfig(visits, 20, 2, regret=False, measures=False, returns=True)
    policies = {"a": Participant(UniformPolicy), "b": Participant(UniformPolicy)}
    return simulate(here.contexts, here.tools, policies, parameters, here.formula, config)


def test_visits_are_opportunities_that_are_taken_with_the_stated_probability() -> None:
    # 60 opportunities at 1/2: 4.5 standard deviations are 17.4.
    indifferent = Returns(0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    rows = run(indifferent).rows
    by_policy = [[row.visit for row in rows if row.policy == name] for name in "ab"]
    assert by_policy[0] == by_policy[1]
    assert abs(len(by_policy[0]) - 30) < 18
    assert not run(replace(indifferent, base=-30.0), 20).rows


def test_fatigue_shows_in_what_is_expected() -> None:
    here, page = world(), world().page()
    model = here.model(fatigue=Fatigue(1.0, 3.0))
    truth = model.truth(page.context)
    fresh = model.expectation(model.meet_page(page, truth), page.grid)
    tired = model.expectation(model.meet_page(page, truth, np.ones(len(page.placements))), page.grid)
    assert tired.clicks < 0.6 * fresh.clicks
