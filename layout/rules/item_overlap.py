"""Shelves that still have something to show once repeated items are taken out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layout.rules.base import BaseRule, window
from layout.types import Grid, Ints, LayoutShelf, Mask, Pages, Row


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

    min_items: int

    def rows(self, shelves: tuple[LayoutShelf, ...], grid: Grid) -> tuple[Row, ...]:
        """Rows for shelves too short to place, for groups that exclude each other, and for what is left.

        Two shelves exclude each other when their overlap alone exceeds the budget of one. Every such pair is
        in some group of mutually exclusive shelves, and one row allows one of a group. A shelf s that several
        others can still exhaust together gets Σₜ overlap(s, t)·xₜ + M·xₛ ≤ budget + M over the t it does not
        exclude, M being what the K largest of them exceed the budget by: without s the row holds for every
        page, with s it says Σₜ ≤ budget.
        """
        overlap = _overlaps(shelves)
        budget = budgets(_lengths(shelves), self.min_items)
        everywhere = window(grid, 1, None)
        short = budget < 0
        rows = [self._row(short, everywhere, hi=0)] if short.any() else []
        overlap[short | short[:, None]] = 0
        exclusive = (overlap > np.minimum(budget[:, None], budget)) & (overlap > 0)
        rows += [self._row(group, everywhere, hi=1) for group in _groups(exclusive)]
        overlap[exclusive] = 0
        return tuple(rows + self._together(overlap, budget, everywhere))

    def _together(self, overlap: Ints, budget: Ints, everywhere: Mask) -> list[Row]:
        largest = np.sort(overlap, axis=1)[:, ::-1]
        beside = largest[:, : len(everywhere) - 1].sum(axis=1)
        excess = largest[:, : len(everywhere)].sum(axis=1) - budget
        np.fill_diagonal(overlap, excess)
        binding = np.flatnonzero((beside > budget) & (budget >= 0))
        return [self._row(overlap[s], everywhere, hi=int(budget[s] + excess[s])) for s in binding]

    def check(self, shelves: tuple[LayoutShelf, ...], grid: Grid, pages: Pages) -> Mask:  # noqa: ARG002
        """Which pages (b, K) leave every shelf its `min_items`: (b,) bool."""
        if not pages.size:
            return np.ones(len(pages), dtype=np.bool_)
        placed, at = np.unique(pages, return_inverse=True)
        at = at.reshape(pages.shape)
        items = [frozenset(shelves[s].items) for s in placed.tolist()]
        shared = np.array(
            [[0 if i == j else len(a & b) for j, b in enumerate(items)] for i, a in enumerate(items)],
            dtype=np.int64,
        ).reshape(len(items), len(items))
        budget = np.array([self._budget(len(own)) for own in items], dtype=np.int64)
        kept: Mask = (shared[at[:, :, None], at[:, None, :]].sum(axis=2) <= budget[at]).all(axis=1)
        return kept

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


def _lengths(shelves: tuple[LayoutShelf, ...]) -> Ints:
    return np.array([len(frozenset(shelf.items)) for shelf in shelves], dtype=np.int64)


def _overlaps(shelves: tuple[LayoutShelf, ...]) -> Ints:
    """|items_s ∩ items_t| with a zero diagonal: (n, n) int64, from the incidence matrix A as A·Aᵀ."""
    lengths = [len(shelf.items) for shelf in shelves]
    flat = np.array([item for shelf in shelves for item in shelf.items], dtype=np.int64)
    _, column = np.unique(flat, return_inverse=True)
    incidence = np.zeros((len(shelves), int(column.max(initial=-1)) + 1), dtype=np.float32)
    incidence[np.repeat(np.arange(len(shelves)), lengths), column] = 1.0
    overlap = (incidence @ incidence.T).astype(np.int64)
    np.fill_diagonal(overlap, 0)
    return overlap


def _groups(exclusive: Mask) -> list[Mask]:
    """Sets of mutually exclusive shelves, grown greedily until every exclusive pair (n, n) is in one."""
    open_pairs = np.triu(exclusive, 1)
    groups = []
    while open_pairs.any():
        members = [int(open_pairs.any(axis=1).argmax())]
        members.append(int(open_pairs[members[0]].argmax()))
        joint = exclusive[members[0]] & exclusive[members[1]]
        while joint.any():
            members.append(int(joint.argmax()))
            joint &= exclusive[members[-1]]
        open_pairs[np.ix_(members, members)] = False
        groups.append(np.isin(np.arange(len(exclusive)), members))
    return groups
