"""Reward-interaction importance sampling: a slot depends on the shelves just above it."""

from __future__ import annotations

import numpy as np

from bandits.ope.estimators import Estimate
from bandits.ope.per_slot import self_normalised
from bandits.ope.slates import SlateRounds, Table


def reward_interaction_ips(rounds: SlateRounds, lookback: int | None = None) -> Estimate:
    """Sequential IPS, normalised in each slot: Σ_k Σ_i w_ik r_ik / Σ_i w_ik.

    w_ik is the product of π / μ over slot k and the `lookback` slots above it, each given the slots above;
    over all slots above with None.

    Source: McInerney, Brost, Chandar, Mehrotra and Carterette, "Counterfactual Evaluation of Slate
    Recommendations with Sequential Reward Interactions", KDD 2020: rewards form a chain down the slate, so
    what is below a slot needs no weight. Assumes that the reward of a slot does not depend on the shelves
    below it; then it is consistent without `lookback`, with a bias of order 1/m. With a `lookback` the reward
    of a slot, and both policies' choices in the window, must not depend on shelves above the window either;
    where they do, it trades bias for variance. Fails when shelves below matter, and on long pages without
    `lookback`, where the weights of the last slots are those of whole pages. Raises ValueError for a negative
    `lookback`, or when all weights of a slot are 0.
    """
    return self_normalised("reward_interaction_ips", rounds, _windows(rounds, lookback))


def _windows(rounds: SlateRounds, lookback: int | None) -> Table:
    if lookback is None:
        return rounds.prefix_weights
    if lookback < 0:
        raise ValueError(f"lookback = {lookback}: count the slots above that matter, 0 or more")
    target = _window(rounds, rounds.prefix_target, lookback)
    propensity = _window(rounds, rounds.prefix_propensity, lookback)
    return np.divide(target, propensity, out=np.zeros(target.shape), where=rounds.filled)


def _window(rounds: SlateRounds, prefixes: Table, lookback: int) -> Table:
    """P(a_{k−lookback} … a_k | shelves above), 0 outside the page and below what cannot be."""
    above = np.ones(prefixes.shape)
    above[:, lookback + 1 :] = prefixes[:, : -(lookback + 1)]
    usable = rounds.filled & (above > 0.0)
    return np.divide(prefixes, above, out=np.zeros(prefixes.shape), where=usable)
