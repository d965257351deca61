"""A shelf that always has the same place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layout.rules.base import BaseRule, window
from layout.selector import Selector
from layout.types import Grid, LayoutShelf, Mask, Pages, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned(BaseRule):
    """Slot `slot` (counted from 1) holds a matching shelf.

    Says nothing when no shelf matches or the page is shorter. Matching shelves may also stand elsewhere.
    """

    selector: Selector
    slot: int

    def rows(self, shelves: tuple[LayoutShelf, ...], grid: Grid) -> tuple[Row, ...]:
        """One row: the pinned slot counts one match."""
        matches = self.selector.mask(shelves)
        if not matches.any() or self.slot > len(grid.slots):
            return ()
        return (self._row(matches, window(grid, self.slot, self.slot), lo=1),)

    def check(self, shelves: tuple[LayoutShelf, ...], grid: Grid, pages: Pages) -> Mask:  # noqa: ARG002
        """Which pages (b, K) have a match in the slot, where one exists: (b,) bool."""
        matches = self.selector.mask(shelves)
        if self.slot > pages.shape[1] or not matches.any():
            return np.ones(len(pages), dtype=np.bool_)
        return matches[pages[:, self.slot - 1]]

    def _validate(self) -> None:
        self._at_least("slot", self.slot, 1)
