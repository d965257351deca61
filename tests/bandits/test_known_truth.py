"""Every learner on a small problem whose truth is known, learning from its own choices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bandits.policies import POLICIES, build
from bandits.policies.dense import design
from bandits.types import Example
from tests.bandits.builders import EVENING, MORNING, action

SHELVES = [action("news"), action("music"), action("drama"), action("talk")]
CLICK_RATE = {"morning": np.array([0.8, 0.3, 0.1, 0.2]), "evening": np.array([0.1, 0.3, 0.8, 0.2])}
ROUNDS = 800
UNIFORM_REGRET = 0.45
"""Per round: 0.8 for the best shelf, less the mean of 0.35."""

LEARNERS: list[tuple[str, Mapping[str, Any]]] = [
    ("vw", {}),
    ("vw_epsilon", {}),
    ("vw_bag", {}),
    ("vw_cover", {}),
    ("vw_squarecb", {"gamma_scale": 20.0}),
    ("vw_regcb", {"mellowness": 0.01}),
    ("vw_ccb", {}),
    ("linucb", {"dimension": 64}),
    ("lints", {"dimension": 64}),
]


def regrets(name: str, options: Mapping[str, Any], rounds: int = ROUNDS) -> NDArray[np.float64]:
    """Expected regret (rounds,) of the policy's own pmf, while a tenth of what is shown is uniform."""
    rng, policy, found = np.random.default_rng(5), build(name, options), []
    for t in range(rounds):
        context = (MORNING, EVENING)[t % 2]
        rates = CLICK_RATE[str(context["context"]["hour"])]
        own = policy.score(context, SHELVES, 1).pmf.reshape(-1)
        drawn = 0.9 * own + 0.1 / len(SHELVES)
        shown = int(rng.choice(len(SHELVES), p=drawn))
        reward = float(rng.random() < rates[shown])
        policy.learn([Example(context, SHELVES[shown], 0, reward, float(drawn[shown]))])
        found.append(rates.max() - own @ rates)
    return np.array(found)


def test_every_learner_is_tried() -> None:
    blind = {"uniform", "fixed", "epsilon_greedy"}
    assert {name for name, _ in LEARNERS} | blind == set(POLICIES)


@pytest.mark.parametrize(("name", "options"), LEARNERS)
def test_learners_choose_far_better_than_uniform(name: str, options: Mapping[str, Any]) -> None:
    # The best policy that is blind to the hour has regret 0.35; only one that learns from it gets lower.
    assert regrets(name, options)[ROUNDS // 2 :].mean() < 0.5 * UNIFORM_REGRET


@pytest.mark.parametrize("name", ["linucb", "lints"])
def test_regret_of_linear_references_grows_slower_than_rounds(name: str) -> None:
    found = regrets(name, {"dimension": 64})
    # Regret of order sqrt(T) would leave the last quarter with (1 − sqrt(3/4)) = 0.134 of the whole; linear
    # regret with 0.25.
    assert found[-ROUNDS // 4 :].sum() < 0.134 * found.sum()


def test_without_context_the_best_that_can_be_had_is_the_best_constant() -> None:
    found = regrets("epsilon_greedy", {"epsilon": 0.0})
    # News and drama are worth 0.45 over both hours: a regret of 0.35, which no policy without context beats.
    assert found[ROUNDS // 2 :].mean() == pytest.approx(0.35, abs=0.03)


def test_regcb_rules_out_shelves() -> None:
    policy = build("vw_regcb", {"mellowness": 0.01})
    rng = np.random.default_rng(2)
    for _ in range(1500):
        shown = int(rng.integers(4))
        reward = float(rng.random() < CLICK_RATE["morning"][shown])
        policy.learn([Example(MORNING, SHELVES[shown], 0, reward, 0.25)])
    pmf = policy.score(MORNING, SHELVES, 1).pmf
    assert pmf[0] > 0.0
    assert pmf[2] == 0.0


def test_thompson_sampling_prefers_what_it_believes_in_and_says_so_twice() -> None:
    policy = build("lints", {"dimension": 64})
    policy.learn([Example(MORNING, SHELVES[0], 0, 1.0, 1.0), Example(MORNING, SHELVES[1], 0, 0.0, 1.0)] * 50)
    first, second = (policy.score(MORNING, SHELVES, 6) for _ in range(2))
    assert first.pmf[0].argmax() == 0
    np.testing.assert_array_equal(first.pmf, second.pmf)
    np.testing.assert_allclose(first.pmf[:4].sum(axis=0), 1.0)


def test_linear_beliefs_are_those_of_ridge_regression() -> None:
    rng, policy = np.random.default_rng(1), build("linucb", {"dimension": 64, "ridge": 2.0})
    lessons = [
        Example((MORNING, EVENING)[i % 2], SHELVES[int(rng.integers(4))], 0, float(rng.normal()), 1.0)
        for i in range(60)
    ]
    policy.learn(lessons)
    x = np.vstack([design(lesson.context, [lesson.action], 64) for lesson in lessons])
    r = np.array([lesson.reward for lesson in lessons])
    theta = np.linalg.solve(2.0 * np.eye(64) + x.T @ x, x.T @ r)
    expected = design(EVENING, SHELVES, 64) @ theta
    np.testing.assert_allclose(policy.score(EVENING, SHELVES, 1).values, expected, atol=1e-9)
