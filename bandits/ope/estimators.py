"""Estimators of a target policy's value, the mean reward it would have earned.

Each is a ratio of two sums over rounds, on top of a mean where a reward model predicts; that is all that
intervals need to know of it. w = target / propensity is the importance weight, r the reward, m the number of
rounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandits.ope.rounds import Column, Groups, Rounds, check_rows

_ACCEPTING = 0x7265706C


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """Σ `numerator` / Σ `denominator` + mean of `baseline` over m rounds, each (m,).

    `group` (m,) says which rounds are dependent. Without a `baseline` it is the ratio alone.
    """

    estimator: str
    numerator: Column
    denominator: Column
    group: Groups
    baseline: Column | None = None

    @property
    def value(self) -> float:
        """The estimate, in units of reward."""
        ratio = float(self.numerator.sum() / self.denominator.sum())
        return ratio if self.baseline is None else ratio + float(self.baseline.mean())

    @property
    def is_mean(self) -> bool:
        """Whether it is a plain mean over rounds, which finite-sample bounds need."""
        return self.baseline is None and bool((self.denominator == 1.0).all())


def mean_of(estimator: str, values: Column, group: Groups) -> Estimate:
    """The estimate that is a plain mean of `values` (m,)."""
    return Estimate(estimator, values, np.ones(len(values)), group)


def check_normaliser(weights: Column) -> None:
    """Raise ValueError when every weight is 0: nothing can be normalised by their sum."""
    if not weights.any():
        raise ValueError("target is 0 on every round: the target policy never shows what was logged")


def check_limit(name: str, value: float, meaning: str) -> None:
    """Raise ValueError for a hyper-parameter that is not positive."""
    if not value > 0.0:
        raise ValueError(f"{name} = {value}: {meaning}")


def replay(rounds: Rounds) -> Estimate:
    """Replay: the mean reward of the rounds on which a deterministic target agrees with the log.

    Source: Li, Chu, Langford and Wang, "Unbiased Offline Evaluation of Contextual-bandit-based News Article
    Recommendation Algorithms", WSDM 2011. Assumes a target that shows one thing with certainty, and a logging
    policy under which agreeing has the same probability in every context, as uniform logging does; else
    contexts where the log agrees more often count more, a bias that no sample size cures. It throws away all
    other rounds. Raises ValueError for a target that is not deterministic, or that never agrees.
    """
    agrees = agreeing(rounds)
    check_normaliser(rounds.target)
    return accepted("replay", rounds, agrees)


def rejection(rounds: Rounds, weight_bound: float, rng: np.random.Generator) -> Estimate:
    """Rejection sampling: the mean reward of rounds accepted with probability w / weight_bound.

    Source: von Neumann, "Various techniques used in connection with random digits", 1951; as an evaluator,
    Dudík, Erhan, Langford and Li, "Sample-efficient Nonstationary Policy Evaluation for Contextual Bandits",
    UAI 2012. Assumes what IPS assumes. What is accepted is a plain sample of the target's own rounds, for
    which every on-policy method holds; one round in weight_bound survives, so it needs far more rounds than
    IPS for the same width. Raises ValueError for a bound below a weight, or when nothing is accepted.
    """
    kept = drawn_by_weight(rounds, weight_bound, rng)
    if not kept.any():
        raise ValueError(f"weight_bound = {weight_bound:g}: no round of {len(rounds)} was accepted")
    return accepted("rejection", rounds, kept)


def accepting(seed: int) -> np.random.Generator:
    """Numbers to accept rounds by: not those that made a log which was drawn with the same seed."""
    return np.random.default_rng([seed, _ACCEPTING])


def agreeing(rounds: Rounds) -> NDArray[np.bool_]:
    """On which rounds (m,) a target that is certain agrees. Raises ValueError for one that is not."""
    certain = np.asarray(rounds.target == 1.0)
    spread = ~certain & (rounds.target > 0.0)
    check_rows("target", rounds.target, ~spread, "replay needs a target that is certain: use rejection")
    return certain


def drawn_by_weight(rounds: Rounds, weight_bound: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which rounds (m,) are accepted, each with probability w / weight_bound: one number of `rng` for each.

    Raises ValueError for a bound below a weight.
    """
    weights = rounds.weights
    if not weights.max() <= weight_bound:
        raise ValueError(
            f"weight_bound = {weight_bound:g}: a round has weight {weights.max():g}; state a bound on all"
        )
    return np.asarray(rng.random(len(rounds)) * weight_bound < weights)


def accepted(estimator: str, rounds: Rounds, kept: NDArray[np.bool_]) -> Estimate:
    """The mean reward of the rounds that were `kept` (m,)."""
    counted = kept.astype(np.float64)
    return Estimate(estimator, counted * rounds.reward, counted, rounds.group)


def ips(rounds: Rounds) -> Estimate:
    """Inverse propensity scoring: (1/m) Σ w r.

    Source: Horvitz and Thompson, "A Generalization of Sampling Without Replacement from a Finite Universe",
    JASA 1952. Assumes exact propensities, and that the logging policy could show everything the target
    policy would; then it is unbiased. Its variance grows with the largest weights: with thin support a few
    rounds decide the value, and the estimate can leave the range of rewards.
    """
    return mean_of("ips", rounds.weights * rounds.reward, rounds.group)


def clipped_ips(rounds: Rounds, limit: float) -> Estimate:
    """IPS with clipped weights: (1/m) Σ min(w, limit) r.

    Source: Ionides, "Truncated Importance Sampling", JCGS 2008. Assumes what IPS assumes. Bounded variance
    for a bias towards 0 of E[(w − limit)⁺ r]: with rewards ≥ 0 it never overstates the value in expectation,
    and it fails quietly when the target policy earns its reward exactly where it differs from the log.
    Raises ValueError for a limit that is not positive.
    """
    return mean_of("clipped_ips", clip(rounds.weights, limit) * rounds.reward, rounds.group)


def snips(rounds: Rounds) -> Estimate:
    """Self-normalised IPS: Σ w r / Σ w.

    Source: Swaminathan and Joachims, "The Self-Normalized Estimator for Counterfactual Learning", NeurIPS
    2015. Assumes what IPS assumes. Consistent, with a bias of order 1/m and usually far less variance; it
    stays in the range of rewards and does not move when all rewards shift. It fails by looking calm: where
    support is missing it silently answers for the policy renormalised to what was shown. Raises ValueError
    when every weight is 0.
    """
    weights = rounds.weights
    check_normaliser(weights)
    return Estimate("snips", weights * rounds.reward, weights, rounds.group)


def sub_gaussian_ips(rounds: Rounds, smoothing: float) -> Estimate:
    """IPS with weights w / (1 − λ + λ w), the weighted harmonic mean of w and 1: (1/m) Σ w' r, λ = smoothing.

    Source: Metelli, Russo and Restelli, "Subgaussian and Differentiable Importance Sampling for Off-Policy
    Evaluation and Learning", NeurIPS 2021. Assumes what IPS assumes. λ = 0 is IPS, λ = 1 the plain mean of
    the logged rewards; weights stay below 1/λ, which gives sub-Gaussian tails for a bias of order λ: choose
    λ with the sample size, as √(ln(1/δ) / (m E w²)). It fails as clipping does, towards the value of the
    logging policy instead of 0. Raises ValueError for λ outside [0, 1].
    """
    return mean_of("sub_gaussian_ips", smooth(rounds.weights, smoothing) * rounds.reward, rounds.group)


def clip(weights: Column, limit: float) -> Column:
    """Weights min(w, limit). Raises ValueError for a limit that is not positive."""
    check_limit("limit", limit, "weights are clipped from above at a positive number")
    return np.minimum(weights, limit)


def smooth(weights: Column, smoothing: float) -> Column:
    """Weights w / (1 − λ + λ w) with λ = smoothing. Raises ValueError for λ outside [0, 1]."""
    if not 0.0 <= smoothing <= 1.0:
        raise ValueError(f"smoothing = {smoothing}: must lie in [0, 1]; 0 leaves the weights as they are")
    mixed = 1.0 - smoothing + smoothing * weights
    return np.divide(weights, mixed, out=np.zeros_like(weights), where=mixed > 0.0)
