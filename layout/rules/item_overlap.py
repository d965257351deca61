"""Shelves that still have something to show once repeated items are taken out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layout.rules.base import BaseRule, window
from layout.types import Grid, Ints, LayoutShelf, Mask, Pages, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemOverlap(BaseRule):
    """Every shelf on the page keeps at least `min_items` items, whichever way shared items are trimmed.

    For each placed shelf s: Σ over the other placed shelves t of |items_s ∩ items_t| ≤ |items_s| − min_items.
    A shelf with fewer than `min_items` items of its own can therefore not be placed.
    """

    min_items: int

    def rows(self, shelves: tuple[LayoutShelf, ...], grid: Grid) -> tuple[Row, ...]:
        """One row per shelf that could lose too much.

        Σₜ overlap(s, t)·xₜ + M·xₛ ≤ budget + M, where M is what the K largest overlaps exceed the budget by:
        without s the row holds for every page, with s it says Σₜ ≤ budget.
        """
        overlap = _overlaps(shelves)
        size = min(len(grid.slots), len(shelves))
        budget = _lengths(shelves) - self.min_items
        largest = np.sort(overlap, axis=1)[:, ::-1]
        beside = largest[:, : size - 1].sum(axis=1)
        slack = np.maximum(largest[:, :size].sum(axis=1) - budget, 1)
        np.fill_diagonal(overlap, slack)
        everywhere = window(grid, 1, None)
        binding = np.flatnonzero(beside > budget)
        return tuple(self._row(overlap[s], everywhere, hi=int(budget[s] + slack[s])) for s in binding)

    def check(self, shelves: tuple[LayoutShelf, ...], grid: Grid, pages: Pages) -> Mask:
        """Which pages (b, K) leave every shelf its `min_items`: (b,) bool."""
        items = [frozenset(shelf.items) for shelf in shelves]
        return np.array([self._kept([items[s] for s in page]) for page in pages.tolist()], dtype=np.bool_)

    def _kept(self, placed: list[frozenset[int]]) -> bool:
        return all(
            len(own) - sum(len(own & other) for j, other in enumerate(placed) if j != i) >= self.min_items
            for i, own in enumerate(placed)
        )

    def _validate(self) -> None:
        self._at_least("min_items", self.min_items, 1)


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
