"""Where the weights of features are in a learner's table, remembered for features that come again.

An action's categories and the names of its numbers come again with almost every request. What is to be asked
of the learner and worked out about their places is therefore worked out once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bandits.feature_table import Categories, Column
from bandits.policies.encoding import SHARED
from bandits.remembered import MOST, Remembered

FNV_PRIME = 16777619
"""What the left feature of a crossed pair is multiplied with (Fowler, Noll and Vo's prime of 32 bits)."""

Feature = tuple[str, str, str | float]
"""Namespace, name and category; the value of a number is 1, since it does not matter."""

HashOf = Callable[[str, str, str | float], int]
"""Namespace, name and value of a feature → the index of its weight."""

Crossed = tuple[tuple[str, str], ...]
"""Pairs of namespaces, left and right, whose features are crossed."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

_SHARED = frozenset(SHARED)


Hashes = Mapping[Feature, int]
"""Feature → hash."""


def hashes(hash_of: HashOf) -> Hashes:
    """The hashes of features, asked for once each."""
    return Remembered(lambda feature: hash_of(*feature))


class KnownCategories:
    """Categories that were seen before, a row each.

    `of` holds the categories in each crossed namespace.
    """

    def __init__(self, hashes: Hashes, crossed: Crossed, mask: int) -> None:
        self._hashes = hashes
        self._crossed = crossed
        self._mask = mask
        self._rows: dict[Categories, int] = {}
        self._places = np.full((0, 1), -1, dtype=np.int64)
        self.of = {space: CrossedCategories() for pair in crossed for space in pair}

    def __len__(self) -> int:
        return len(self._rows)

    def has_room(self, more: int) -> bool:
        """Whether as many `more` can be remembered."""
        return len(self._rows) + more <= MOST

    def places(self, rows: Rows) -> Ints:
        """The places of the weights that `rows` (n,) have to themselves: (width, n), −1 for none.

        They are those of a row's categories, alone and crossed with each other.
        """
        return np.ascontiguousarray(self._places[rows].T)

    def rows(self, categories: Sequence[Categories]) -> Rows:
        """Which rows they have; new ones get theirs."""
        known = self._rows
        try:
            return np.array([known[one] for one in categories], dtype=np.intp)
        except KeyError:
            self._add([one for one in dict.fromkeys(categories) if one not in known])
            return np.array([known[one] for one in categories], dtype=np.intp)

    def _add(self, new: Sequence[Categories]) -> None:
        start = len(self._rows)
        found = [self._split(one) for one in new]
        places = [[*alone, *self._pairs(crossed)] for alone, crossed in found]
        self._places = _with_rows(self._places, start, places, -1)
        for space in {space for _, crossed in found for space in crossed}:
            self.of[space].put(start, [crossed.get(space, ()) for _, crossed in found])
        self._rows.update({one: start + row for row, one in enumerate(new)})

    def _split(self, categories: Categories) -> tuple[list[int], dict[str, list[int]]]:
        """The places of the weights of categories alone, and the hashes in each crossed namespace."""
        alone: list[int] = []
        crossed: dict[str, list[int]] = {}
        for category in categories.known:
            space, found = category[0], self._hashes[category]
            if space not in _SHARED:
                alone.append(found)
            if space in self.of:
                crossed.setdefault(space, []).append(found)
        return alone, crossed

    def _pairs(self, hashes: Mapping[str, Sequence[int]]) -> list[int]:
        """The places of the weights of categories crossed with each other, by their hashes."""
        return [
            (FNV_PRIME * one ^ other) & self._mask
            for left, right in self._crossed
            if left in hashes and right in hashes
            for one in hashes[left]
            for other in hashes[right]
        ]


class CrossedCategories:
    """The categories of each row in a namespace that others are crossed with, few of which are different.

    `hashes` (u,) are those of the different ones; the first stands for none and has to count for nothing.
    """

    def __init__(self) -> None:
        self.hashes: Ints = np.zeros(1, dtype=np.int64)
        self._position: dict[int, int] = {}
        self._positions = np.zeros((0, 1), dtype=np.int64)

    def __bool__(self) -> bool:
        return len(self.hashes) > 1

    def put(self, start: int, rows: Sequence[Sequence[int]]) -> None:
        """Set rows of hashes from `start` on; those between that were not set have none."""
        new = dict.fromkeys(one for row in rows for one in row if one not in self._position)
        if new:
            self._position.update(zip(new, range(len(self.hashes), len(self.hashes) + len(new)), strict=True))
            self.hashes = np.array([0, *self._position], dtype=np.int64)
        positions = [[self._position[one] for one in row] for row in rows]
        self._positions = _with_rows(self._positions, start, positions, 0)

    def positions(self, rows: Rows, known: int) -> Ints:
        """The positions among `hashes` of what some of `known` rows have: (width, n), 0 for none."""
        if known > len(self._positions):
            self._positions = _with_rows(self._positions, known, [()], 0)
        return np.ascontiguousarray(self._positions.take(rows, axis=0).T)


class KnownColumns:
    """The numbers of a table, by its columns.

    `hashes` (D,) are their hashes, `alone` (D,) is 1 for those that count by themselves, and `of` holds the
    columns in each crossed namespace. Of numbers crossed with each other, `lefts` and `rights` (P,) are the
    columns and `places` (P,) those of the weights.
    """

    def __init__(self, columns: Sequence[Column], hashes: Hashes, crossed: Crossed, mask: int) -> None:
        spaces = [space for space, _ in columns]
        self.hashes: Ints = np.array([hashes[space, name, 1.0] for space, name in columns], dtype=np.int64)
        self.alone: Floats = np.array([space not in _SHARED for space in spaces], dtype=np.float64)
        self.of = {
            space: np.array([at for at, own in enumerate(spaces) if own == space], dtype=np.intp)
            for pair in crossed
            for space in pair
            if space in spaces
        }
        pairs = [
            (one, other)
            for left, right in crossed
            for one in self.of.get(left, ())
            for other in self.of.get(right, ())
        ]
        self.lefts, self.rights = np.array(pairs, dtype=np.intp).reshape(-1, 2).T.copy()
        self.places: Ints = (FNV_PRIME * self.hashes[self.lefts] ^ self.hashes[self.rights]) & mask


def _with_rows(array: Ints, start: int, rows: Sequence[Sequence[int]], fill: int) -> Ints:
    """The array, or a larger copy of it, with rows from `start` on; `fill` is beyond the end of each."""
    (height, width), stop = array.shape, start + len(rows)
    wider = max(width, *map(len, rows))
    if stop > height or wider > width:
        room = np.full((2 * stop if stop > height else height, wider), fill, dtype=np.int64)
        room[:height, :width] = array
        array = room
    array[start:stop] = [[*row, *[fill] * (wider - len(row))] for row in rows]
    return array
