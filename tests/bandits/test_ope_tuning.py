"""Hyper-parameters chosen from the log."""

from __future__ import annotations

import numpy as np
import pytest

from bandits.ope.actions import ModelledRounds
from bandits.ope.doubly_robust import dr, switch_dr
from bandits.ope.estimators import Estimate, clip, mean_of
from bandits.ope.reward_models import RidgeReward, cross_fit
from bandits.ope.rounds import Rounds
from bandits.ope.tuning import least_error, limits, slope
from tests.bandits.worlds import make_world


def estimate_at(value: float, spread: float, m: int = 400) -> Estimate:
    """A mean of `value` whose standard error is about `spread` / 20."""
    noise = np.where(np.arange(m) % 2, 1.0, -1.0)
    return mean_of("made up", value + spread * noise, np.arange(m))


def test_slope_takes_the_narrowest_that_agrees_with_all_wider() -> None:
    ladder = {4.0: (0.5, 4.0), 3.0: (0.45, 2.0), 2.0: (0.5, 1.0), 1.0: (0.1, 0.2), 0.5: (0.5, 0.1)}
    for paired in (False, True):
        chosen = slope(lambda x: estimate_at(*ladder[x]), list(ladder), paired=paired)
        assert chosen.parameter == 2.0
        assert chosen.estimate.value == pytest.approx(0.5)
        assert slope(lambda x: estimate_at(*ladder[x]), [0.5, 2.0, 4.0], paired=paired).parameter == 0.5


def test_pairing_tells_smaller_differences() -> None:
    # Standard errors of 0.05 and 0.045, but of 0.005 for the difference: these move together.
    ladder = {2.0: (0.5, 1.0), 1.0: (0.45, 0.9)}
    assert slope(lambda x: estimate_at(*ladder[x]), list(ladder), paired=False).parameter == 1.0
    assert slope(lambda x: estimate_at(*ladder[x]), list(ladder), paired=True).parameter == 2.0


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


@pytest.mark.parametrize("paired", [False, True])
def test_slope_lowers_the_error_of_heavy_weights(paired: bool) -> None:
    rng = np.random.default_rng(0)
    logs = [heavy_tailed(rng) for _ in range(150)]

    def tuned(log: ModelledRounds) -> float:
        limit = slope(lambda x: dr(log, x), limits(log.rounds.weights), paired=paired)
        return limit.estimate.value

    ours = np.mean([(tuned(log) - 0.4) ** 2 for log in logs])
    assert ours < 0.8 * np.mean([(dr(log).value - 0.4) ** 2 for log in logs])


def test_paired_slope_keeps_near_dr_where_the_model_is_wrong() -> None:
    world, errors = make_world(0), []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        rounds, _, _ = world.log(1000, rng)
        log = rounds.modelled(cross_fit(rounds, RidgeReward, rng, 2))
        tuned = slope(lambda x, log=log: switch_dr(log, x), limits(log.rounds.weights, 8))  # type: ignore[misc]
        errors.append((tuned.estimate.value - world.truth, dr(log).value - world.truth))
    ours, unswitched = np.sqrt(np.mean(np.square(errors), axis=0))
    assert ours < 1.3 * unswitched


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
    with pytest.raises(ValueError, match="at least two independent groups"):
        slope(lambda _: mean_of("one", np.ones(2), np.zeros(2, dtype=np.int64)), [1.0])
    with pytest.raises(ValueError, match="none to choose from"):
        least_error(Rounds(np.ones(2), np.ones(2), np.ones(2)), clip, [])
