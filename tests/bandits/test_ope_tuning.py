"""Hyper-parameters chosen from the log."""

from __future__ import annotations

import numpy as np
import pytest

from bandits.ope.actions import ModelledRounds
from bandits.ope.doubly_robust import dr
from bandits.ope.estimators import Estimate, clip, mean_of
from bandits.ope.rounds import Rounds
from bandits.ope.tuning import least_error, limits, slope


def estimate_at(value: float, spread: float, m: int = 400) -> Estimate:
    """A mean of `value` whose standard error is about `spread` / 20."""
    noise = np.where(np.arange(m) % 2, 1.0, -1.0)
    return mean_of("made up", value + spread * noise, np.arange(m))


def test_slope_takes_the_narrowest_that_agrees_with_all_wider() -> None:
    ladder = {4.0: (0.5, 4.0), 3.0: (0.45, 2.0), 2.0: (0.5, 1.0), 1.0: (0.1, 0.2), 0.5: (0.5, 0.1)}
    chosen = slope(lambda x: estimate_at(*ladder[x]), list(ladder))
    assert chosen.parameter == 2.0
    assert chosen.estimate.value == pytest.approx(0.5)
    assert slope(lambda x: estimate_at(*ladder[x]), [0.5, 2.0, 4.0]).parameter == 0.5


def heavy_tailed(rng: np.random.Generator, m: int = 300) -> ModelledRounds:
    """Rounds of value 0.4 with weights up to 300, and a reward model that says 0.42."""
    rare = rng.uniform(0.001, 0.5, size=m)
    shown = rng.random(m) < rare
    rounds = Rounds(
        (rng.random(m) < 0.4).astype(np.float64),
        np.where(shown, rare, 1.0 - rare),
        np.where(shown, 0.3, 0.7),
    )
    return ModelledRounds(rounds, np.full(m, 0.42), np.full(m, 0.42))


def test_slope_lowers_the_error_of_heavy_weights() -> None:
    rng = np.random.default_rng(0)
    logs = [heavy_tailed(rng) for _ in range(200)]

    def tuned(log: ModelledRounds) -> float:
        return slope(lambda limit: dr(log, limit), limits(log.rounds.weights)).estimate.value

    ours = np.mean([(tuned(log) - 0.4) ** 2 for log in logs])
    assert ours < 0.8 * np.mean([(dr(log).value - 0.4) ** 2 for log in logs])


def test_least_error_keeps_the_weights_when_clipping_only_adds_bias() -> None:
    rounds = Rounds(np.tile([0.0, 1.0], 5000), np.full(10_000, 0.5), np.tile([0.2, 0.8], 5000))
    assert least_error(rounds, clip, [0.1, 1.0, 5.0]) == 5.0


def test_limits_reach_from_the_median_weight_to_no_limit() -> None:
    tried = limits(np.array([0.0, 1.0, 2.0, 30.0]), count=3)
    assert tried == pytest.approx((2.0, np.sqrt(60.0), 30.0, np.inf))
    assert limits(np.zeros(3)) == (np.inf,)


def test_there_must_be_something_to_choose_from() -> None:
    with pytest.raises(ValueError, match="none to choose from"):
        slope(lambda x: estimate_at(x, 1.0), [])
    with pytest.raises(ValueError, match="none to choose from"):
        least_error(Rounds(np.ones(2), np.ones(2), np.ones(2)), clip, [])
