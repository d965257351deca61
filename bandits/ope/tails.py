"""How heavy the tail of importance weights is."""

from __future__ import annotations

from math import sqrt

import numpy as np

from bandits.ope.rounds import Column

HEAVY = 0.7
"""Above this shape even long logs are too short for a mean of such weights (Vehtari et al. 2024)."""

_LEAST_TAIL = 20
_PRIOR_COUNT, _PRIOR_SHAPE = 10, 0.5


def pareto_shape(weights: Column) -> float | None:
    """The shape k̂ of a generalised Pareto distribution fitted to the largest weights of (m,).

    The variance of a mean of weights is finite below 1/2, and the mean itself below 1; above 0.7 the largest
    weights that were seen say little of those to come. The tail is the min(m/5, 3√m) largest weights, above
    the next one. None for less than a hundred rounds, or where all of the tail has one size.

    Source: Vehtari, Simpson, Gelman, Yao and Gabry, "Pareto Smoothed Importance Sampling", JMLR 2024; the fit
    and its weak prior towards 1/2 as there, after Zhang and Stephens, "A New and Efficient Estimation Method
    for the Generalized Pareto Distribution", Technometrics 2009. Assumes independent rounds. It cannot know
    of weights that are possible but were never drawn: a policy that hardly ever shows what the target always
    shows has a light tail until it does.
    """
    return shape_of_largest(weights, len(weights))


def shape_of_largest(largest: Column, m: int) -> float | None:
    """The same from the `largest` of m weights, in any order: 3√m + 1 of them, else the tail is shorter."""
    size = int(min(m / 5.0, 3.0 * sqrt(m), len(largest) - 1))
    if size < _LEAST_TAIL:
        return None
    cut = len(largest) - size - 1
    tail = np.sort(np.partition(largest, cut)[cut:])
    excess = tail[1:] - tail[0]
    if excess[0] == excess[-1]:
        return None
    return _fitted_shape(excess[excess > 0.0])


def _fitted_shape(excess: Column) -> float:
    """The shape of a generalised Pareto distribution of sorted `excess`: a posterior mean over a grid."""
    n = len(excess)
    grid = 30 + int(sqrt(n))
    quartile = excess[max(0, int(n / 4.0 + 0.5) - 1)]
    rates = (1.0 - np.sqrt(grid / (np.arange(grid) + 0.5))) / (3.0 * quartile) + 1.0 / excess[-1]
    shapes = np.log1p(-rates[:, None] * excess[None, :]).mean(axis=1)
    likelihood = n * (np.log(-rates / shapes) - shapes - 1.0)
    belief = np.exp(likelihood - likelihood.max())
    rate = float(rates @ belief / belief.sum())
    shape = float(np.log1p(-rate * excess).mean())
    return (n * shape + _PRIOR_COUNT * _PRIOR_SHAPE) / (n + _PRIOR_COUNT)
