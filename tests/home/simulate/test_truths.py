"""Lessons of the truth: what feedback teaches on average, about options that nobody was shown too."""

from __future__ import annotations

import numpy as np
import pytest

from bandits.rewards import shelf_rewards
from home.compose import ComposedPage
from home.simulate.best import meet_options
from home.simulate.listener import ListenerModel
from home.simulate.memory import Memory
from home.simulate.participants import Participant
from home.simulate.run import SimulationConfig, simulate
from home.simulate.truths import true_lessons
from tests.home.simulate.test_run import Recorder
from tests.home.simulate.world import world

VISITS = 4000


def composed() -> tuple[ListenerModel, ComposedPage]:
    return world().model(seed=5), world().page()


def test_the_truth_is_the_mean_of_what_feedback_teaches() -> None:
    model, page = composed()
    truth = model.truth(page.context)
    met = meet_options(model, world().tools, page, truth, Memory())
    on_page, first = model.meet_page(page, truth), page.placements[0].shelf.id
    found = [
        outcome.reward
        for visit in range(VISITS)
        for outcome in shelf_rewards(
            world().formula, page.context.now, [first], model.act(on_page, page, visit)
        )
        if outcome.examined
    ]
    # 4.5 standard errors: missed by luck once in 150,000 seeds.
    tolerance = 4.5 * float(np.std(found)) / len(found) ** 0.5
    assert np.mean(found) == pytest.approx(model.reward_if_seen(met)[page.draw.page[0]], abs=tolerance)


def test_lessons_are_of_options_drawn_from_all_and_weigh_the_same() -> None:
    model, page = composed()
    met = meet_options(model, world().tools, page, model.truth(page.context), Memory())
    everything = true_lessons(model, page, met, count=10_000, seed=3)
    some = true_lessons(model, page, met, count=7, seed=3)
    assert sorted(lesson.reward for lesson in everything) == sorted(model.reward_if_seen(met).tolist())
    assert some == everything[:7]
    assert {lesson.probability for lesson in everything} == {1.0}
    assert {lesson.slot for lesson in everything} == set(range(min(len(everything), len(page.grid.slots))))


def test_a_simulation_teaches_so_many_of_them_for_each_visit() -> None:
    here, recorder = world(), Recorder()
    policies = {"recorder": Participant(lambda: recorder, learns=True)}
    config = SimulationConfig(visits=6, batch=3, seed=2, regret=False, truths=4)
    simulate(here.contexts, here.tools, policies, here.parameters, here.formula, config)
    assert len(recorder.lessons) == 6 * 4
