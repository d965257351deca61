"""A model's values of all actions of a request at once, from Vowpal Wabbit's weights.

The model is linear in hashed features. Of an action with features x in a context it predicts the cost

    Σ_f w[h(f)]·x_f + Σ_(a, b) Σ_(f in a, g in b) w[(16777619·h(f)) xor h(g)]·x_f·x_g

over its own features and over the pairs (a, b) of crossed namespaces, with all indices cut to the model's
bits. Vowpal Wabbit computes the same in single precision, example by example, each parsed from text. Here the
features come as a table, and each sum is one lookup for all actions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from bandits.feature_table import Categories, Column, FeatureTable
from bandits.policies.encoding import SHARED, letter
from bandits.types import Features

FNV_PRIME = 16777619
"""What the left feature of a crossed pair is multiplied with (Fowler, Noll and Vo's prime of 32 bits)."""

HashOf = Callable[[str, str, str | float], int]
"""Namespace, name and value of a feature → the index of its weight."""

_REMEMBERED = 65536

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Features: `hashes` and `amounts`, each (n, width), or (1, width) where all actions have the same."""

    hashes: NDArray[np.int64]
    amounts: NDArray[np.float64]


class HashedModel:
    """Reads values off weights. Not thread-safe: one lock must guard it, the weights and `hash_of`."""

    def __init__(
        self, weights: NDArray[np.float32], crossed: Sequence[tuple[str, str]], hash_of: HashOf
    ) -> None:
        """`weights` (2^bits,) may be a view of a learner's: values then follow what it learns."""
        self._weights = weights
        self._mask = len(weights) - 1
        self._crossed = tuple(crossed)
        self._in_pairs = tuple(dict.fromkeys(space for pair in crossed for space in pair))
        self._hashes = _Hashes(hash_of)
        self._known = _KnownCategories(self._hashes, self._in_pairs)

    def values(self, context: Features, table: FeatureTable) -> NDArray[np.float64]:
        """Values (n,) of the actions of a table in a context: the predicted costs with the sign changed.

        ValueError for a namespace that is not known.
        """
        for space in context:
            letter(space)
        rows = self._known.rows(table.categories)
        costs = np.zeros(len(table))
        for block in self._linear(context, table, rows):
            costs += (self._weights[block.hashes] * block.amounts).sum(axis=1)
        blocks = {space: list(self._blocks(space, context, table, rows)) for space in self._in_pairs}
        for left, right in self._crossed:
            for some in blocks[left]:
                for others in blocks[right]:
                    costs += self._products(some, others)
        return -costs

    def _products(self, some: _Block, others: _Block) -> NDArray[np.float64]:
        """What two crossed blocks add to the costs: (n,), or (1,) where all actions have the same."""
        indices = FNV_PRIME * some.hashes[:, :, None] ^ others.hashes[:, None, :]
        weights = self._weights[indices & self._mask]
        added: NDArray[np.float64] = np.einsum("nij,ni,nj->n", weights, some.amounts, others.amounts)
        return added

    def _linear(self, context: Features, table: FeatureTable, rows: NDArray[np.intp]) -> Iterator[_Block]:
        """The features that count by themselves."""
        yield self._known.linear(rows)
        yield self._numbers(table, _linear_columns(table.columns))
        yield from (self._shared(space, own) for space, own in context.items() if space not in SHARED)

    def _blocks(
        self, space: str, context: Features, table: FeatureTable, rows: NDArray[np.intp]
    ) -> Iterator[_Block]:
        """The features of a namespace, without empty blocks."""
        if own := context.get(space):
            yield self._shared(space, own)
        if self._known.has(space):
            yield self._known.block(space, rows)
        columns = _columns_of(space, table.columns)
        if columns.size:
            yield self._numbers(table, columns)

    def _shared(self, space: str, own: Mapping[str, str | float]) -> _Block:
        hashes = [
            self._hashes(space, name, value if isinstance(value, str) else 1.0) for name, value in own.items()
        ]
        amounts = [1.0 if isinstance(value, str) else value for value in own.values()]
        return _Block(np.array([hashes], dtype=np.int64), np.array([amounts], dtype=np.float64))

    def _numbers(self, table: FeatureTable, columns: NDArray[np.intp]) -> _Block:
        return _Block(self._hashes.of_columns(table.columns)[columns][None, :], table.numbers[:, columns])


class _Hashes:
    """Where the weights of features are, asked for once each."""

    def __init__(self, hash_of: HashOf) -> None:
        self._hash_of = hash_of
        self._known: dict[tuple[str, str, str | float], int] = {}
        self._columns: dict[tuple[Column, ...], NDArray[np.int64]] = {}

    def __call__(self, space: str, name: str, value: str | float) -> int:
        key = (space, name, value)
        found = self._known.get(key)
        if found is None:
            _make_room(self._known)
            found = self._known[key] = self._hash_of(space, name, value)
        return found

    def of_columns(self, columns: tuple[Column, ...]) -> NDArray[np.int64]:
        """Those of numbers: (D,)."""
        found = self._columns.get(columns)
        if found is None:
            _make_room(self._columns)
            found = np.array([self(space, name, 1.0) for space, name in columns], dtype=np.int64)
            self._columns[columns] = found
        return found


class _KnownCategories:
    """The hashes of categories that were seen before: of all that count alone, and by crossed namespace."""

    def __init__(self, hashes: _Hashes, crossed: Sequence[str]) -> None:
        self._hashes = hashes
        self._rows: dict[Categories, int] = {}
        self._linear = _Padded()
        self._blocks = {space: _Padded() for space in crossed}

    def rows(self, categories: Sequence[Categories]) -> NDArray[np.intp]:
        """Which rows they have; new ones get theirs."""
        try:
            return np.array([self._rows[known] for known in categories], dtype=np.intp)
        except KeyError:
            if len(self._rows) + len(categories) > _REMEMBERED:
                self._rows.clear()
            for known in categories:
                if known not in self._rows:
                    self._add(known)
            return np.array([self._rows[known] for known in categories], dtype=np.intp)

    def linear(self, rows: NDArray[np.intp]) -> _Block:
        """The categories that count by themselves."""
        return self._linear.block(rows)

    def has(self, space: str) -> bool:
        """Whether any has categories in a crossed namespace."""
        return self._blocks[space].width > 0

    def block(self, space: str, rows: NDArray[np.intp]) -> _Block:
        """The categories in a crossed namespace."""
        return self._blocks[space].block(rows)

    def _add(self, known: Categories) -> None:
        row = len(self._rows)
        found = {
            space: [self._hashes(space, name, value) for name, value in own.items()]
            for space, own in known.spaces.items()
        }
        self._linear.put(row, [h for space, own in found.items() if space not in SHARED for h in own])
        for space, padded in self._blocks.items():
            padded.put(row, found.get(space, []))
        self._rows[known] = row


class _Padded:
    """Rows of hashes, as wide as the widest; where a row has none, its amount is 0."""

    def __init__(self) -> None:
        self._hashes = np.zeros((64, 0), dtype=np.int64)
        self._amounts = np.zeros((64, 0))

    @property
    def width(self) -> int:
        """The width of the widest row."""
        return self._hashes.shape[1]

    def put(self, row: int, hashes: Sequence[int]) -> None:
        """Set a row."""
        height, width = self._hashes.shape
        if row >= height or len(hashes) > width:
            room = (2 * height if row >= height else height, max(width, len(hashes)))
            self._hashes, self._amounts = _widened(self._hashes, room), _widened(self._amounts, room)
        self._hashes[row, : len(hashes)] = hashes
        self._amounts[row] = 0.0
        self._amounts[row, : len(hashes)] = 1.0

    def block(self, rows: NDArray[np.intp]) -> _Block:
        """Some of the rows."""
        return _Block(self._hashes[rows], self._amounts[rows])


def _widened(array: NDArray[Any], shape: tuple[int, int]) -> NDArray[Any]:
    height, width = array.shape
    return np.pad(array, ((0, shape[0] - height), (0, shape[1] - width)))


def _make_room(remembered: dict[Key, Value]) -> None:
    if len(remembered) >= _REMEMBERED:
        remembered.clear()


@lru_cache(maxsize=64)
def _linear_columns(columns: tuple[Column, ...]) -> NDArray[np.intp]:
    return np.array([at for at, (space, _) in enumerate(columns) if space not in SHARED], dtype=np.intp)


@lru_cache(maxsize=256)
def _columns_of(space: str, columns: tuple[Column, ...]) -> NDArray[np.intp]:
    return np.array([at for at, column in enumerate(columns) if column[0] == space], dtype=np.intp)
