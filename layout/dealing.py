"""Dealing out items that several shelves have."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from layout.kernels.dealing import matched


def reserved(shelves: Sequence[Sequence[int]], wanted: Sequence[int]) -> list[frozenset[int]] | None:
    """As many of its items for each shelf as are `wanted`, all different, or None when there are too few.

    `shelves` hold different items each, the best first, which are preferred where nothing is lost by it.
    """
    flat = np.fromiter(chain.from_iterable(shelves), np.int64)
    items, numbers = np.unique(flat, return_inverse=True)
    starts = np.concatenate([[0], np.cumsum([len(shelf) for shelf in shelves])]).astype(np.int64)
    holder, short = matched(starts, numbers.astype(np.int64), len(items), np.array(wanted, dtype=np.int64))
    if short.any():
        return None
    return [frozenset(items[holder == shelf].tolist()) for shelf in range(len(shelves))]
