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

Bounds = tuple[float, float]
"""The least and the most that a term of a mean can be, known before looking."""

_CHUNK = 1_000_000
_MOST_LEFT_OUT = 0.01
"""Of a bootstrap's replicates: where more have no ratio, the rest is no longer a sample of them."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Interval:
    """A two-sided interval [low, high] around `value` that covers the truth with probability `level`.

    `left_out`: replicates of a bootstrap that had no weight to divide by.
    """

    value: float
    low: float
    high: float
    level: float
    method: str
    left_out: int = 0

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
    buckets in `sums` are bucketed first. Replicates in which no weight was drawn have no ratio; they are left
    out and counted. Raises ValueError where these are more than one in a hundred, for fewer than two groups,
    and for fewer than 100 replicates.
    """
    values = _replicated(_sums(estimate), rng, level, replicates)
    low, high = np.quantile(values, [0.5 - level / 2.0, 0.5 + level / 2.0])
    return Interval(estimate.value, float(low), float(high), level, "bootstrap", replicates - len(values))


def bca(
    estimate: Estimate | Sums, rng: np.random.Generator, level: float = 0.95, replicates: int = 2000
) -> Interval:
    """Bias-corrected and accelerated bootstrap over groups: percentiles that are moved for skewness.

    The percentile of α is Φ(z₀ + (z₀ + z_α) / (1 − a (z₀ + z_α))), with Φ(z₀) the share of replicates below
    the estimate, and the acceleration a = Σ U³ / (6 (Σ U²)^(3/2)) of how far each group moves the estimate,
    U. Source: Efron, "Better Bootstrap Confidence Intervals", JASA 1987. Assumes what `bootstrap` assumes;
    its error of coverage falls with 1/groups instead of 1/√groups, which counts where a few large weights
    make the estimate skew: an estimate that is too low then comes with too small a standard error, and plain
    intervals miss the truth above them. Fails where the largest weights have not been met at all. Raises
    ValueError as `bootstrap`.
    """
    sums, gauss = _sums(estimate), NormalDist()
    values = _replicated(sums, rng, level, replicates)
    below = float((values < estimate.value).mean() + 0.5 * (values == estimate.value).mean())
    moved, edge = sums.residuals, 0.5 / len(values)
    squares = float(moved @ moved)
    a = float((moved**3).sum()) / (6.0 * squares**1.5) if squares > 0.0 else 0.0
    z0 = gauss.inv_cdf(min(max(below, edge), 1.0 - edge))
    reach = gauss.inv_cdf(0.5 + level / 2.0)
    shares = [gauss.cdf(z0 + (z0 + z) / (1.0 - a * (z0 + z))) for z in (-reach, reach)]
    low, high = np.quantile(values, shares)
    return Interval(estimate.value, float(low), float(high), level, "bca", replicates - len(values))


def _replicated(sums: Sums, rng: np.random.Generator, level: float, replicates: int) -> Column:
    """The estimate in every replicate that has one."""
    _check_level(level)
    if replicates < 100:
        raise ValueError(f"replicates = {replicates}: percentiles need at least 100")
    values = np.concatenate(list(_resampled(sums, rng, replicates)))
    left_out = replicates - len(values)
    if left_out > _MOST_LEFT_OUT * replicates:
        raise ValueError(
            f"{left_out} of {replicates} bootstrap replicates drew no weight: nearly all of it is on few"
            " groups, and nothing tells how far others differ"
        )
    return values


def standard_error(estimate: Estimate | Sums) -> float:
    """The delta-method standard error, robust to dependence within groups. Needs two, else ValueError."""
    sums = _sums(estimate)
    groups, residuals = len(sums.numerator), sums.residuals
    return sqrt(groups / (groups - 1) * float(residuals @ residuals))


def empirical_bernstein(estimate: Estimate | Sums, terms: Bounds, level: float = 0.95) -> Interval:
    """A bound for estimators that are means over rounds; it holds at every sample size.

    With Y a group's sum of terms times groups / m, b the width of its range, and V its sample variance over n
    groups, with probability 1 − δ on either side |Ȳ − E Y| ≤ √(2 V ln(4/δ) / n) + 7 b ln(4/δ) / (3 (n − 1)).
    Where every round is its own group, Y is the round's term.

    Source: Maurer and Pontil, "Empirical Bernstein Bounds and Sample Variance Penalization", COLT 2009,
    theorem 11, on both sides. Assumes independent groups of given sizes, and `terms`, a range of single
    terms, that is known before looking: see `weighted_terms` and `corrected_terms`. For changed weights it
    bounds the expectation under them, whose bias it does not know. Large groups widen the range, and so the
    interval. Raises ValueError for a ratio estimate, fewer than two groups, and where a round breaks the
    stated range.
    """
    _check_level(level)
    if not estimate.is_mean:
        raise ValueError("it is not a mean over rounds: use normal or bootstrap")
    sums = estimate.occupied() if isinstance(estimate, Sums) else Sums.of_groups(estimate)
    groups, least, most = _check_groups(len(sums.rounds)), terms[0] * sums.rounds, terms[1] * sums.rounds
    if isinstance(estimate, Estimate):
        _check_terms(estimate.numerator, *terms)
    _check_terms(sums.numerator, least, most)
    scale, tail = groups / float(sums.rounds.sum()), log(4.0 / (1.0 - level))
    variance, width = scale**2 * float(sums.numerator.var(ddof=1)), scale * float(most.max() - least.min())
    reach = sqrt(2.0 * variance * tail / groups) + 7.0 * width * tail / (3.0 * (groups - 1))
    return Interval(
        estimate.value, estimate.value - reach, estimate.value + reach, level, "empirical bernstein"
    )


def weighted_terms(weight_bound: float, rewards: Bounds = (0.0, 1.0)) -> Bounds:
    """The range of the terms w r of IPS.

    The logging policy's floor gives the bound on w, the reward formula's clip the range of `rewards`.
    """
    return weight_bound * min(0.0, rewards[0]), weight_bound * max(0.0, rewards[1])


def corrected_terms(
    weight_bound: float, rewards: Bounds = (0.0, 1.0), predictions: Bounds = (0.0, 1.0)
) -> Bounds:
    """The range of the terms q + w (r − q') of DR, where q and q' lie within `predictions`."""
    low = predictions[0] + weight_bound * min(0.0, rewards[0] - predictions[1])
    return low, predictions[1] + weight_bound * max(0.0, rewards[1] - predictions[0])


def _check_terms(x: Column, low: Column | float, high: Column | float) -> None:
    slack = _ROUNDING * np.maximum(1.0, np.abs(x))
    if not ((x >= low - slack) & (x <= high + slack)).all():
        raise ValueError(
            f"terms span [{x.min():g}, {x.max():g}], more than their bounds allow, which are at most"
            f" [{np.min(low):g}, {np.max(high):g}]: state the true bounds of weights and rewards"
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
    sums = Sums.by_group(estimate)
    _check_groups(len(sums.numerator))
    return sums


def _check_groups(groups: int) -> int:
    if groups < 2:
        raise ValueError("one group of rounds: an interval needs at least two independent groups")
    return groups


def _check_level(level: float) -> None:
    if not 0.0 < level < 1.0:
        raise ValueError(f"level = {level}: must lie between 0 and 1")
