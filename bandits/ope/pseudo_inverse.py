"""Pseudo-inverse estimators: the reward of a page is a sum over its slots, of terms that nobody observes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bandits.ope.estimators import Estimate, mean_of
from bandits.ope.page_support import PageSupport
from bandits.ope.per_slot import linearised
from bandits.ope.rounds import Column, check_rows
from bandits.ope.slates import SlateRounds, Table

_SMALLEST_EIGENVALUE = 1e-12
"""Relative to the largest: below it, directions of Γ are rounding."""

_SMALLEST_SPREAD = 1e-6
"""Of a control variate, on the scale of weights of mean 1: below it, weights are 1 but for rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class PseudoInverseWeights:
    """Weights of every page of a support (S,), and the share of the target that the log cannot express.

    `missing` is ‖q − Γ Γ⁺ q‖ / ‖q‖: 0 where every page of the target is a linear combination of logged ones,
    as a point of slot and shelf indicators; else the estimate leaves part of the target out.
    """

    weights: Column
    missing: float


def pseudo_inverse_weights(support: PageSupport) -> PseudoInverseWeights:
    """w(page) = q_π ᵀ Γ_μ⁺ 1_page, the weights of the pseudo-inverse estimator in one context.

    1_page marks which shelf is in which slot, q_π = E_π 1_page and Γ_μ = E_μ 1_page 1_page ᵀ, both exact sums
    over the support. Source: Swaminathan et al., NeurIPS 2017 (see `pseudo_inverse`), equation 4. On a
    sampled support the weights are consistent in the number of draws, and biased at any finite number,
    because an inverse of a mean is not the mean of inverses.
    """
    shows = support.indicators()
    gamma, q = shows.T @ (support.logging[:, None] * shows), support.target @ shows
    values, vectors = np.linalg.eigh(gamma)
    kept = values > _SMALLEST_EIGENVALUE * values[-1]
    inside = q @ vectors[:, kept]
    missing = np.sqrt(max(0.0, float(q @ q - inside @ inside)) / float(q @ q))
    return PseudoInverseWeights(shows @ (vectors[:, kept] @ (inside / values[kept])), float(missing))


def pseudo_inverse(rounds: SlateRounds, weights: Column) -> Estimate:
    """The pseudo-inverse estimator: (1/m) Σ_i w_i Σ_k r_ik, with w of `pseudo_inverse_weights` (m,).

    Source: Swaminathan, Krishnamurthy, Agarwal, Dudík, Langford, Jose and Zitouni, "Off-policy Evaluation for
    Slate Recommendation", NeurIPS 2017. Assumes that the mean reward of a page is a sum over slots of unknown
    functions of context and shelf in the slot, exact Γ and q, and that the target's shelves in slots lie in
    the span of the log's (`missing` 0); then it is unbiased. It needs no reward of slots, only of pages, and
    no probability of whole pages under the target but through q, so its variance grows with slots × shelves,
    not with the number of pages. Fails, biased, where shelves compete or support each other. Weights may be
    negative. Raises ValueError for weights of another length or that are not finite.
    """
    _check(rounds, weights)
    return mean_of("pseudo_inverse", weights * rounds.reward, rounds.group)


def pseudo_inverse_sn(rounds: SlateRounds, weights: Column) -> Estimate:
    """Self-normalised: Σ w r / Σ w, called wPI in the paper.

    Source, assumptions and failures: `pseudo_inverse`. Consistent, with a bias of order 1/m. Raises
    ValueError where the weights sum to nothing positive.
    """
    _check(rounds, weights)
    if not weights.sum() > 0.0:
        raise ValueError(f"weights sum to {weights.sum():g}: the log says nothing of the target")
    return Estimate("pseudo_inverse_sn", weights * rounds.reward, weights, rounds.group)


def pseudo_inverse_cv(rounds: SlateRounds, weights: Column, *, per_slot: bool = False) -> Estimate:
    """With control variates: (1/m) Σ_i [ w_i r_i − β (w_i − 1) ], with the β of least variance.

    w − 1 has mean 0 when support is full, so any β is allowed; the best, Cov(w r, w) / Var(w), is estimated
    on the same pages. `per_slot` adds the weights of each slot, P_π(a_k) / P_μ(a_k) − 1, as variates.

    Source: Vlassis, Chandrashekar, Amat Gil and Kallus, "Control Variates for Slate Off-Policy Evaluation",
    NeurIPS 2021: one variate, and one per slot. Assumes what `pseudo_inverse` assumes, and for `per_slot`
    exact slot probabilities; then it is consistent, with a bias of order 1/m, and for large m has at most the
    variance of the plain and the self-normalised estimator. Fails as `pseudo_inverse`, and on short logs,
    where β is fitted to noise. Raises ValueError as `pseudo_inverse`, and without slot probabilities when
    they are asked for.
    """
    _check(rounds, weights)
    gain = weights * rounds.reward
    variates = _variates(rounds, weights, per_slot)
    beta = _least_variance(variates - variates.mean(axis=0), gain - gain.mean())
    name = "pseudo_inverse_cv_per_slot" if per_slot else "pseudo_inverse_cv"
    return linearised(name, gain - variates @ beta, rounds.group)


def _least_variance(variates: Table, gain: Column) -> Column:
    """Coefficients of the regression of `gain` on centred `variates`; 0 where these hardly vary."""
    left, spread, right = np.linalg.svd(variates, full_matrices=False)
    kept = spread > _SMALLEST_SPREAD * np.sqrt(len(gain))
    beta = right[kept].T @ ((gain @ left[:, kept]) / spread[kept])
    return np.asarray(beta, dtype=np.float64)


def _variates(rounds: SlateRounds, weights: Column, per_slot: bool) -> Table:
    if not per_slot:
        return weights[:, None] - 1.0
    slots = np.where(rounds.filled, rounds.slot_weights - 1.0, 0.0)
    return np.column_stack((weights - 1.0, slots))


def _check(rounds: SlateRounds, weights: Column) -> None:
    if weights.shape != (len(rounds),):
        raise ValueError(f"weights has shape {weights.shape}: give one for each of {len(rounds)} pages")
    check_rows("weights", weights, np.isfinite(weights), "must be finite")
