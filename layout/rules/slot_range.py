"""Shelves that belong to a part of the page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layout.rules.base import BaseRule, window
from layout.selector import Selector
from layout.types import Grid, LayoutShelf, Mask, Pages, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRange(BaseRule):
    """Matching shelves stand in slots `first` to `last` only (counted from 1; None is the last)."""

    selector: Selector
    first: int = 1
    last: int | None = None

    def rows(self, shelves: tuple[LayoutShelf, ...], grid: Grid) -> tuple[Row, ...]:
        """One row: the slots outside the range count no match."""
        outside = ~window(grid, self.first, self.last)
        matches = self.selector.mask(shelves)
        if not outside.any() or not matches.any():
            return ()
        return (self._row(matches, outside, hi=0),)

    def check(self, shelves: tuple[LayoutShelf, ...], grid: Grid, pages: Pages) -> Mask:  # noqa: ARG002
        """Which pages (b, K) have no match before `first` or after `last`: (b,) bool."""
        hits = self.selector.mask(shelves)[pages]
        last = pages.shape[1] if self.last is None else self.last
        position = np.arange(1, pages.shape[1] + 1)
        outside = (position < self.first) | (position > last)
        kept: Mask = ~np.logical_or.reduce(hits & outside, axis=1)
        return kept

    def _validate(self) -> None:
        self._window(self.first, self.last)
