"""The rest of a reward reaches learners when its long horizon closes, as it does in serving."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from bandits.corrections import second_reward
from bandits.policies import VwPolicy
from bandits.rewards import ShelfOutcome, shelf_rewards
from bandits.types import EventKind, Example, RewardEvent
from home.compose import ComposedPage
from home.simulate.parameters import Returns
from home.simulate.participants import Participant
from home.simulate.player import lessons
from home.simulate.run import SimulationConfig, simulate
from home.simulate.settling import Settling
from tests.home.simulate.world import world

DAY = timedelta(days=1)
CONFIG = SimulationConfig(visits=40, batch=8, seed=3, regret=False, measures=False, returns=True)
ALWAYS = Returns(30.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0)


class Listening(VwPolicy):
    """Vowpal Wabbit that notes what it is taught, day by day."""

    def __init__(self, heard: list[list[Example]]) -> None:
        super().__init__()
        self._heard = heard

    def learn(self, examples: Iterable[Example]) -> int:
        self._heard.append(list(examples))
        return super().learn(self._heard[-1])


def heard(config: SimulationConfig) -> list[list[Example]]:
    """What is learned each day by a policy whose listeners always come."""
    here, days = world(), list[list[Example]]()
    parameters = replace(here.parameters, returns=ALWAYS)
    policies = {"a": Participant(lambda: Listening(days), learns=True)}
    simulate(here.contexts, here.tools, policies, parameters, here.formula, config)
    return days


@pytest.mark.parametrize("returned", [False, True])
def test_a_return_on_the_next_day_is_worth_its_weight_to_what_was_clicked(returned: bool) -> None:
    here, page = world(), world().page()
    formula, model, found = here.formula, here.model(), Settling()
    visit = next(v for v in range(200) if any(e.kind is EventKind.CLICK for e in model.respond(page, v)))
    events = model.respond(page, visit)
    outcomes = outcomes_of(page, events)
    found.add(page, 0, outcomes, events, formula, here.catalog)
    assert formula.long_horizon is not None
    closes = page.context.now + formula.long_horizon
    if returned:
        found.visited(page.context.listener.id, 1, closes)
    found.visited("somebody else", 1, closes)
    found.visited(page.context.listener.id, 1, closes + timedelta(seconds=1))
    found.visited(page.context.listener.id, 2, closes)
    assert found.close(closes - timedelta(seconds=1)) == ()
    late = {example.slot: example.reward for example in found.close(closes)}
    early = {example.slot: example.reward for example in lessons(page, outcomes)}
    weight = formula.weights[EventKind.NEXT_DAY_RETURN] if returned else 0.0
    assert late.keys() == early.keys()
    for slot, outcome in enumerate(outcomes):
        if outcome.examined:
            final = min(early[slot] + weight * outcome.clicked, formula.clip[1])
            assert late[slot] == pytest.approx(second_reward(early[slot], final))
    assert found.close(closes + DAY) == ()


def outcomes_of(page: ComposedPage, events: tuple[RewardEvent, ...]) -> tuple[ShelfOutcome, ...]:
    types = [str(p.shelf.attributes["content_type"]) for p in page.placements]
    ids = [p.shelf.id for p in page.placements]
    return shelf_rewards(world().formula, page.context.now, ids, events, content_types=types)


def test_learners_hear_of_a_day_two_days_later() -> None:
    with_returns, without = heard(CONFIG), heard(replace(CONFIG, returns=False))
    # Every listener always comes, so that both simulations have the same first two days.
    assert [len(day) for day in with_returns[:2]] == [len(day) for day in without[:2]]
    assert all(len(late) > len(early) for late, early in zip(with_returns[2:], without[2:], strict=True))
