"""A model's values of all actions of a request at once, from Vowpal Wabbit's weights.

The model is linear in hashed features. Of an action with features x in a context it predicts the cost

    Σ_f w[h(f)]·x_f + Σ_(a, b) Σ_(f in a, g in b) w[(16777619·h(f)) xor h(g)]·x_f·x_g

over its own features and over the pairs (a, b) of crossed namespaces, with all indices cut to the model's
bits. Vowpal Wabbit computes the same in single precision, example by example, each parsed from text. Here the
features come as a table. What an action's own categories cost, alone and crossed with each other, is the same
in every request until the model learns; a request only crosses its context with them, and adds the numbers.

Values are the same to the bit whatever was scored before, so that a logged decision comes out again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandits.feature_table import Column, FeatureTable
from bandits.policies.encoding import SHARED, letter
from bandits.policies.places import (
    FNV_PRIME,
    Crossed,
    CrossedCategories,
    Feature,
    Floats,
    HashOf,
    Ints,
    KnownCategories,
    KnownColumns,
    Rows,
    hashes,
)
from bandits.remembered import MOST, Remembered
from bandits.types import Features

_TABLES = 64
_CONTEXTS = 1024


class _Beside(NamedTuple):
    """Features of a context in a namespace, which a namespace of the actions is crossed with.

    A pair's weight is at the hash of the one times `factor`, xor that of the action's feature times
    `own_factor`.
    """

    space: str
    features: Mapping[str, str | float]
    factor: int
    own_factor: int


@dataclass(frozen=True, slots=True, eq=False)
class _Numbers:
    """What numbers weigh by themselves: `each` (D,) alone and `products` (P,) crossed with each other."""

    columns: KnownColumns
    each: Floats
    products: Floats


class HashedModel:
    """Reads values off weights. Not thread-safe: one lock must guard it, the weights and `hash_of`."""

    def __init__(self, weights: NDArray[np.float32], crossed: Crossed, hash_of: HashOf) -> None:
        """`weights` (2^bits,) may be a view of a learner's; set `stale` when they have changed."""
        self._weights = weights
        self._mask = len(weights) - 1
        self._crossed = crossed
        spaces = dict.fromkeys(space for pair in crossed for space in pair)
        self._partners = {space: _partners(space, crossed) for space in spaces}
        self._hashes = hashes(hash_of)
        self._columns = Remembered(self._columns_of, _TABLES)
        self._known = KnownCategories(self._hashes, crossed, self._mask)
        # What each known row costs, where it was read off the weights since they changed.
        self._costs, self._read = np.zeros(MOST), np.zeros(MOST, dtype=np.bool_)
        self._forget()

    def values(self, context: Features, table: FeatureTable) -> Floats:
        """Values (n,) of the actions of a table in a context: the predicted costs with the sign changed.

        ValueError for a namespace that is not known.
        """
        for space in context:
            letter(space)
        if not self._known.has_room(len(table)):
            self._known, self.stale = KnownCategories(self._hashes, self._crossed, self._mask), True
        if self.stale:
            self._forget()
        rows, numbers = self._known.rows(table.categories), self._numbers[table.columns]
        costs = self._of_categories(rows, context)
        costs += self._of_numbers(table.numbers, numbers, context)
        costs += self._of_both(rows, table.numbers, numbers.columns)
        costs += self._of_context(context)
        return -costs

    def _forget(self) -> None:
        """Forget what was read off the weights."""
        self.stale = False
        self._read[:] = False
        self._beside_known: dict[tuple[object, ...], Floats] = {}
        self._numbers = Remembered(self._numbers_of, _TABLES)

    def _of_categories(self, rows: Rows, context: Features) -> Floats:
        """What categories cost, alone, crossed with each other and with the context: (n,)."""
        costs = self._own_costs(rows)
        for space, known in self._known.of.items():
            for beside in self._beside(space, context) if known else ():
                each = self._of_known(space, known, beside)
                costs += _added(each.take(known.positions(rows, len(self._known))))
        return costs

    def _own_costs(self, rows: Rows) -> Floats:
        """What categories cost, alone and crossed with each other: (n,)."""
        unread = np.unique(rows[~self._read[rows]])
        if unread.size:
            places = self._known.places(unread)
            self._costs[unread] = _added(np.where(places >= 0, self._weights[places], np.float64(0.0)))
            self._read[unread] = True
        return self._costs.take(rows)

    def _of_known(self, space: str, known: CrossedCategories, beside: _Beside) -> Floats:
        """What each category known in a namespace costs beside a context: (u,), 0 for none.

        Contexts of categories alone come again, and are remembered.
        """
        key = (space, beside.factor, beside.space, tuple(beside.features.items()))
        each = self._beside_known.get(key)
        if each is None or len(each) < len(known.hashes):
            each = self._crossed_costs(beside, known.hashes)
            each[0] = 0.0
            if all(isinstance(value, str) for value in beside.features.values()):
                if len(self._beside_known) >= _CONTEXTS:
                    self._beside_known.clear()
                self._beside_known[key] = each
        return each

    def _of_numbers(self, numbers: Floats, known: _Numbers, context: Features) -> Floats:
        """What numbers cost, alone, crossed with each other and with the context: (n,)."""
        each, columns = known.each, known.columns
        for space, own in columns.of.items():
            for beside in self._beside(space, context):
                each = each.copy()
                each[own] += self._crossed_costs(beside, columns.hashes[own])
        costs: Floats = (numbers * each).sum(axis=1)
        if columns.places.size:
            products = numbers.take(columns.lefts, axis=1) * numbers.take(columns.rights, axis=1)
            costs += (products * known.products).sum(axis=1)
        return costs

    def _of_both(self, rows: Rows, numbers: Floats, columns: KnownColumns) -> Floats | float:
        """What categories crossed with numbers cost: (n,)."""
        costs: Floats | float = 0.0
        for space, own in columns.of.items():
            for factor, own_factor, partners in self._partners[space]:
                for known in filter(None, map(self._known.of.__getitem__, partners)):
                    hashes = factor * known.hashes[:, None]
                    weights = self._crossing(hashes, own_factor * columns.hashes[own])
                    weights[0] = 0.0
                    each = _added(weights.take(known.positions(rows, len(self._known)), axis=0))
                    costs = costs + (numbers.take(own, axis=1) * each).sum(axis=1)
        return costs

    def _of_context(self, context: Features) -> float:
        """What the features of a context cost, alone and crossed with each other."""
        places = [
            (self._hashes[feature], amount)
            for space in context
            if space not in SHARED
            for feature, amount in _features(space, context[space])
        ]
        places += [
            (FNV_PRIME * self._hashes[one] ^ self._hashes[other], some * more)
            for left, right in self._crossed
            if left in context and right in context
            for one, some in _features(left, context[left])
            for other, more in _features(right, context[right])
        ]
        return sum(float(self._weights[place & self._mask]) * amount for place, amount in places)

    def _beside(self, space: str, context: Features) -> Iterator[_Beside]:
        """What of the context a namespace is crossed with, from the left and from the right."""
        for factor, own_factor, partners in self._partners[space]:
            for partner in partners:
                if features := context.get(partner):
                    yield _Beside(partner, features, factor, own_factor)

    def _crossed_costs(self, beside: _Beside, hashes: Ints) -> Floats:
        """What features of the actions cost beside a context, by their hashes: (len(hashes),)."""
        features = _features(beside.space, beside.features)
        theirs = np.array([beside.factor * self._hashes[feature] for feature, _ in features], dtype=np.int64)
        amounts = np.array([amount for _, amount in features])
        weights = self._crossing(theirs[:, None], beside.own_factor * hashes)
        costs: Floats = (weights * amounts[:, None]).sum(axis=0)
        return costs

    def _crossing(self, some: Ints, others: Ints) -> NDArray[np.float32]:
        """The weights of crossed pairs, of which the left hashes are multiplied already."""
        weights: NDArray[np.float32] = self._weights[(some ^ others) & self._mask]
        return weights

    def _columns_of(self, columns: tuple[Column, ...]) -> KnownColumns:
        return KnownColumns(columns, self._hashes, self._crossed, self._mask)

    def _numbers_of(self, columns: tuple[Column, ...]) -> _Numbers:
        known = self._columns[columns]
        each, products = self._weights[known.hashes] * known.alone, self._weights[known.places]
        return _Numbers(known, each, products.astype(np.float64))


def _added(terms: NDArray[np.floating]) -> Floats:
    """Terms (width, ...) added up one after the other, so that zeros at the end change nothing."""
    sums: Floats = terms.cumsum(axis=0, dtype=np.float64)[-1]
    return sums


def _partners(space: str, crossed: Crossed) -> tuple[tuple[int, int, tuple[str, ...]], ...]:
    """The namespaces crossed from the left and from the right, with their factor and that of `space`."""
    lefts = tuple(left for left, right in crossed if right == space)
    rights = tuple(right for left, right in crossed if left == space)
    return tuple(side for side in ((FNV_PRIME, 1, lefts), (1, FNV_PRIME, rights)) if side[2])


def _features(space: str, own: Mapping[str, str | float]) -> list[tuple[Feature, float]]:
    """The features in a namespace, and their amounts."""
    return [
        ((space, name, value), 1.0) if isinstance(value, str) else ((space, name, 1.0), value)
        for name, value in own.items()
    ]
