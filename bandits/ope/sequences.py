"""Confidence sequences: intervals that may be looked at as often as one likes, and acted on at any moment.

An interval of fixed size covers at one sample size chosen in advance; who looks every day and stops when it
looks good, is wrong far more often than it says. A confidence sequence covers at all sizes at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from bandits.ope.estimators import Estimate, ips
from bandits.ope.intervals import Bounds, Interval, weighted_terms
from bandits.ope.rounds import Column, Groups, Rounds, check_rows

_LARGEST_BET = 0.5
"""Share of the wealth that one round can lose at most."""

_PRIOR_VARIANCE = 0.25
"""Of the first bet, in squared units of a reward scaled to [0, 1]."""

_LOOKS = 60
_HALVINGS = 40


@dataclass(frozen=True, slots=True, eq=False)
class ConfidenceSequence:
    """Bounds `low`, `high` (T,) after the first `times` (T,) rounds, in units of reward.

    With probability `level` the value lies between all of them at once, at every size of the log and not
    only at `times`. Bounds never widen: each is the tightest so far.
    """

    times: NDArray[np.int64]
    low: Column
    high: Column
    level: float

    def excludes(self, truth: float) -> bool:
        """Whether `truth` lies outside at any time."""
        return bool(((truth < self.low) | (truth > self.high)).any())

    def last(self, value: float) -> Interval:
        """The interval around the estimate `value` after the last round."""
        return Interval(value, float(self.low[-1]), float(self.high[-1]), self.level, "confidence sequence")


def ips_sequence(
    rounds: Rounds,
    rewards: Bounds = (0.0, 1.0),
    level: float = 0.95,
    times: NDArray[np.int64] | None = None,
) -> ConfidenceSequence:
    """For the value by IPS, with no bound on weights: rounds in the order in which they were logged.

    With r scaled to [0, 1], w r ≥ 0 has mean V and bounds V from below; w (1 − r) ≥ 0 has mean 1 − V and
    bounds it from above. Each is a bet against too low a mean, see `mean_sequence`, at half of 1 − `level`.

    Source: Waudby-Smith, Wu, Ramdas, Karampatziakis and Mineiro, "Anytime-valid off-policy inference for
    contextual bandits", 2022 (arXiv 2210.10768); Karampatziakis, Mineiro and Ramdas, "Off-policy
    Confidence Sequences", ICML 2021. Assumes exact propensities, which may have been learned from earlier
    rounds, full support, a range of `rewards` known before looking, and that every round has the same mean
    given all before it. Fails where the world or the listeners drift, and is wide from above where weights
    vary much and rewards are rare. `times` are the sizes at which bounds are wanted; about sixty, spread
    evenly in ratio, by default. Raises ValueError for dependent rounds, rewards outside their range, or times
    that do not rise.
    """
    low, high = rewards
    if not low < high:
        raise ValueError(f"rewards = {rewards}: give the lowest and the highest reward that can occur")
    within = (rounds.reward >= low) & (rounds.reward <= high)
    check_rows("reward", rounds.reward, within, f"must lie in rewards = [{low:g}, {high:g}]")
    scaled, weights = (rounds.reward - low) / (high - low), rounds.weights
    at = _looks(rounds.group, times)
    below = _lower(weights * scaled, at, _one_sided(level))
    above = 1.0 - _lower(weights * (1.0 - scaled), at, _one_sided(level))
    return ConfidenceSequence(at, low + (high - low) * below, low + (high - low) * above, level)


def bounded_ips_sequence(
    rounds: Rounds,
    weight_bound: float,
    rewards: Bounds = (0.0, 1.0),
    level: float = 0.95,
    times: NDArray[np.int64] | None = None,
) -> ConfidenceSequence:
    """For the value by IPS where weights are known to be at most `weight_bound`, as a floor ensures.

    Source, assumptions and errors: `mean_sequence`. Tighter from above than `ips_sequence` where rewards are
    rare and the bound is not far above the weights that occur.
    """
    return mean_sequence(ips(rounds), weighted_terms(weight_bound, rewards), level, times)


def mean_sequence(
    estimate: Estimate,
    bounds: Bounds,
    level: float = 0.95,
    times: NDArray[np.int64] | None = None,
) -> ConfidenceSequence:
    """For any estimate that is a mean over rounds, such as DR, cascade-DR or the pseudo-inverse.

    Numbers X ≥ 0 with mean V: wealth Π_i (1 + λ_i (X_i − v)) is a martingale at v = V for bets λ_i chosen
    before X_i, so it exceeds 1/α at any time with probability at most α (Ville), and every v at which it does
    is ruled out. λ_i = √(2 ln(1/α) / (σ̂²_{i−1} i ln(1 + i))), and at most half of the wealth is at stake.

    Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 2024,
    with its predictable plug-in bets; for doubly robust terms see the first source of `ips_sequence`. Assumes
    that each round's term has the same mean given all rounds before it, so that predictions of a reward model
    may use earlier rounds only, not those of a cross-fit; and `bounds` on the terms that are known before
    looking. Fails where these do not hold. Raises ValueError for a ratio estimate, dependent rounds, terms
    outside of the bounds, or times that do not rise.
    """
    if not estimate.is_mean:
        raise ValueError(f"{estimate.estimator} is not a mean over rounds: use normal or bootstrap")
    least, most = bounds
    if not (np.isfinite(bounds).all() and least < most):
        raise ValueError(f"bounds = {bounds}: give the lowest and the highest term that can occur")
    x = estimate.numerator
    check_rows("terms", x, (x >= least) & (x <= most), f"must lie in bounds = [{least:g}, {most:g}]")
    at = _looks(estimate.group, times)
    low = least + _lower(x - least, at, _one_sided(level))
    return ConfidenceSequence(at, low, most - _lower(most - x, at, _one_sided(level)), level)


def _one_sided(level: float) -> float:
    if not 0.0 < level < 1.0:
        raise ValueError(f"level = {level}: must lie between 0 and 1")
    return (1.0 - level) / 2.0


def _looks(group: Groups, times: NDArray[np.int64] | None) -> NDArray[np.int64]:
    m = len(group)
    if len(np.unique(group)) < m:
        raise ValueError(f"{m} rounds in {len(np.unique(group))} groups: rounds must be independent")
    if times is None:
        return np.unique(np.geomspace(1, m, _LOOKS).round().astype(np.int64))
    if not (len(times) and times[0] >= 1 and times[-1] <= m and (np.diff(times) > 0).all()):
        raise ValueError(f"times = {times}: give rising numbers of rounds, from 1 to {m}")
    return times


def _lower(x: Column, times: NDArray[np.int64], alpha: float) -> Column:
    """The lower sequence (T,) for the mean of x ≥ 0: the tightest bound so far."""
    bets, enough, best = _bets(x, alpha), log(1.0 / alpha), 0.0
    bounds = np.empty(len(times))
    for index, t in enumerate(times):
        best = bounds[index] = _ruled_out(x[:t], bets[:t], enough, best)
    return bounds


def _bets(x: Column, alpha: float) -> Column:
    """λ (m,), each from the rounds before it."""
    rounds = np.arange(1, len(x) + 1)
    mean = np.cumsum(x) / rounds
    before = np.concatenate(([0.0], mean[:-1]))
    squares = np.cumsum((x - mean) * (x - before))
    variance = (_PRIOR_VARIANCE + np.concatenate(([0.0], squares[:-1]))) / rounds
    bets: Column = np.sqrt(2.0 * log(1.0 / alpha) / (variance * rounds * np.log1p(rounds)))
    return bets


def _ruled_out(x: Column, bets: Column, enough: float, best: float) -> float:
    """The largest v at which the wealth reaches `enough` (a logarithm), no less than `best`."""
    if _wealth(x, bets, best) < enough:
        return best
    low, high = best, float(x.max())
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _wealth(x, bets, middle) >= enough else (low, middle)
    return low


def _wealth(x: Column, bets: Column, v: float) -> float:
    """log Π (1 + λ (x − v)), falling in v."""
    stakes = bets if v <= 0.0 else np.minimum(bets, _LARGEST_BET / v)
    return float(np.log1p(stakes * (x - v)).sum())
