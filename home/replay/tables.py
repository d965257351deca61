"""Logged pages of different lengths as slate rounds: one row per page, shorter ones padded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bandits.ope.rounds import Column, Groups
from bandits.ope.slates import SlateRounds

Rows = Sequence[Sequence[float] | Column]


def padded(rows: Rows, width: int, fill: float | None) -> Column:
    """Rows as a table (m, width); what is shorter ends in `fill`, or in its last number."""
    table = np.empty((len(rows), width))
    for row, values in enumerate(rows):
        table[row, : len(values)] = values
        table[row, len(values) :] = values[-1] if fill is None else fill
    return table


def filled_by(rows: Rows, width: int) -> NDArray[np.bool_]:
    """Which slots each page has (m, width)."""
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    return np.arange(width) < lengths[:, None]


def slates_of(rewards: Rows, prefixes: Rows, targets: Rows, group: Groups) -> SlateRounds:
    """Pages from their slots' rewards, and probabilities of their beginnings under both policies.

    Raises ValueError without a page.
    """
    if not rewards:
        raise ValueError("no pages: nothing can be estimated from an empty log")
    slots = max(map(len, rewards))
    return slates_from(
        padded(rewards, slots, 0.0),
        padded(prefixes, slots, None),
        padded(targets, slots, None),
        filled_by(rewards, slots),
        group,
    )


def slates_from(
    slot_reward: Column, prefixes: Column, targets: Column, filled: NDArray[np.bool_], group: Groups
) -> SlateRounds:
    """The same from tables (m, K) in which shorter pages end in their last probability, that of the page."""
    targets = np.minimum(targets, 1.0)  # a sum of two ways to a page rounds past 1
    return SlateRounds(
        slot_reward=slot_reward,
        propensity=prefixes[:, -1],
        prefix_propensity=prefixes,
        target=targets[:, -1],
        prefix_target=targets,
        filled=filled,
        group=group,
    )
