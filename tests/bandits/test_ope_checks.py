"""Tails of weights, and checks of propensities, on logs that are right and on logs that are wrong."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import genpareto

from bandits.ope.checks import balance, calibration, inverse_count, outside, overlap
from bandits.ope.diagnostics import Verdict, diagnose, verdict_on
from bandits.ope.rounds import Rounds
from bandits.ope.tails import pareto_shape
from tests.bandits.worlds import ACTIONS, make_world

WORLD = make_world(0)


@pytest.mark.parametrize("shape", [0.1, 0.5, 1.0])
def test_the_shape_of_a_pareto_tail_is_found(shape: float) -> None:
    found = [
        pareto_shape(genpareto(shape).rvs(20_000, random_state=np.random.default_rng(seed)))
        for seed in range(30)
    ]
    values = np.array(found, dtype=np.float64)
    # 424 weights in the tail: a standard error of (1 + k) / √424, and a prior worth 10 of them towards 1/2.
    expected = (424 * shape + 10 * 0.5) / 434
    assert values.mean() == pytest.approx(expected, abs=4.0 * (1.0 + shape) / np.sqrt(424 * 30))


def test_bounded_weights_have_light_tails_and_equal_ones_none() -> None:
    light = pareto_shape(np.random.default_rng(1).uniform(size=5000))
    assert light is not None
    assert light < 0.0
    assert pareto_shape(np.ones(5000)) is None
    assert pareto_shape(np.arange(50.0)) is None


def test_a_heavy_tail_is_thin_support() -> None:
    rng = np.random.default_rng(2)
    propensity = np.minimum(1.0, rng.pareto(1.1, size=20_000) ** -1.0)
    target = np.full(20_000, float(1.0 / (1.0 / propensity).mean()))
    diagnosis = diagnose(Rounds(np.ones(20_000), propensity, target))
    assert diagnosis.tail is not None
    assert diagnosis.tail > 0.7
    assert verdict_on(20_000, 20_000, 5000.0, 0.01, 0.9, 1.1, diagnosis.tail)[0] is Verdict.THIN_SUPPORT
    assert verdict_on(20_000, 20_000, 5000.0, 0.01, 0.9, 1.1, 0.3)[0] is Verdict.TRUST


def test_overlap_and_what_lies_outside() -> None:
    target, logging = (
        np.array([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]]),
        np.array([[0.0, 0.4, 0.6], [0.2, 0.3, 0.5]]),
    )
    assert overlap(target, logging) == pytest.approx([0.4, 1.0])
    assert outside(target, logging) == pytest.approx([0.5, 0.0])


def test_calibration_is_silent_on_right_propensities_and_loud_on_wrong_ones() -> None:
    rounds, logging, _ = WORLD.log(20_000, np.random.default_rng(3))
    right = calibration(logging, rounds.action)
    assert len(right) == 10
    assert sum(one.pairs for one in right) == 20_000 * ACTIONS
    assert max(abs(one.z) for one in right) < 4.0
    flattened = 0.7 * logging + 0.3 / ACTIONS
    wrong = calibration(flattened, rounds.action)
    assert max(abs(one.z) for one in wrong) > 10.0
    assert wrong[-1].frequency > wrong[-1].propensity
    (uniform,) = calibration(np.full((100, 4), 0.25), np.arange(100) % 4)
    assert (uniform.pairs, uniform.propensity, uniform.frequency, uniform.z) == (400, 0.25, 0.25, 0.0)


def test_inverse_propensities_count_actions() -> None:
    rounds, _, _ = WORLD.log(20_000, np.random.default_rng(4))
    available = np.full(20_000, float(ACTIONS))
    gap, z = inverse_count(rounds.propensity, available, rounds.group)
    assert abs(gap) < 0.3
    assert abs(z) < 4.0
    _, wrong = inverse_count(np.minimum(1.0, 1.3 * rounds.propensity), available, rounds.group)
    assert wrong < -10.0
    assert inverse_count(np.full(10, 0.5), np.full(10, 2.0), np.arange(10)) == (0.0, 0.0)


def test_balance_is_kept_by_right_weights_and_lost_by_wrong_ones() -> None:
    standard_errors = []
    for seed in range(200):
        rounds, _, _ = WORLD.log(500, np.random.default_rng(seed))
        standard_errors += [one.z for one in balance(rounds.rounds.weights, rounds.context, rounds.group)]
    # z of 600 features: standard normal, up to the correlation of three in a log.
    assert np.std(standard_errors) == pytest.approx(1.0, abs=0.15)
    assert abs(np.mean(standard_errors)) < 0.2
    rounds, _, _ = WORLD.log(20_000, np.random.default_rng(5))
    tilted = rounds.rounds.weights * np.exp(0.3 * rounds.context[:, 0])
    moved = balance(tilted, rounds.context, rounds.group)[0]
    assert moved.difference > 0.1
    assert moved.z > 10.0
    (still,) = balance(rounds.rounds.weights, np.ones((20_000, 1)), rounds.group)
    assert (still.difference, still.z) == (0.0, 0.0)


def test_a_few_listeners_who_hold_nearly_all_rounds_are_few_independent_groups() -> None:
    """103 groups, of which three hold 97 % of the weight, tell no more of how groups differ than three."""
    group = np.concatenate((np.repeat(np.arange(3), 1000), np.arange(3, 103)))
    half = np.full(len(group), 0.5)
    assert diagnose(Rounds(half, half, half)).verdict is Verdict.TRUST
    found = diagnose(Rounds(half, half, half, group))
    assert (found.verdict, found.groups) == (Verdict.THIN_SUPPORT, 103)
    assert found.reason.startswith("worth only 3 independent groups")
    assert diagnose(Rounds(half, half, half, 0 * group)).verdict is Verdict.DO_NOT_TRUST
