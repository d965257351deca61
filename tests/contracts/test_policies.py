"""What every registered policy must do. A policy that is registered without being listed here fails."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from bandits.policies import POLICIES, build
from bandits.policy import Policy
from bandits.types import Example, Features
from tests.bandits.builders import EVENING, MORNING, actions

TESTED: list[tuple[str, Mapping[str, Any]]] = [
    ("uniform", {}),
    ("fixed", {}),
    ("fixed", {"by": "taste"}),
    ("vw", {}),
    ("vw", {"position": True}),
    ("vw", {"interactions": ["context*shelf"], "sharpness": 40.0, "decay": 0.0}),
    ("vw_epsilon", {}),
    ("vw_epsilon", {"position": True}),
    ("vw_bag", {}),
    ("vw_cover", {}),
    ("vw_squarecb", {}),
    ("vw_regcb", {}),
    ("vw_ccb", {}),
    ("vw_ccb", {"position": True}),
    ("linucb", {"dimension": 64}),
    ("lints", {"dimension": 64}),
    ("epsilon_greedy", {}),
    ("epsilon_greedy", {"by": ["family", "content_type"], "epsilon": 0.0}),
]


def examples() -> list[Example]:
    rng = np.random.default_rng(3)
    shelves = actions(6)
    return [
        Example(
            context=(MORNING, EVENING)[i % 2],
            action=shelves[int(rng.integers(6))],
            slot=int(rng.integers(12)),
            reward=float(rng.random() < 0.4),
            probability=float(rng.uniform(0.01, 1.0)),
        )
        for i in range(300)
    ]


@pytest.fixture(params=TESTED, ids=lambda case: f"{case[0]} {dict(case[1])}")
def case(request: pytest.FixtureRequest) -> tuple[str, Mapping[str, Any]]:
    chosen: tuple[str, Mapping[str, Any]] = request.param
    return chosen


@pytest.fixture(params=[False, True], ids=["fresh", "trained"])
def policy(case: tuple[str, Mapping[str, Any]], request: pytest.FixtureRequest) -> Policy:
    policy = build(*case)
    if request.param:
        policy.learn(examples())
    return policy


def test_every_registered_policy_is_tested() -> None:
    assert {name for name, _ in TESTED} == set(POLICIES)


def test_is_a_policy_under_its_registered_name(policy: Policy, case: tuple[str, Mapping[str, Any]]) -> None:
    assert isinstance(policy, Policy)
    assert policy.name == case[0]
    assert policy.describe().startswith(case[0])


@pytest.mark.parametrize(("n", "slots"), [(1, 1), (3, 5), (60, 12)])
def test_scores_are_finite_and_the_pmf_sums_to_one(policy: Policy, n: int, slots: int) -> None:
    scores = policy.score(MORNING, actions(n), slots)

    assert scores.values.shape in {(n,), (n, slots)}
    assert scores.pmf.shape in {(n,), (slots, n)}
    assert np.isfinite(scores.values).all()
    assert (scores.pmf >= 0.0).all()
    np.testing.assert_allclose(scores.pmf.sum(axis=-1), 1.0, atol=1e-12)


def test_scoring_changes_nothing(policy: Policy) -> None:
    shelves, context = actions(8), copy.deepcopy(dict(MORNING))
    first = policy.score(context, shelves, 4)
    policy.score(EVENING, shelves[:3], 2)
    second = policy.score(context, shelves, 4)

    np.testing.assert_array_equal(first.values, second.values)
    np.testing.assert_array_equal(first.pmf, second.pmf)
    assert context == MORNING
    assert shelves == actions(8)


def test_scoring_between_examples_does_not_change_what_is_learned(
    case: tuple[str, Mapping[str, Any]],
) -> None:
    quiet, busy = build(*case), build(*case)
    for one in examples()[:100]:
        quiet.learn([one])
        busy.learn([one])
        busy.score(MORNING, actions(5), 3)
    ours, theirs = quiet.score(EVENING, actions(9), 3), busy.score(EVENING, actions(9), 3)
    np.testing.assert_array_equal(ours.values, theirs.values)
    np.testing.assert_array_equal(ours.pmf, theirs.pmf)


RANKS_BY_ORDER: tuple[str, Mapping[str, Any]] = ("fixed", {})


@pytest.mark.parametrize(("name", "options"), [case for case in TESTED if case != RANKS_BY_ORDER])
def test_the_order_of_shelves_does_not_change_values(name: str, options: Mapping[str, Any]) -> None:
    policy = build(name, options)
    policy.learn(examples())
    shelves = actions(9)
    forward = policy.score(MORNING, shelves, 3).values
    backward = policy.score(MORNING, shelves[::-1], 3).values
    np.testing.assert_allclose(forward, backward[::-1], atol=1e-5)


def test_snapshot_round_trip_scores_the_same(policy: Policy, case: tuple[str, Mapping[str, Any]]) -> None:
    name, options = case
    again = build(name, options, policy.snapshot())
    for context in (MORNING, EVENING):
        ours, theirs = policy.score(context, actions(20), 6), again.score(context, actions(20), 6)
        np.testing.assert_array_equal(ours.values, theirs.values)
        np.testing.assert_array_equal(ours.pmf, theirs.pmf)


def test_learning_goes_on_after_a_snapshot_as_if_nothing_happened(
    policy: Policy, case: tuple[str, Mapping[str, Any]]
) -> None:
    name, options = case
    again = build(name, options, policy.snapshot())
    for learner in (policy, again):
        learner.learn(examples()[:50])
    ours, theirs = policy.score(MORNING, actions(20), 6), again.score(MORNING, actions(20), 6)
    np.testing.assert_array_equal(ours.values, theirs.values)
    np.testing.assert_array_equal(ours.pmf, theirs.pmf)


def test_learn_returns_how_many_it_learned_from(policy: Policy) -> None:
    learned = policy.learn(iter(examples()[:7]))
    assert learned == (0 if policy.name in {"uniform", "fixed"} else 7)
    assert policy.learn([]) == 0


def test_nothing_to_score_is_an_error(policy: Policy) -> None:
    with pytest.raises(ValueError, match="actions is empty"):
        policy.score(MORNING, [], 3)
    with pytest.raises(ValueError, match="slots = 0"):
        policy.score(MORNING, actions(2), 0)


def test_foreign_snapshots_are_refused(case: tuple[str, Mapping[str, Any]]) -> None:
    name, options = case
    foreign = build("fixed" if name != "fixed" else "uniform").snapshot()
    with pytest.raises(ValueError, match="snapshot has policy"):
        build(name, options, foreign)
    with pytest.raises(ValueError, match="not a policy snapshot"):
        build(name, options, b"\x00\x01")


def test_unknown_names_and_options_are_refused() -> None:
    with pytest.raises(ValueError, match="use one of uniform, fixed, epsilon_greedy, vw"):
        build("oracle")
    with pytest.raises(ValueError, match="option 'rate' is not known"):
        build("vw", {"rate": 1})
    with pytest.raises(ValueError, match=r"options of vw: .*; give each the type of its default"):
        build("vw", {"bits": "many"})


def test_shelves_without_numbers_can_be_scored(policy: Policy) -> None:
    bare: Features = {"shelf": {"source": "editorial"}}
    scores = policy.score({"context": {"surface": "tv"}}, [bare, *actions(2)], 2)
    assert np.isfinite(scores.values).all()
