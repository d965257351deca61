"""Cascade estimators: a listener reads down the page, so a slot depends on the shelves above it."""

from __future__ import annotations

import numpy as np

from bandits.ope.estimators import Estimate, mean_of
from bandits.ope.per_slot import weighted
from bandits.ope.rounds import check_rows
from bandits.ope.slates import SlateRounds, Table


def cascade_ips(rounds: SlateRounds) -> Estimate:
    """IPS with the weight of each slot's beginning: (1/m) Σ_i Σ_k r_ik · π(a_1 … a_k) / μ(a_1 … a_k).

    Source: Kiyohara, Saito, Matsuhiro, Narita, Shimizu and Yamamoto, "Doubly Robust Off-Policy Evaluation for
    Ranking Policies under the Cascade Behavior Model", WSDM 2022, who call it RIPS; see
    `reward_interaction_ips` for the normalised one. Assumes exact prefix probabilities, support, and that
    the reward of a slot does not depend on shelves below it; then it is unbiased, with at most the variance
    of `page_ips` in every slot but the last. Fails, biased, when a good shelf below takes attention from one
    above (people who scan the whole page first), and by variance in the last slots of long pages.
    """
    return weighted("cascade_ips", rounds, rounds.prefix_weights)


def cascade_dr(rounds: SlateRounds, shown: Table, expected: Table) -> Estimate:
    """Cascade-DR: (1/m) Σ_i Σ_k [ w_{1:k} (r_ik − q̂_k(a_1 … a_k)) + w_{1:k−1} E_π q̂_k(a_1 … a_{k−1}, a) ].

    w_{1:k} = π(a_1 … a_k) / μ(a_1 … a_k), and q̂_k predicts the reward of slot k and all below it, under the
    target, given the beginning of the page: `shown` (m, K) holds it for the logged shelf, `expected` (m, K)
    its mean over the target's choice in slot k given the logged shelves above. `cascade_model.fit` makes
    both.

    Source: Kiyohara et al., WSDM 2022 (see `cascade_ips`). Assumes what `cascade_ips` assumes,
    and predictions made without the page's own reward (cross-fitting); then it is unbiased however wrong the
    predictions are, and has less variance than cascade IPS the better they are. Fails as `cascade_ips`, and
    with predictions far off it has more variance, not less. Raises ValueError for predictions of another
    shape or that are not finite.
    """
    for name, table in (("shown", shown), ("expected", expected)):
        if table.shape != rounds.slot_reward.shape:
            raise ValueError(f"{name} has shape {table.shape}: predict each of {rounds.slot_reward.shape}")
        sums = np.where(rounds.filled, table, 0.0).sum(axis=1)
        check_rows(name, sums, np.isfinite(sums), "predictions must be finite")
    surprise = rounds.prefix_weights * (rounds.filled_reward - np.where(rounds.filled, shown, 0.0))
    baseline = rounds.weights_above * np.where(rounds.filled, expected, 0.0)
    return mean_of("cascade_dr", (surprise + baseline).sum(axis=1), rounds.group)
