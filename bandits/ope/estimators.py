"""Estimators of a target policy's value, the mean reward it would have earned.

Each is a ratio of two sums over rounds, which is all that intervals need to know of it. w = target /
propensity is the importance weight, r the reward, m the number of rounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bandits.ope.rounds import Column, Groups, Rounds


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """Σ `numerator` / Σ `denominator` over m rounds, both (m,); `group` (m,) says which are dependent."""

    estimator: str
    numerator: Column
    denominator: Column
    group: Groups

    @property
    def value(self) -> float:
        """The estimate, in units of reward."""
        return float(self.numerator.sum() / self.denominator.sum())

    @property
    def is_mean(self) -> bool:
        """Whether it is a plain mean over rounds, which finite-sample bounds need."""
        return bool((self.denominator == 1.0).all())


def ips(rounds: Rounds) -> Estimate:
    """Inverse propensity scoring: (1/m) Σ w r.

    Source: Horvitz and Thompson, "A Generalization of Sampling Without Replacement from a Finite Universe",
    JASA 1952. Assumes exact propensities, and that the logging policy could show everything the target
    policy would; then it is unbiased. Its variance grows with the largest weights: with thin support a few
    rounds decide the value, and the estimate can leave the range of rewards.
    """
    return Estimate("ips", rounds.weights * rounds.reward, np.ones(len(rounds)), rounds.group)


def clipped_ips(rounds: Rounds, limit: float) -> Estimate:
    """IPS with clipped weights: (1/m) Σ min(w, limit) r.

    Source: Ionides, "Truncated Importance Sampling", JCGS 2008. Assumes what IPS assumes. Bounded variance
    for a bias towards 0 of E[(w − limit)⁺ r]: with rewards ≥ 0 it never overstates the value in expectation,
    and it fails quietly when the target policy earns its reward exactly where it differs from the log.
    Raises ValueError for a limit that is not positive.
    """
    if not limit > 0.0:
        raise ValueError(f"limit = {limit}: weights are clipped from above at a positive number")
    clipped = np.minimum(rounds.weights, limit)
    return Estimate("clipped_ips", clipped * rounds.reward, np.ones(len(rounds)), rounds.group)


def snips(rounds: Rounds) -> Estimate:
    """Self-normalised IPS: Σ w r / Σ w.

    Source: Swaminathan and Joachims, "The Self-Normalized Estimator for Counterfactual Learning", NeurIPS
    2015. Assumes what IPS assumes. Consistent, with a bias of order 1/m and usually far less variance; it
    stays in the range of rewards and does not move when all rewards shift. It fails by looking calm: where
    support is missing it silently answers for the policy renormalised to what was shown. Raises ValueError
    when every weight is 0.
    """
    weights = rounds.weights
    if not weights.any():
        raise ValueError("target is 0 on every round: the target policy never shows what was logged")
    return Estimate("snips", weights * rounds.reward, weights, rounds.group)
