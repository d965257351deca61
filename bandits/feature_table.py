"""The features of all actions of a request in columns: what scoring reads at once instead of row by row.

An action's categories hardly change from one request to the next, its numbers always do. So the categories of
a row are one object, which whoever has seen it knows again, and the numbers of all rows are one matrix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import overload

import numpy as np
from numpy.typing import NDArray

from bandits.remembered import MOST, Remembered
from bandits.types import Features

Column = tuple[str, str]
"""Namespace and name of a number."""

Category = tuple[str, str, str]
"""Namespace, name and value."""


class Categories:
    """The categories of an action, in order. Equal ones are the same object as long as it is remembered."""

    __slots__ = ("_spaces", "known")

    def __init__(self, known: tuple[Category, ...]) -> None:
        """Use `categories`, which gives equal ones the same object."""
        self.known = known
        self._spaces: dict[str, dict[str, str]] | None = None

    @property
    def spaces(self) -> Mapping[str, Mapping[str, str]]:
        """The categories as namespace → name → value."""
        if self._spaces is None:
            spaces: dict[str, dict[str, str]] = {}
            for space, name, value in self.known:
                spaces.setdefault(space, {})[name] = value
            self._spaces = spaces
        return self._spaces


@lru_cache(maxsize=MOST)
def categories(known: tuple[Category, ...]) -> Categories:
    """The categories that are `known` of an action, by namespace."""
    return Categories(known)


def _joined(both: tuple[Categories, Categories]) -> Categories:
    some, more = both
    return categories(some.known + more.known)


joined: Mapping[tuple[Categories, Categories], Categories] = Remembered(_joined)
"""Two → both in one, the second last."""


@dataclass(frozen=True, slots=True, eq=False)
class FeatureTable(Sequence[Features]):
    """The features of n actions: `categories` row by row, and `numbers` (n, D), named by `columns`.

    As a sequence it holds each action's `Features`, made when asked for.
    """

    categories: tuple[Categories, ...]
    columns: tuple[Column, ...]
    numbers: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.categories)

    @overload
    def __getitem__(self, index: int) -> Features: ...
    @overload
    def __getitem__(self, index: slice) -> FeatureTable: ...
    def __getitem__(self, index: int | slice) -> Features | FeatureTable:
        if isinstance(index, slice):
            return FeatureTable(self.categories[index], self.columns, self.numbers[index])
        return _row(self.categories[index], self.columns, self.numbers[index].tolist())

    def __iter__(self) -> Iterator[Features]:
        for known, numbers in zip(self.categories, self.numbers.tolist(), strict=True):
            yield _row(known, self.columns, numbers)


def table_of(actions: Sequence[Features]) -> FeatureTable:
    """The features of actions in columns; a number that an action lacks is 0 there."""
    if isinstance(actions, FeatureTable):
        return actions
    split = [_split(features) for features in actions]
    place = {column: at for at, column in enumerate(dict.fromkeys(c for _, found in split for c in found))}
    numbers = np.zeros((len(actions), len(place)))
    for row, (_, found) in zip(numbers, split, strict=True):
        row[[place[column] for column in found]] = list(found.values())
    return FeatureTable(tuple(known for known, _ in split), tuple(place), numbers)


def _split(features: Features) -> tuple[Categories, dict[Column, float]]:
    known: list[Category] = []
    numbers: dict[Column, float] = {}
    for space, values in features.items():
        for name, value in values.items():
            if isinstance(value, str):
                known.append((space, name, value))
            else:
                numbers[space, name] = value
    return categories(tuple(known)), numbers


def _row(known: Categories, columns: tuple[Column, ...], numbers: Sequence[float]) -> Features:
    features: dict[str, Mapping[str, str | float]] = {s: dict(own) for s, own in known.spaces.items()}
    for space, names, start, stop in _runs(columns):
        own = dict(zip(names, numbers[start:stop], strict=True))
        features[space] = {**features[space], **own} if space in features else own
    return features


@lru_cache(maxsize=64)
def _runs(columns: tuple[Column, ...]) -> tuple[tuple[str, tuple[str, ...], int, int], ...]:
    """Neighbouring columns of one namespace: it, their names, and where they start and stop."""
    runs, start = [], 0
    for space, group in groupby(columns, lambda column: column[0]):
        names = tuple(name for _, name in group)
        runs.append((space, names, start, start + len(names)))
        start += len(names)
    return tuple(runs)
