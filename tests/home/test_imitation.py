"""An apprentice learns to make the baseline's pages, and by their rewards only once it serves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from bandits.policies import VwPolicy
from home.bootstrap import open_home, open_learner
from home.imitation import imitation_of
from home.modes import Baseline, Mode
from home.records import DecisionRecord
from home.service import Home
from home.settings import Settings
from tests.clock import Clock
from tests.home.loop import make_record


def test_a_demonstration_shows_every_option_with_its_value() -> None:
    record = _of_the_baseline()
    examples = imitation_of(record)
    assert [example.reward for example in examples] == record.values.tolist()
    assert [example.action for example in examples] == [option.features for option in record.options]
    assert {example.probability for example in examples} == {1.0}


@pytest.mark.slow
def test_a_model_that_imitates_comes_to_agree_with_the_baseline(demo_settings: Settings) -> None:
    """From knowing little, on listeners it has not learned from: to more than four shelves of five.

    Half of those pages teach it to 0.78, all of them to 0.91, and four times as many to 0.96.
    """
    settings = demo_settings.model_copy(
        update={
            "mode": Mode.APPRENTICE,
            "apprentice_bar": 0.9999,
            "apprentice_pages": 30,
            "layout_deadline_ms": 10_000.0,
        }
    )
    home = open_home(settings, background=False)
    clock = Clock(home.clock())
    before = _match_rate(home, range(270, 300))
    for surface in range(2):
        _serve(home, range(270), surface)
        clock.now += timedelta(days=3)
        report = open_learner(settings, home.engine, clock).catch_up()
        assert report.decisions >= 270
        assert report.skipped == 0
        home.models.refresh()
    after = _match_rate(home, range(270, 300))
    home.close()
    assert after > max(before, 0.8)


@pytest.mark.parametrize("mode", [Mode.ONLINE, Mode.APPRENTICE])
def test_only_an_apprentice_learns_values_that_nobody_rewarded(demo_settings: Settings, mode: Mode) -> None:
    """Online, pages of the baseline without an impression teach nothing."""
    apprentice = demo_settings.model_copy(update={"mode": Mode.APPRENTICE, "layout_deadline_ms": 10_000.0})
    home = open_home(apprentice, background=False)
    clock = Clock(home.clock() + timedelta(days=3))
    _serve(home, range(2))
    learner = open_learner(demo_settings.model_copy(update={"mode": mode}), home.engine, clock)
    report = learner.catch_up()
    home.close()
    assert (report.examples > 0) == (mode is Mode.APPRENTICE)


def test_a_linear_model_can_learn_the_order_of_sources() -> None:
    record = _of_the_baseline()
    features = [option.features for option in record.options]
    policy = VwPolicy()
    policy.learn(list(imitation_of(record)) * 200)
    learned = policy.score(record.context, features, 1).values
    assert np.argsort(learned).tolist() == np.argsort(record.values).tolist()


def _of_the_baseline() -> DecisionRecord:
    record = make_record("d0", policy_version=0)
    features = [option.features for option in record.options]
    return replace(record, values=Baseline().score(record.context, features, 1).values)


def _serve(home: Home, people: range, surface: int = 0) -> None:
    listeners = home.listeners(limit=people.stop)
    for i in people:
        home.compose(listeners[i].id, ("phone", "desktop", "tv")[(i + surface) % 3], seed=i)


def _match_rate(home: Home, people: range) -> float:
    _serve(home, people)
    home.shadow.drain()
    return home.apprenticeship.match_rate
