"""Estimators that combine a reward model with importance weights.

q̂(x, a) is the reward model, b = Σ_a π(a | x) q̂(x, a) what it expects of the target policy, e = r − q̂(x, a)
its error on what was shown, w the importance weight, m the number of rounds. The model must not have been
fitted to the rounds that it is used on: see reward_models.cross_fit. Fitted with the weights of
reward_models.mrdr_weights it makes `dr` the more robust doubly robust estimator.
"""

from __future__ import annotations

import numpy as np

from bandits.ope.actions import ModelledRounds
from bandits.ope.estimators import Estimate, check_limit, check_normaliser, clip, mean_of, smooth
from bandits.ope.rounds import Column


def dm(rounds: ModelledRounds) -> Estimate:
    """Direct method: (1/m) Σ b.

    Source: Beygelzimer and Langford, "The Offset Tree for Learning with Partial Labels", KDD 2009. Needs no
    propensities and no support, for it believes the model everywhere: its bias is the model's, and no
    interval around it knows of that bias. It fails where the model was fitted to what the logging policy
    preferred and the target prefers something else.
    """
    return mean_of("dm", rounds.expected, rounds.rounds.group)


def dr(rounds: ModelledRounds, limit: float = np.inf) -> Estimate:
    """Doubly robust: (1/m) Σ (b + min(w, limit) e).

    Source: Dudík, Langford and Li, "Doubly Robust Policy Evaluation and Learning", ICML 2011; clipped as in
    Su, Dimakopoulou, Krishnamurthy and Dudík, "Doubly Robust Off-Policy Evaluation with Shrinkage", ICML
    2020. Unbiased when propensities are exact and support is full, or when the model is exact. A better model
    gives less variance than IPS; a bad one can give more. Heavy weights hurt it as they hurt IPS. Raises
    ValueError for a limit that is not positive.
    """
    return _corrected("dr", rounds, clip(rounds.rounds.weights, limit))


def sndr(rounds: ModelledRounds) -> Estimate:
    """Self-normalised doubly robust: (1/m) Σ b + Σ w e / Σ w.

    Source: Thomas and Brunskill, "Data-Efficient Off-Policy Policy Evaluation for Reinforcement Learning",
    ICML 2016 (weighted doubly robust, horizon 1). Assumes what DR assumes; consistent with a bias of order
    1/m, and calmer under heavy weights. Like SNIPS it hides missing support. Raises ValueError when every
    weight is 0.
    """
    weights = rounds.rounds.weights
    check_normaliser(weights)
    return Estimate("sndr", weights * _errors(rounds), weights, rounds.rounds.group, rounds.expected)


def switch_dr(rounds: ModelledRounds, threshold: float) -> Estimate:
    """SWITCH-DR: (1/m) Σ (b + w 1{w ≤ threshold} e).

    Source: Wang, Agarwal and Dudík, "Optimal and Adaptive Off-policy Evaluation in Contextual Bandits", ICML
    2017. Trusts the model alone where the weight is above the threshold: 0 is DM, ∞ is DR. Bounded variance
    for the model's bias on the rounds that are switched; it fails when the model is wrong exactly where the
    target policy differs from the log. Raises ValueError for a negative threshold.
    """
    return _corrected("switch_dr", rounds, cut(rounds.rounds.weights, threshold))


def dros(rounds: ModelledRounds, shrinkage: float) -> Estimate:
    """Doubly robust with optimistic shrinkage: (1/m) Σ (b + w' e), w' = λ w / (w² + λ), λ = shrinkage.

    Source: Su, Dimakopoulou, Krishnamurthy and Dudík, "Doubly Robust Off-Policy Evaluation with Shrinkage",
    ICML 2020, the weights that minimise a bound on the mean squared error. λ → 0 is DM, ∞ is DR. It fails as
    SWITCH-DR does, with large weights fading out instead of being cut. Raises ValueError for a λ that is not
    positive.
    """
    return _corrected("dros", rounds, shrink(rounds.rounds.weights, shrinkage))


def sub_gaussian_dr(rounds: ModelledRounds, smoothing: float) -> Estimate:
    """Doubly robust with weights w' = w / (1 − λ + λ w): (1/m) Σ (b + w' e), λ = smoothing.

    Source: Metelli, Russo and Restelli, "Subgaussian and Differentiable Importance Sampling for Off-Policy
    Evaluation and Learning", NeurIPS 2021. Weights stay below 1/λ for a bias of order λ in the correction; it
    fails when the model's errors sit where weights are large. Raises ValueError for λ outside [0, 1].
    """
    return _corrected("sub_gaussian_dr", rounds, smooth(rounds.rounds.weights, smoothing))


def cut(weights: Column, threshold: float) -> Column:
    """Weights w 1{w ≤ threshold}. Raises ValueError for a negative threshold."""
    if not threshold >= 0.0:
        raise ValueError(f"threshold = {threshold}: weights are compared with a number of at least 0")
    return np.where(weights <= threshold, weights, 0.0)


def shrink(weights: Column, shrinkage: float) -> Column:
    """Weights λ w / (w² + λ), themselves at λ = ∞. Raises ValueError for a λ that is not positive."""
    check_limit("shrinkage", shrinkage, "must be positive; towards 0 weights vanish, and inf leaves them")
    if np.isinf(shrinkage):
        return weights
    return shrinkage * weights / (weights**2 + shrinkage)


def _corrected(name: str, rounds: ModelledRounds, weights: Column) -> Estimate:
    return mean_of(name, rounds.expected + weights * _errors(rounds), rounds.rounds.group)


def _errors(rounds: ModelledRounds) -> Column:
    return rounds.rounds.reward - rounds.shown
