"""Choosing the hyper-parameter of a biased estimator from the log itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from scipy.stats import t

from bandits.ope.actions import Indices, ModelledRounds, Table
from bandits.ope.estimators import Estimate
from bandits.ope.rounds import Column, Rounds
from bandits.ope.sums import Sums

_LEPSKI = np.sqrt(6.0) - 1.0

LIMITS = (*(2.0 ** (half / 2) for half in range(29)), np.inf)
"""Limits to try where weights are not known beforehand: two in each doubling from 1, and none."""

SMOOTHINGS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""Values to try of λ in w / (1 − λ + λ w)."""

Seen = TypeVar("Seen", Estimate, Sums)


@dataclass(frozen=True, slots=True)
class Tuned(Generic[Seen]):
    """A hyper-parameter, and the estimate under it."""

    parameter: float
    estimate: Seen


def slope(
    estimator: Callable[[float], Seen],
    parameters: Sequence[float],
    failure: float = 0.05,
    paired: bool = True,
) -> Tuned[Seen]:
    """The parameter of least variance whose estimate agrees with all of more variance and less bias.

    From the widest interval to the narrowest, parameter i is kept while |v_i − v_j| ≤ c_ij for all j before
    it; the last that was kept is taken. c_ij = t_{1 − failure} · SE(v_i − v_j), or unless `paired` that of
    SLOPE++, c_i + (√6 − 1) c_j with c = t_{1 − failure} · SE(v).

    Source: Su, Srinath and Krishnamurthy, "Adaptive Estimator Selection for Off-Policy Evaluation", ICML
    2020, after Lepski: they keep i while the intervals v ± 2 c of all up to i have a point in common, which
    ends at the first that has none with those before it, as their published experiments do. √6 − 1 is from
    Tucker and Lee, "Improved Estimator Selection for Off-Policy Evaluation", 2021, whose rule ends at the
    first disagreement in the Open Bandit Pipeline as well; quantiles of Student's t stand for their bounds as
    there. Going on behind a disagreement would take an estimate that agrees because two biases happen to
    cancel: where bias grows as variance falls, which all of these assume, none behind it can be better.
    `paired` is our change: estimates from the same rounds move together, so much smaller differences tell
    that one is biased. Assumes besides one parameter at least with little bias (no clipping, say). An
    interval around the chosen estimate does not know that it was chosen, and choosing fails when even the
    least biased one has seen too little to differ. Raises ValueError without parameters.
    """
    if not parameters:
        raise ValueError("parameters: none to choose from")
    tried = [Tuned(parameter, estimator(parameter)) for parameter in parameters]
    moved = np.array([Sums.by_group(one.estimate).residuals for one in tried])
    order = np.argsort(_half_widths(moved, failure))[::-1]
    values = np.array([one.estimate.value for one in tried])
    kept = 1
    while kept < len(order) and _agrees(values, moved, order[: kept + 1], failure, paired):
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


def _agrees(values: Column, moved: Table, order: Indices, failure: float, paired: bool) -> bool:
    """Whether the last of `order` agrees with all before it."""
    before, last = order[:-1], order[-1]
    if paired:
        allowed = _half_widths(moved[before] - moved[last], failure)
    else:
        allowed = _half_widths(moved[[last]], failure) + _LEPSKI * _half_widths(moved[before], failure)
    return bool((np.abs(values[before] - values[last]) <= allowed).all())


def _half_widths(moved: Table, failure: float) -> Column:
    """Half-widths (k,) of one-sided intervals of k estimates, from how far groups move each (k, groups)."""
    groups = moved.shape[1]
    if groups < 2:
        raise ValueError("one group of rounds: choosing a parameter needs at least two independent groups")
    errors = np.sqrt(groups / (groups - 1) * np.einsum("ij,ij->i", moved, moved))
    return np.asarray(t.ppf(1.0 - failure, groups - 1) * errors, dtype=np.float64)
