"""Rows of uneven length in flat arrays: the layout behind every index of the catalogue.

Row i of a `Ragged` is `values[starts[i]:starts[i + 1]]`, as in a compressed sparse row matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelves.types import Floats, Rows

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """`starts` (n + 1,), `values` (m,) int32 and `weights` (m,) float32 of n rows of uneven length."""

    starts: Ints
    values: Rows
    weights: Floats

    def __len__(self) -> int:
        return len(self.starts) - 1

    def row(self, index: int) -> Rows:
        """The values of one row, as a view."""
        return self.values[self.starts[index] : self.starts[index + 1]]

    def row_weights(self, index: int) -> Floats:
        """The weights of one row, as a view."""
        return self.weights[self.starts[index] : self.starts[index + 1]]

    def lengths(self) -> Ints:
        """The length of every row (n,)."""
        return np.diff(self.starts)

    def positions(self, rows: NDArray[np.integer]) -> tuple[Ints, Ints]:
        """Flat positions of the entries of `rows`, in order, and for each the index into `rows` it is of."""
        starts = self.starts[rows]
        lengths = self.starts[rows + 1] - starts
        owner = np.repeat(np.arange(len(rows)), lengths)
        before = np.cumsum(lengths) - lengths
        return np.arange(len(owner)) + (starts - before)[owner], owner


def group(keys: NDArray[np.integer], n_keys: int, values: Rows, weights: Floats) -> Ragged:
    """Gather `values` and `weights` (m,) by key in [0, n_keys), keeping their order within each key."""
    order = np.argsort(keys, kind="stable")
    starts = np.zeros(n_keys + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys, minlength=n_keys), out=starts[1:])
    return Ragged(starts, values[order].astype(np.int32), weights[order].astype(np.float32))


def head(ragged: Ragged, limit: int) -> Ragged:
    """The same rows, cut to their first `limit` entries."""
    kept = np.minimum(ragged.lengths(), limit)
    owner = np.repeat(np.arange(len(ragged)), ragged.lengths())
    keep = np.arange(len(ragged.values)) - ragged.starts[owner] < limit
    starts = np.zeros(len(ragged) + 1, dtype=np.int64)
    np.cumsum(kept, out=starts[1:])
    return Ragged(starts, ragged.values[keep], ragged.weights[keep])


def union(n: int, parts: Sequence[Rows]) -> Rows:
    """The rows in [0, n) that occur in any of `parts`, ascending; marking beats sorting at catalogue size."""
    marked = np.zeros(n, dtype=np.bool_)
    for rows in parts:
        marked[rows] = True
    return marked.nonzero()[0].astype(np.int32)


_WORTH_PARTITION = 100


def ranked(rows: Rows, scores: Floats, limit: int) -> tuple[Rows, Floats]:
    """The `limit` best rows, best first; equal scores keep their order.

    Only the threshold is found by partition, so the choice among ties is the same on every machine. Methods
    instead of functions throughout: this runs for every shelf of every request.
    """
    surplus = len(rows) - limit
    if surplus > _WORTH_PARTITION:
        parted = scores.copy()
        parted.partition(surplus)
        keep = (scores >= parted[surplus]).nonzero()[0]
        rows, scores = rows.take(keep), scores.take(keep)
    order = (-scores).argsort(kind="stable")[:limit]
    return rows.take(order), scores.take(order)
