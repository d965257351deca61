"""Confidence sequences cover at all times at once, on a known truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from bandits.ope.actions import ModelledRounds
from bandits.ope.doubly_robust import dr
from bandits.ope.estimators import ips, snips
from bandits.ope.intervals import normal
from bandits.ope.rounds import Rounds
from bandits.ope.sequences import ConfidenceSequence, bounded_ips_sequence, ips_sequence, mean_sequence
from tests.bandits.test_ope import LOGGING, RATES, TARGET, TRUTH, WEIGHT_BOUND, log_of

LOGS, M = 200, 400
TIMES = np.arange(40, M + 1, 40)

SEQUENCES: list[Callable[[Rounds], ConfidenceSequence]] = [
    lambda rounds: ips_sequence(rounds, times=TIMES),
    lambda rounds: bounded_ips_sequence(rounds, WEIGHT_BOUND, times=TIMES),
]


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_they_cover_at_all_times_at_once(sequence: Callable[[Rounds], ConfidenceSequence]) -> None:
    """At most 5 % of logs ever exclude the truth. 200 logs: four standard errors of 0.0154."""
    rng = np.random.default_rng(1)
    wrong = sum(sequence(log_of(M, rng)).excludes(TRUTH) for _ in range(LOGS))
    assert wrong / LOGS <= 0.05 + 0.062


EARLIER = np.clip(RATES + np.tile([0.1, -0.1], 5), 0.0, 1.0)
"""Predicted click rates of the ten actions, by a model of earlier days: wrong, but not far off."""


def doubly_robust(rounds: Rounds) -> ConfidenceSequence:
    """For DR with a model that has seen no round of this log; its terms are bounded by the largest weight."""
    action = np.searchsorted(-LOGGING, -rounds.propensity)
    expected = float(TARGET @ EARLIER)
    estimate = dr(ModelledRounds(rounds, EARLIER[action], np.full(len(rounds), expected)))
    least = expected - WEIGHT_BOUND * float(EARLIER.max())
    most = expected + WEIGHT_BOUND * float(1.0 - EARLIER.min())
    return mean_sequence(estimate, (least, most), times=TIMES)


def test_doubly_robust_ones_cover_too_and_are_narrower() -> None:
    rng, wrong, ratios = np.random.default_rng(8), 0, []
    for _ in range(LOGS):
        rounds = log_of(M, rng)
        found, plain = doubly_robust(rounds), bounded_ips_sequence(rounds, WEIGHT_BOUND, times=TIMES)
        wrong += found.excludes(TRUTH)
        ratios.append((found.high[-1] - found.low[-1]) / (plain.high[-1] - plain.low[-1]))
    assert wrong / LOGS <= 0.05 + 0.062
    assert np.mean(ratios) < 1.0


def test_looking_again_and_again_at_fixed_size_intervals_does_not() -> None:
    rng, wrong = np.random.default_rng(1), 0
    for _ in range(LOGS):
        rounds = log_of(M, rng)
        wrong += any(normal(ips(first(rounds, t))).excludes(TRUTH) for t in range(20, M + 1, 20))
    assert wrong / LOGS > 0.15


def first(rounds: Rounds, t: int) -> Rounds:
    return Rounds(rounds.reward[:t], rounds.propensity[:t], rounds.target[:t])


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_bounds_close_in_and_never_widen(sequence: Callable[[Rounds], ConfidenceSequence]) -> None:
    found = sequence(log_of(M, np.random.default_rng(2)))
    assert (np.diff(found.low) >= 0.0).all()
    assert (np.diff(found.high) <= 0.0).all()
    width = found.high - found.low
    assert 0.0 < width[-1] < 0.7 * width[0]
    last = found.last(TRUTH)
    assert (last.low, last.high, last.level) == (found.low[-1], found.high[-1], 0.95)


def test_width_falls_as_the_square_root_of_rounds_up_to_a_logarithm() -> None:
    rounds = log_of(20_000, np.random.default_rng(3))
    found = bounded_ips_sequence(rounds, WEIGHT_BOUND, times=np.array([1250, 20_000]))
    width = found.high - found.low
    # √16 = 4 for the rounds, and √(ln 20000 / ln 1250) = 1.18 against it.
    assert 4.0 / 1.5 < width[0] / width[1] < 4.0 * 1.2
    fixed = normal(ips(rounds))
    assert width[1] < 4.0 * (fixed.high - fixed.low)


def test_a_bound_depends_on_no_later_round() -> None:
    rounds = log_of(400, np.random.default_rng(4))
    changed = replace(rounds, reward=np.concatenate((rounds.reward[:200], 1.0 - rounds.reward[200:])))
    at = np.array([50, 100, 200, 400])
    before, after = (ips_sequence(each, times=at) for each in (rounds, changed))
    np.testing.assert_array_equal(before.low[:3], after.low[:3])
    np.testing.assert_array_equal(before.high[:3], after.high[:3])
    assert before.low[3] != after.low[3]


def test_other_units_of_reward_give_the_same_sequence_in_them() -> None:
    rounds = log_of(300, np.random.default_rng(5))
    scaled = replace(rounds, reward=5.0 * rounds.reward - 2.0)
    plain, other = ips_sequence(rounds), ips_sequence(scaled, (-2.0, 3.0))
    np.testing.assert_allclose(other.low, 5.0 * plain.low - 2.0)
    np.testing.assert_allclose(other.high, 5.0 * plain.high - 2.0)


def test_known_weight_bounds_help_where_rewards_are_rare() -> None:
    rng = np.random.default_rng(6)
    rounds = log_of(5000, rng)
    rare = replace(rounds, reward=rounds.reward * (rng.random(5000) < 0.05))
    bounded, free = bounded_ips_sequence(rare, WEIGHT_BOUND), ips_sequence(rare)
    assert bounded.high[-1] < free.high[-1]


def test_what_they_cannot_do_is_refused() -> None:
    rounds = log_of(40, np.random.default_rng(7))
    with pytest.raises(ValueError, match="snips is not a mean"):
        mean_sequence(snips(rounds), (0.0, 9.0))
    with pytest.raises(ValueError, match=r"terms: must lie in bounds = \[0, 0\.1\]"):
        mean_sequence(ips(rounds), (0.0, 0.1))
    with pytest.raises(ValueError, match="bounds = "):
        mean_sequence(ips(rounds), (0.0, np.inf))
    with pytest.raises(ValueError, match=r"reward: must lie in rewards = \[0, 0\.5\]"):
        ips_sequence(rounds, (0.0, 0.5))
    with pytest.raises(ValueError, match="rewards = "):
        ips_sequence(rounds, (1.0, 1.0))
    with pytest.raises(ValueError, match="40 rounds in 20 groups"):
        ips_sequence(replace(rounds, group=np.arange(40) // 2))
    with pytest.raises(ValueError, match="level = 95"):
        ips_sequence(rounds, level=95)
    for times in ([], [0, 3], [3, 3], [41]):
        with pytest.raises(ValueError, match="times = "):
            ips_sequence(rounds, times=np.array(times, dtype=np.int64))
