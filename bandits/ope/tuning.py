"""Choosing the hyper-parameter of a biased estimator from the log itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from bandits.ope.actions import ModelledRounds
from bandits.ope.estimators import Estimate
from bandits.ope.intervals import standard_error
from bandits.ope.rounds import Column, Rounds

_LEPSKI = np.sqrt(6.0) - 1.0


@dataclass(frozen=True, slots=True)
class Tuned:
    """A hyper-parameter, and the estimate under it."""

    parameter: float
    estimate: Estimate


def slope(
    estimator: Callable[[float], Estimate], parameters: Sequence[float], failure: float = 0.05
) -> Tuned:
    """The parameter of least variance whose estimate agrees with all of more variance and less bias.

    From the widest interval to the narrowest, parameter i is kept while |v_i − v_j| ≤ c_i + (√6 − 1) c_j for
    all j before it, with estimate v and half-width c = t_{1 − failure} · SE; the last that was kept is taken.

    Source: Su, Srinath and Krishnamurthy, "Adaptive Estimator Selection for Off-Policy Evaluation", ICML
    2020; half-widths from Student's t in place of their bounds. Assumes that bias grows as variance falls,
    and one parameter at least with little bias (no clipping, say); its error is then within a constant factor
    of the best parameter's. An interval around the chosen estimate does not know that it was chosen, and it
    fails when even the least biased one has seen too little to differ. Raises ValueError without parameters.
    """
    if not parameters:
        raise ValueError("parameters: none to choose from")
    tried = [Tuned(parameter, estimator(parameter)) for parameter in parameters]
    widths = np.array([_half_width(one.estimate, failure) for one in tried])
    order = np.argsort(widths)[::-1]
    values = np.array([one.estimate.value for one in tried])[order]
    widths = widths[order]
    kept = 1
    while kept < len(order) and _agrees(values[: kept + 1], widths[: kept + 1]):
        kept += 1
    return tried[int(order[kept - 1])]


def least_error(
    rounds: Rounds | ModelledRounds,
    reweight: Callable[[Column, float], Column],
    parameters: Sequence[float],
    failure: float = 0.05,
) -> float:
    """The parameter λ of changed weights w' = `reweight`(w, λ) that minimises a bound on the squared error.

    The bound is Var(b + w' e) / m + B², with the bias at most
    B = |mean of (w − w') e| + √(2 E[w²] ln(2/δ) / m) + 2 max(w) ln(2/δ) / (3 m), δ = `failure`; without a
    reward model b = 0 and e = r.

    Source: Su, Dimakopoulou, Krishnamurthy and Dudík, "Doubly Robust Off-Policy Evaluation with Shrinkage",
    ICML 2020, section 5. Assumes errors e in [−1, 1] and independent rounds. The terms of B beside the first
    are the same for all λ but are squared with it, so they weigh bias up when weights are heavy. Raises
    ValueError without parameters.
    """
    if not parameters:
        raise ValueError("parameters: none to choose from")
    plain = rounds.rounds if isinstance(rounds, ModelledRounds) else rounds
    base, errors = (
        (rounds.expected, plain.reward - rounds.shown)
        if isinstance(rounds, ModelledRounds)
        else (np.zeros(len(plain)), plain.reward)
    )
    weights, m = plain.weights, len(plain)
    tail = np.log(2.0 / failure)
    slack = np.sqrt(2.0 * np.mean(weights**2) * tail / m) + 2.0 * weights.max() * tail / (3.0 * m)

    def bound(parameter: float) -> float:
        changed = reweight(weights, parameter)
        bias = abs(np.mean((weights - changed) * errors)) + slack
        return float(np.var(base + changed * errors) / m + bias**2)

    return min(parameters, key=bound)


def limits(weights: Column, count: int = 20) -> tuple[float, ...]:
    """Limits to try for weights (m,): geometric from the median of those above 0 to their maximum, and ∞."""
    held = weights[weights > 0.0]
    if not len(held):
        return (np.inf,)
    return (*(float(x) for x in np.geomspace(np.median(held), held.max(), count)), np.inf)


def _agrees(values: Column, widths: Column) -> bool:
    """Whether the last agrees with all before it."""
    return bool((np.abs(values[:-1] - values[-1]) <= widths[-1] + _LEPSKI * widths[:-1]).all())


def _half_width(estimate: Estimate, failure: float) -> float:
    groups = len(np.unique(estimate.group))
    return float(t.ppf(1.0 - failure, groups - 1)) * standard_error(estimate)
