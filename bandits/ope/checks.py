"""Checks of what estimates rest on: support of the target by the logging policy, and right propensities.

Those of propensities give numbers whose expectation is known when all is well, with how many standard errors
they are from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bandits.ope.actions import Indices, Table
from bandits.ope.estimators import Estimate, mean_of
from bandits.ope.intervals import standard_error
from bandits.ope.rounds import Column, Groups


def overlap(target: Table, logging: Table) -> Column:
    """Σ_a min(π(a), π₀(a)) of each round (m,), from distributions (m, n).

    It is 1 for equal policies, 0 for policies that share nothing: 1 less their total variation distance.
    """
    return np.asarray(np.minimum(target, logging).sum(axis=1), dtype=np.float64)


def outside(target: Table, logging: Table) -> Column:
    """The target's mass (m,) on actions that the logging policy never shows: no log of it can tell what they
    earn, and IPS counts them as 0."""
    return np.asarray((target * (logging <= 0.0)).sum(axis=1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs of a round and an action with similar propensities: their mean, how often the action was shown,
    and the difference in standard errors."""

    pairs: int
    propensity: float
    frequency: float
    z: float


def calibration(logging: Table, action: Indices, bins: int = 10) -> tuple[Bin, ...]:
    """Whether what has propensity p is shown a share p of the time, in `bins` of equally many pairs.

    `logging` (m, n): the propensity of every action; `action` (m,): what was shown. Source: Hosmer and
    Lemeshow, "Goodness of fit tests for the multiple logistic regression model", 1980. Standard errors take
    pairs as independent, which overstates them a little: within a round only one action is shown. Rounds of
    equal propensities, as a uniform policy has, all fall into one bin.
    """
    p = logging.ravel()
    shown = np.zeros(logging.shape)
    shown[np.arange(len(action)), action] = 1.0
    edges = np.unique(np.quantile(p, np.linspace(0.0, 1.0, bins + 1)))
    index = np.searchsorted(edges[1:-1], p, side="left")
    size = max(1, len(edges) - 1)
    pairs, expected, observed, variance = (
        np.bincount(index, column, minlength=size)
        for column in (np.ones(len(p)), p, shown.ravel(), p * (1.0 - p))
    )
    return tuple(
        Bin(int(pairs[b]), float(expected[b] / pairs[b]), float(observed[b] / pairs[b]), _z(*moments))
        for b, moments in enumerate(zip(observed - expected, np.sqrt(variance), strict=True))
        if pairs[b]
    )


def inverse_count(propensity: Column, available: Column, group: Groups) -> tuple[float, float]:
    """Mean of 1/p over rounds less the mean number of actions with a chance, and that in standard errors.

    `propensity` (m,) of what was shown, `available` (m,): how many actions that were. E[1/p] is their
    number, so this needs no more than the propensities that any log has. Heavy tails of 1/p hide errors.
    """
    gap = mean_of("inverse count", 1.0 / propensity - available, group)
    return gap.value, _z(gap.value, standard_error(gap))


@dataclass(frozen=True, slots=True)
class Balance:
    """How far weighting moves the mean of a feature: in standard deviations of it, and in standard errors."""

    difference: float
    z: float


def balance(weights: Column, context: Table, group: Groups) -> tuple[Balance, ...]:
    """Balance of each feature of `context` (m, d): the weighted mean less the plain one.

    Contexts do not depend on the policy, so with exact propensities weighting towards any target leaves their
    means where they are. Source: Austin, "Balance diagnostics for comparing the distribution of baseline
    covariates between treatment groups in propensity-score matched samples", Statistics in Medicine 2009,
    where differences above 0.1 standard deviations are taken to matter. It sees no error that does not go
    along with a feature. Constant features have difference 0.
    """
    found = []
    for column in context.T:
        centred = column - column.mean()
        moved = Estimate("balance", weights * centred, weights, group, baseline=-centred)
        spread = float(column.std())
        error = standard_error(moved) if spread else 0.0
        found.append(Balance(moved.value / spread if spread else 0.0, _z(moved.value, error)))
    return tuple(found)


def _z(value: float, error: float) -> float:
    """`value` in standard errors; 0 where neither can be anything but 0."""
    if error == 0.0:
        return 0.0 if np.isclose(value, 0.0, atol=1e-9) else float(np.copysign(np.inf, value))
    return float(value / error)
