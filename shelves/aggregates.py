"""What the items of shelves amount to, in numbers: what bandit features are made from beside the attributes.

Rules select on attributes, which are few and named for people. These are for learners: a whole page of
shelves at a time, as one matrix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from shelves.types import Rows, Shelf
from shelves.view import View

Matrix = NDArray[np.float64]
Ints = NDArray[np.int64]

HEAD = 6
"""So many items of a shelf show without scrolling on most surfaces."""

AGGREGATES: Mapping[str, str] = MappingProxyType(
    {
        "head_taste": f"mean affinity of the first {HEAD} items to the listener's taste",
        "top_taste": "greatest affinity of an item to the listener's taste",
        "popularity_spread": "twice the standard deviation of the items' popularity percentiles",
        "history": "mean weight of the items in the listener's history, 0 for those not in it",
        "new": "share of items released within the catalogue's fresh days",
        "age": "mean age of the dated items in units of 20 years, older ones as 20; 0 without dates",
        "artists": "number of different creators per item; an item without an artist counts as its own",
    }
)
"""Aggregate → what it means. All lie in [0, 1]."""


def aggregates(shelves: Sequence[Shelf], view: View) -> Matrix:
    """The `AGGREGATES` of n shelves that hold an item at least: (n, len(AGGREGATES)), in their order."""
    of_shelves = [shelf.rows for shelf in shelves]
    rows = np.concatenate(of_shelves)
    sizes = np.fromiter(map(len, of_shelves), np.int64, len(of_shelves))
    starts = sizes.cumsum() - sizes
    affinity = np.zeros(len(rows) + 1)
    affinity[:-1] = view.affinity.take(rows)
    sums = np.add.reduceat(view.catalog.traits.take(rows, axis=0), starts, axis=0)
    popularity, squared, new, age, dated = sums.T
    mean = popularity / sizes
    found = np.empty((len(shelves), len(AGGREGATES)))
    found[:, 0] = _head_sums(affinity, starts, sizes) / np.minimum(sizes, HEAD)
    found[:, 1] = np.maximum.reduceat(affinity[:-1], starts)
    found[:, 2] = 2.0 * np.sqrt(np.maximum(squared / sizes - mean * mean, 0.0))
    found[:, 3] = np.add.reduceat(view.history_weight.take(rows).astype(np.float64), starts) / sizes
    found[:, 4] = new / sizes
    found[:, 5] = age / np.maximum(dated, 1.0)
    found[:, 6] = _creators(rows, sizes, starts, view) / sizes
    return found


def _head_sums(values: Matrix, starts: Ints, sizes: Ints) -> Matrix:
    """Of values (m + 1,), of which the last is 0, what the first `HEAD` of each shelf add up to: (n,)."""
    bounds = np.empty((len(starts), 2), dtype=np.int64)
    bounds[:, 0] = starts
    bounds[:, 1] = starts + np.minimum(sizes, HEAD)
    # Every other segment is a rest; the 0 is there for it to start at where the last shelf has none.
    sums: Matrix = np.add.reduceat(values, bounds.ravel())[::2]
    return sums


def _creators(rows: Rows, sizes: Ints, starts: Ints, view: View) -> Ints:
    """How many different creators the items of each shelf have: (n,)."""
    creator = view.catalog.columns.creator
    keys = (np.arange(len(sizes)) * len(creator)).repeat(sizes) + creator.take(rows)
    # Sorting keeps each shelf's entries where they were.
    keys.sort()
    repeated = (keys[1:] == keys[:-1]).nonzero()[0] + 1
    before = repeated.searchsorted(starts)
    creators: Ints = sizes - np.diff(before, append=len(repeated))
    return creators
