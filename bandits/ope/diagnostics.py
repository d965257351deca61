"""Whether an estimate deserves belief: how much of the log speaks for the target policy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isclose

import numpy as np

from bandits.ope.estimators import Estimate
from bandits.ope.intervals import normal
from bandits.ope.rounds import Column, Rounds
from bandits.ope.tails import HEAVY, pareto_shape

_MIN_ESS, _THIN_ESS = 30.0, 200.0
_MIN_GROUPS, _LEAST_GROUPS = 30, 1.5
_THIN_SHARE = 0.05
_LARGEST_SHARE = 0.1
MEAN_WEIGHT_LEVEL = 0.9999
"""At this level one honest log in ten thousand fails the mean-weight check."""


class Verdict(StrEnum):
    """A plain answer."""

    TRUST = "trust"
    THIN_SUPPORT = "thin support"
    DO_NOT_TRUST = "do not trust"


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """How the importance weights w of m rounds behave.

    `effective_sample_size`: (Σw)² / Σw², the number of equally weighted rounds that would be as precise
    (Kong, "A Note on Importance Sampling using Standardized Weights", 1992). `mean_weight` has expectation
    1 when propensities are exact and support is full; `mean_weight_low`, `mean_weight_high` are its 99.99 %
    interval. `largest_share`: the share of Σw that one round holds. `support`: the share of rounds that the
    target policy could have shown. `tail`: the Pareto shape of the largest weights, see `tails`; None where
    it is not known.
    """

    rounds: int
    groups: int
    effective_sample_size: float
    max_weight: float
    largest_share: float
    mean_weight: float
    mean_weight_low: float
    mean_weight_high: float
    support: float
    verdict: Verdict
    reason: str
    tail: float | None = None


def diagnose(rounds: Rounds) -> Diagnostics:
    """Diagnose the weights of these rounds, with a verdict and its reason."""
    weights = rounds.weights
    total, (names, group) = float(weights.sum()), np.unique(rounds.group, return_inverse=True)
    groups, held = len(names), np.bincount(group, weights).astype(np.float64)
    ess = effective(weights)
    largest = float(weights.max()) / total if total > 0.0 else 1.0
    low, high = _mean_weight_interval(rounds, weights, groups)
    tail = pareto_shape(weights)
    verdict, reason = verdict_on(len(rounds), effective(held), ess, largest, low, high, tail)
    return Diagnostics(
        rounds=len(rounds),
        groups=groups,
        effective_sample_size=ess,
        max_weight=float(weights.max()),
        largest_share=largest,
        mean_weight=float(weights.mean()),
        mean_weight_low=low,
        mean_weight_high=high,
        support=float(np.mean(rounds.target > 0.0)),
        verdict=verdict,
        reason=reason,
        tail=tail,
    )


def effective(weights: Column) -> float:
    """(Σw)² / Σw², how many equal weights would be as precise; 0 when every weight is 0."""
    squares = float(weights @ weights)
    return float(weights.sum()) ** 2 / squares if squares > 0.0 else 0.0


def _mean_weight_interval(rounds: Rounds, weights: Column, groups: int) -> tuple[float, float]:
    mean = Estimate("mean weight", weights, np.ones(len(rounds)), rounds.group)
    if groups < 2:
        return mean.value, mean.value
    interval = normal(mean, MEAN_WEIGHT_LEVEL)
    return interval.low, interval.high


def verdict_on(
    m: int, groups: float, ess: float, largest: float, low: float, high: float, tail: float | None = None
) -> tuple[Verdict, str]:
    """A verdict with its reason on m rounds worth `ess` rounds, whose groups are worth so many equal ones.

    `largest` is the share of Σw that one round holds, `low` and `high` the interval of the mean weight, and
    `tail` the Pareto shape of the largest weights.
    """
    if ess < _MIN_ESS:
        return (
            Verdict.DO_NOT_TRUST,
            f"{m} rounds are worth {ess:.1f}: the log hardly shows what the target would",
        )
    if groups < _LEAST_GROUPS:
        return (
            Verdict.DO_NOT_TRUST,
            f"nearly all weight is on one group of {m} rounds: nothing tells how far groups differ",
        )
    if not (low <= 1.0 <= high or isclose(low, 1.0) or isclose(high, 1.0)):
        return (
            Verdict.DO_NOT_TRUST,
            f"the mean weight should be 1 but lies in [{low:.3g}, {high:.3g}]:"
            " propensities are wrong or support is missing",
        )
    if groups < _MIN_GROUPS:
        return Verdict.THIN_SUPPORT, f"worth only {groups:.0f} independent groups: intervals are rough"
    if largest > _LARGEST_SHARE:
        return Verdict.THIN_SUPPORT, f"one round holds {largest:.0%} of the total weight"
    if tail is not None and tail > HEAVY:
        return (
            Verdict.THIN_SUPPORT,
            f"weights have a heavy tail (Pareto k {tail:.2f}): rounds not yet seen may decide the value",
        )
    if ess < max(_THIN_ESS, _THIN_SHARE * m):
        return Verdict.THIN_SUPPORT, f"{m} rounds are worth only {ess:.0f}"
    return Verdict.TRUST, f"{m} rounds are worth {ess:.0f} and the mean weight agrees with 1"
