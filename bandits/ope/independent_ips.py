"""Independent importance sampling: a slot is one action, as if it stood alone."""

from __future__ import annotations

from bandits.ope.estimators import Estimate
from bandits.ope.per_slot import self_normalised, weighted
from bandits.ope.slates import SlateRounds


def independent_ips(rounds: SlateRounds) -> Estimate:
    """Item-position IPS: (1/m) Σ_i Σ_k r_ik · P_π(a_k in slot k) / P_μ(a_k in slot k).

    Source: Li, Abbasi-Yadkori, Kveton, Muthukrishnan, Vinay and Wen, "Offline Evaluation of Ranking Policies
    with Click Models", KDD 2018 (item-position estimator). Assumes exact probabilities of shelves in slots,
    that the reward of a slot depends on its own shelf alone, and support of every shelf in every slot where
    the target shows it. Little variance. Fails, biased at any size of log, when shelves compete, or support
    each other, or listeners stop early after a good one. Raises ValueError without slot probabilities.
    """
    return weighted("independent_ips", rounds, rounds.slot_weights)


def independent_snips(rounds: SlateRounds) -> Estimate:
    """Item-position IPS with the weights of each slot normalised to mean 1.

    Source: Li et al. (see `independent_ips`) with the normalisation of Swaminathan and Joachims, NeurIPS
    2015, in each slot. Assumes and fails as `independent_ips`, with less variance for a bias of order 1/m.
    Raises ValueError without slot probabilities, or when all weights of a slot are 0.
    """
    return self_normalised("independent_snips", rounds, rounds.slot_weights)
