"""Shelves that still have something to show once repeated items are taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import ClassVar

import numpy as np

from layout.inputs import Inputs
from layout.kernels.overlap import exclusive_groups, most_together, overlaps
from layout.rows import Rows, none, paired
from layout.rules.base import BaseRule
from layout.types import Ints, Mask, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemOverlap(BaseRule):
    """The page's items can be dealt out so that no item shows twice and every shelf keeps `min_items`.

    For each placed shelf s: Σ over the other placed shelves t of |items_s ∩ items_t| ≤ `budgets`(|items_s|).
    A shelf with fewer than `min_items` items of its own can therefore not be placed.

    Why that suffices: let d ≥ 1 be on how many placed shelves an item stands, and share it equally between
    them. By convexity 1/d ≥ (2m + 1 − d) / (m(m + 1)) for every whole d and m ≥ 1, so that the shares of s
    add up to at least (2m·|items_s| − Σₜ|items_s ∩ items_t|) / (m(m + 1)), which is at least `min_items` for
    the m that sets the budget. A fractional deal in which every shelf gets `min_items` exists, hence a whole
    one: the constraint matrix of a bipartite graph is totally unimodular (Hoffman and Kruskal 1956).
    """

    MAY_BE_SOFT: ClassVar[bool] = False

    min_items: int

    def rows(self, inputs: Inputs) -> Rows:
        """Rows for shelves too short to place, for groups that exclude each other, and for what is left.

        Two shelves exclude each other when their overlap alone exceeds the budget of one. Every such pair is
        in some group of mutually exclusive shelves, and one row allows one of a group. A shelf s that several
        others can still exhaust together gets Σₜ overlap(s, t)·xₜ + M·xₛ ≤ budget + M over the t it does not
        exclude, M being what any K of them can exceed the budget by: without s the row holds for every page,
        with s it says Σₜ ≤ budget. Options of one shelf with the same items count as one.
        """
        units, of = _units(inputs)
        overlap, lengths = overlaps(*_flat(inputs, units), inputs.column("id").codes[units])
        budget = budgets(lengths, self.min_items)
        short = budget < 0
        overlap[short | short[:, None]] = 0
        exclusive = (overlap > np.minimum(budget[:, None], budget)) & (overlap > 0)
        groups = exclusive_groups(exclusive)
        overlap[exclusive] = 0
        coef, limit = _together(overlap, exclusive, budget, inputs.slots)
        unplaceable = short[None][: int(short.any())]
        coefs = np.concatenate([unplaceable, groups, coef])[:, of]
        if not len(coefs):
            return none(inputs.n, inputs.slots)
        most = np.concatenate([np.zeros(len(unplaceable)), np.ones(len(groups)), limit]).astype(np.int64)
        return paired(coefs, np.ones((1, inputs.slots), dtype=np.int64), hi=most)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many items beyond their budgets the shelves of each of the pages (b, K) share: (b,)."""
        placed, at = np.unique(pages, return_inverse=True)
        at = at.reshape(pages.shape)
        items = [frozenset(inputs.shelves[s].items) for s in placed.tolist()]
        shared = np.zeros((len(items), len(items)), dtype=np.int64)
        for i, own in enumerate(items):
            for j in range(i):
                shared[i, j] = shared[j, i] = len(own & items[j])
        budget = np.array([self._budget(len(own)) for own in items], dtype=np.int64)
        together = shared[at[:, :, None], at[:, None, :]].sum(axis=2)
        over: Ints = np.maximum(together - budget[at], 0).sum(axis=1)
        return over

    def _budget(self, size: int) -> int:
        if size < self.min_items:
            return -1
        return max(m * (2 * size - self.min_items * (m + 1)) for m in range(1, size + 1))

    def _validate(self) -> None:
        self._at_least("min_items", self.min_items, 1)


def budgets(lengths: Ints, min_items: int) -> Ints:
    """How much shelves with `lengths` (n,) items may overlap others: maxₘ m(2·length − min_items(m + 1)).

    The maximum lies next to m = length / min_items − ½. Below `min_items` items there is no budget: −1.
    """
    nearest = np.maximum(lengths // min_items, 1)
    around = np.stack([np.maximum(nearest - 1, 1), nearest])
    budget: Ints = (around * (2 * lengths - min_items * (around + 1))).max(axis=0)
    return np.where(lengths < min_items, -1, budget)


def _units(inputs: Inputs) -> tuple[list[int], Ints]:
    """The first of the options that share a shelf and its items, and each option's place among those."""
    place: dict[tuple[str, tuple[int, ...]], int] = {}
    first: list[int] = []
    of = np.empty(inputs.n, dtype=np.int64)
    for option, shelf in enumerate(inputs.shelves):
        key = (shelf.group, shelf.items)
        if key not in place:
            place[key] = len(first)
            first.append(option)
        of[option] = place[key]
    return first, of


def _together(overlap: Ints, exclusive: Mask, budget: Ints, slots: int) -> tuple[Ints, Ints]:
    """Coefficients (m, n) and limits (m,) for options that several others can exhaust together."""
    beside, alone = most_together(overlap, exclusive, slots)
    excess = alone - budget
    binding = np.flatnonzero((beside > budget) & (budget >= 0))
    coef = overlap[binding]
    coef[np.arange(len(binding)), binding] = excess[binding]
    return coef, budget[binding] + excess[binding]


def _flat(inputs: Inputs, units: Sequence[int]) -> tuple[Ints, Ints]:
    """The items of some options end to end, and which of them each belongs to."""
    each = [inputs.shelves[option].items for option in units]
    lengths = [len(items) for items in each]
    flat = np.fromiter(chain.from_iterable(each), np.int64, sum(lengths))
    return flat, np.repeat(np.arange(len(units)), lengths)
