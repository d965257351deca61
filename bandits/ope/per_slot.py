"""Slot by slot: every slot's rewards under weights of its own, summed up the page."""

from __future__ import annotations

import numpy as np

from bandits.ope.estimators import Estimate, mean_of
from bandits.ope.rounds import Column, Groups
from bandits.ope.slates import SlateRounds, Table


def weighted(name: str, rounds: SlateRounds, weights: Table) -> Estimate:
    """(1/m) Σ_i Σ_k w_ik r_ik: a mean over pages, with `weights` (m, K)."""
    return mean_of(name, (weights * rounds.filled_reward).sum(axis=1), rounds.group)


def self_normalised(name: str, rounds: SlateRounds, weights: Table) -> Estimate:
    """Σ_k s_k v_k with v_k = Σ_i w_ik r_ik / Σ_i w_ik and s_k the share of pages that have slot k.

    Slots that some context leaves out keep their share, so that padding weighs nothing. Raises ValueError
    when all weights of a slot are 0.
    """
    filled, total = rounds.filled, weights.sum(axis=0)
    empty = np.flatnonzero((total == 0.0) & filled.any(axis=0))
    if len(empty):
        raise ValueError(
            f"target is 0 in slot {empty[0] + 1} on every page: the target policy never shows what was logged"
        )
    mean = total / np.maximum(filled.sum(axis=0), 1)
    normal = np.divide(weights, mean, out=np.zeros(weights.shape), where=filled)
    value = np.divide((weights * rounds.filled_reward).sum(axis=0), total, where=total > 0.0, out=0.0 * total)
    terms = np.where(filled, normal * (rounds.filled_reward - value) + value, 0.0).sum(axis=1)
    return linearised(name, terms, rounds.group)


def linearised(name: str, terms: Column, group: Groups) -> Estimate:
    """The mean of `terms` (m,), which hold the first-order share of each page in an estimate that is no mean.

    For a smooth function of several means, such as a sum of ratios, they have the variance of the estimate by
    the delta method. As a baseline they are resampled as they are, and no interval takes them for a mean of
    independent numbers, which they are not: each holds numbers estimated on all pages.
    """
    return Estimate(name, np.zeros(len(terms)), np.ones(len(terms)), group, baseline=terms)
