"""Estimators for a log that several logging policies wrote.

π is the target, π_k the policy of logger k, which logged m_k of the m rounds; w_k = π / π_k of the logger
that showed the round, π̄ = Σ_k (m_k / m) π_k their mixture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bandits.ope.actions import Indices, ModelledRounds, Table
from bandits.ope.estimators import Estimate, mean_of
from bandits.ope.rounds import Column, Rounds


@dataclass(frozen=True, slots=True, eq=False)
class LoggedBySeveral:
    """Which of K loggers showed each of m rounds.

    `logger` (m,): its index, in [0, K), each with at least two rounds. `propensities` (m, K): the probability
    of what was shown under every logger, in [0, 1], and in (0, 1] under the one that showed it. Raises
    ValueError where that does not hold.
    """

    logger: Indices
    propensities: Table

    def __post_init__(self) -> None:
        m, loggers = self.propensities.shape
        if self.logger.shape != (m,):
            raise ValueError(f"logger: shape {self.logger.shape}, but propensities has {m} rows")
        if self.logger.min() < 0 or self.logger.max() >= loggers:
            raise ValueError(f"logger: indices must lie in [0, {loggers}), the columns of propensities")
        if (self.counts < 2).any():
            raise ValueError(f"logger: rounds per logger are {self.counts.tolist()}; each needs at least two")
        if not ((self.propensities >= 0.0) & (self.propensities <= 1.0)).all() or not self.own.all():
            raise ValueError(
                "propensities: must be probabilities, and positive under the logger that showed the round"
            )

    @property
    def counts(self) -> Indices:
        """Rounds (K,) of each logger."""
        return np.bincount(self.logger, minlength=self.propensities.shape[1])

    @property
    def own(self) -> Column:
        """Propensities (m,) under the logger that showed the round."""
        return self.propensities[np.arange(len(self.logger)), self.logger]

    @property
    def mixed(self) -> Column:
        """Propensities (m,) under the mixture of the loggers, in their shares of the rounds."""
        return self.propensities @ (self.counts / len(self.logger))


def balanced_ips(rounds: Rounds, logged: LoggedBySeveral) -> Estimate:
    """Balanced IPS: (1/m) Σ (π / π̄) r.

    Source: Agarwal, Basu, Schnabel and Joachims, "Effective Evaluation using Logged Bandit Feedback from
    Multiple Loggers", KDD 2017; the balance heuristic of Veach and Guibas, SIGGRAPH 1995. Assumes exact
    propensities of every logger for every round, and that one of them at least could show what the target
    would; then it is unbiased, and its variance is at most that of IPS with each round's own propensity.
    It fails, like IPS, where no logger gives support.
    """
    mixed = replace(rounds, propensity=logged.mixed)
    return mean_of("balanced_ips", mixed.weights * mixed.reward, mixed.group)


def weighted_ips(rounds: Rounds, logged: LoggedBySeveral) -> Estimate:
    """Weighted IPS: Σ_k λ_k Σ_{i in k} w_k r, with λ_k proportional to 1 / Var_k(w_k r) and Σ_k λ_k m_k = 1.

    Source: Agarwal, Basu, Schnabel and Joachims, KDD 2017. Assumes that every logger alone has full support.
    Loggers far from the target count less. Its weights come from the same rounds, a bias that fades with the
    number of rounds of each logger, and small variances of rare rewards mislead it: a logger that happened to
    see no reward would decide everything, so that raises ValueError. Intervals take λ_k as given.
    """
    own = replace(rounds, propensity=logged.own)
    values = own.weights * own.reward
    return mean_of("weighted_ips", values * _inverse_variance(values, logged), own.group)


def balanced_dr(rounds: ModelledRounds, logged: LoggedBySeveral) -> Estimate:
    """Balanced doubly robust: (1/m) Σ (b + (π / π̄) e), with b and e as in `doubly_robust`.

    Source: Kallus, Saito and Uehara, "Optimal Off-Policy Evaluation from Multiple Logging Policies", ICML
    2021, who show that no regular estimator from a stratified log is more efficient given an exact model.
    Assumes what balanced IPS assumes; unbiased for any model that was not fitted to these rounds.
    """
    mixed = replace(rounds.rounds, propensity=logged.mixed)
    errors = mixed.reward - rounds.shown
    return mean_of("balanced_dr", rounds.expected + mixed.weights * errors, mixed.group)


def weighted_dr(rounds: ModelledRounds, logged: LoggedBySeveral) -> Estimate:
    """Weighted doubly robust: (1/m) Σ b + Σ_k λ_k Σ_{i in k} w_k e, λ_k as in weighted IPS for b + w_k e.

    Source: as balanced DR, which it does not beat when the model is exact. Assumes and fails as weighted IPS.
    """
    own = replace(rounds.rounds, propensity=logged.own)
    corrections = own.weights * (own.reward - rounds.shown)
    scale = _inverse_variance(rounds.expected + corrections, logged)
    return mean_of("weighted_dr", rounds.expected + corrections * scale, own.group)


def _inverse_variance(values: Column, logged: LoggedBySeveral) -> Column:
    """m λ_k of each round (m,)."""
    counts = logged.counts
    variances = np.array([values[logged.logger == k].var() for k in range(len(counts))])
    if not variances.all():
        raise ValueError(
            f"logger {int(np.argmin(variances))}: its rounds do not vary, so inverse variances are undefined;"
            " use the balanced estimator"
        )
    scales = len(values) / (variances * (counts / variances).sum())
    return np.asarray(scales[logged.logger], dtype=np.float64)
