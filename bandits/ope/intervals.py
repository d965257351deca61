"""Confidence intervals for estimates.

Rounds of one group are dependent and are kept together: the normal interval and the bootstrap treat groups,
not rounds, as the independent draws. Both take an estimate, or its sums collected over a stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from bandits.ope.estimators import Estimate
from bandits.ope.rounds import Column
from bandits.ope.sums import Sums

_CHUNK = 1_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A two-sided interval [low, high] around `value` that covers the truth with probability `level`."""

    value: float
    low: float
    high: float
    level: float
    method: str

    def excludes(self, truth: float) -> bool:
        """Whether `truth` lies outside the interval."""
        return not self.low <= truth <= self.high


def normal(estimate: Estimate | Sums, level: float = 0.95) -> Interval:
    """Value ± z·SE, with the delta-method standard error of a ratio, robust to dependence within groups.

    Source: Owen, "Monte Carlo theory, methods and examples", chapter 9 (importance sampling). Assumes many
    independent groups and no weight that dominates; it covers too little on heavy-tailed weights. Needs two
    groups, else ValueError.
    """
    _check_level(level)
    reach = NormalDist().inv_cdf(0.5 + level / 2.0) * standard_error(estimate)
    return Interval(estimate.value, estimate.value - reach, estimate.value + reach, level, "normal")


def bootstrap(
    estimate: Estimate | Sums, rng: np.random.Generator, level: float = 0.95, replicates: int = 2000
) -> Interval:
    """Percentile bootstrap over groups; each replicate recomputes both sums of the ratio.

    Source: Efron and Tibshirani, "An Introduction to the Bootstrap", chapter 13. Assumes many independent
    groups; like every resampling it cannot know of weights it has never seen. More groups than there are
    buckets in `sums` are bucketed first. Replicates in which no weight was drawn have no ratio and are left
    out. Needs two groups and 100 replicates, else ValueError.
    """
    _check_level(level)
    if replicates < 100:
        raise ValueError(f"replicates = {replicates}: percentiles need at least 100")
    sums = _sums(estimate)
    values = np.concatenate(list(_resampled(sums, rng, replicates)))
    low, high = np.quantile(values, [0.5 - level / 2.0, 0.5 + level / 2.0])
    return Interval(estimate.value, float(low), float(high), level, "bootstrap")


def standard_error(estimate: Estimate | Sums) -> float:
    """The delta-method standard error, robust to dependence within groups. Needs two, else ValueError."""
    sums = _sums(estimate)
    groups, residuals = len(sums.numerator), sums.residuals
    return sqrt(groups / (groups - 1) * float(residuals @ residuals))


def empirical_bernstein(
    estimate: Estimate,
    weight_bound: float,
    rewards: tuple[float, float] = (0.0, 1.0),
    level: float = 0.95,
    predictions: tuple[float, float] = (0.0, 0.0),
) -> Interval:
    """A bound for estimators that are means over rounds; it holds at every sample size.

    With X a round's term, b the width of its range, and V its sample variance, with probability 1 − δ on
    either side |X̄ − E X| ≤ √(2 V ln(4/δ) / m) + 7 b ln(4/δ) / (3 (m − 1)). The terms of IPS are w r, and
    those of DR are q + w (r − q') with predictions q, q' of the reward model.

    Source: Maurer and Pontil, "Empirical Bernstein Bounds and Sample Variance Penalization", COLT 2009,
    theorem 4, on both sides. Assumes independent rounds, and a `weight_bound` and ranges of `rewards` and
    `predictions` known before looking: the logging policy's floor gives the first, the reward formula's clip
    the second, and clipping the reward model the third. For changed weights it bounds the expectation under
    them, whose bias it does not know. Raises ValueError for a ratio estimate, for groups of more than one
    round, and where a round breaks the stated bounds.
    """
    _check_level(level)
    if not estimate.is_mean:
        raise ValueError(f"{estimate.estimator} is not a mean over rounds: use normal or bootstrap")
    m = _check_groups(len(np.unique(estimate.group)))
    if m < len(estimate.numerator):
        raise ValueError(f"{len(estimate.numerator)} rounds in {m} groups: rounds must be independent")
    low = predictions[0] + weight_bound * min(0.0, rewards[0] - predictions[1])
    high = predictions[1] + weight_bound * max(0.0, rewards[1] - predictions[0])
    x = estimate.numerator
    if x.min() < low or x.max() > high:
        raise ValueError(
            f"terms span [{x.min():g}, {x.max():g}] but weight_bound, rewards and predictions allow"
            f" [{low:g}, {high:g}]: state the true bounds"
        )
    tail = log(4.0 / (1.0 - level))
    reach = sqrt(2.0 * float(x.var(ddof=1)) * tail / m) + 7.0 * (high - low) * tail / (3.0 * (m - 1))
    return Interval(
        estimate.value, estimate.value - reach, estimate.value + reach, level, "empirical bernstein"
    )


def _resampled(sums: Sums, rng: np.random.Generator, replicates: int) -> Iterator[Column]:
    groups = len(sums.numerator)
    per_chunk = max(1, _CHUNK // groups)
    for start in range(0, replicates, per_chunk):
        narrow = rng.integers(groups, size=(min(per_chunk, replicates - start), groups), dtype=np.int32)
        # numpy looks up wide indices three times as fast as narrow ones.
        drawn = narrow.astype(np.intp)
        below = _total(sums.denominator, drawn)
        values = _total(sums.numerator, drawn)[below > 0.0] / below[below > 0.0]
        if sums.baseline.any():
            values += (_total(sums.baseline, drawn) / _total(sums.rounds, drawn))[below > 0.0]
        yield values


def _total(column: Column, drawn: NDArray[np.intp]) -> Column:
    """The sum of a column over each replicate, which for a constant is known without drawing."""
    if (column == column[0]).all():
        return np.full(len(drawn), len(column) * column[0])
    return np.asarray(column[drawn].sum(axis=1), dtype=np.float64)


def _sums(estimate: Estimate | Sums) -> Sums:
    sums = estimate.occupied() if isinstance(estimate, Sums) else Sums.by_group(estimate)
    _check_groups(len(sums.numerator))
    return sums


def _check_groups(groups: int) -> int:
    if groups < 2:
        raise ValueError("one group of rounds: an interval needs at least two independent groups")
    return groups


def _check_level(level: float) -> None:
    if not 0.0 < level < 1.0:
        raise ValueError(f"level = {level}: must lie between 0 and 1")
