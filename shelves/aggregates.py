"""What the items of shelves amount to, in numbers: what bandit features are made from beside the attributes.

Rules select on attributes, which are few and named for people. These are for learners: a whole page of
shelves at a time, as one matrix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from shelves.types import Mask, Rows, Shelf
from shelves.view import View

Matrix = NDArray[np.float64]

HEAD = 6
"""So many items of a shelf show without scrolling on most surfaces."""

_OLD_DAYS = 7305

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
    rows = np.concatenate([shelf.rows for shelf in shelves])
    sizes = np.array([len(shelf) for shelf in shelves])
    starts = np.cumsum(sizes) - sizes
    owner = np.repeat(np.arange(len(shelves)), sizes)
    columns, affinity = view.catalog.columns, view.affinity[rows]
    popularity, released = columns.popularity[rows], columns.release_day[rows]
    dated = released > 0
    age = np.where(dated, view.day - released, 0)
    head = np.arange(len(rows)) < (starts + HEAD)[owner]
    measures = np.empty((8, len(rows)))
    measures[0] = affinity * head
    measures[1] = popularity
    measures[2] = popularity * popularity
    measures[3] = view.history_weight[rows]
    measures[4] = dated & (age >= 0) & (age <= view.catalog.fresh_days)
    measures[5] = age.clip(0, _OLD_DAYS)
    measures[6] = dated
    measures[7] = _first_of_creator(rows, owner, view)
    sums = np.add.reduceat(measures, starts, axis=1)
    means = sums / sizes
    found = np.empty((len(shelves), len(AGGREGATES)))
    found[:, 0] = sums[0] / np.minimum(sizes, HEAD)
    found[:, 1] = np.maximum.reduceat(affinity, starts)
    found[:, 2] = 2.0 * np.sqrt(np.maximum(means[2] - means[1] ** 2, 0.0))
    found[:, 3] = means[3]
    found[:, 4] = means[4]
    found[:, 5] = sums[5] / np.maximum(sums[6], 1.0) / _OLD_DAYS
    found[:, 6] = means[7]
    return found


def _first_of_creator(rows: Rows, owner: NDArray[np.int64], view: View) -> Mask:
    """As many places of each owner as its items have different creators; which ones says nothing."""
    artist = view.catalog.columns.artist[rows]
    keys = owner * len(view.catalog) + np.where(artist >= 0, artist, rows)
    # Sorting keeps each owner's entries where they were.
    keys.sort()
    first = np.ones(len(keys), dtype=np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    return first
