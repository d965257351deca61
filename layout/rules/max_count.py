"""Not too much of one thing."""

from __future__ import annotations

from dataclasses import dataclass

from layout.rules.base import BaseRule, window
from layout.selector import Selector
from layout.types import Grid, LayoutShelf, Mask, Pages, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxCount(BaseRule):
    """At most `count` shelves match in slots `first` to `last`, counted from 1; by default the whole page."""

    selector: Selector
    count: int
    first: int = 1
    last: int | None = None

    def rows(self, shelves: tuple[LayoutShelf, ...], grid: Grid) -> tuple[Row, ...]:
        """One row: the slots of the window count at most `count` matches."""
        matches = self.selector.mask(shelves)
        slots = window(grid, self.first, self.last)
        if min(int(matches.sum()), int(slots.sum())) <= self.count:
            return ()
        return (self._row(matches, slots, hi=self.count),)

    def check(self, shelves: tuple[LayoutShelf, ...], grid: Grid, pages: Pages) -> Mask:  # noqa: ARG002
        """Which pages (b, K) have at most `count` matches in the window: (b,) bool."""
        hits = self.selector.mask(shelves)[pages[:, self.first - 1 : self.last]]
        kept: Mask = hits.sum(axis=1) <= self.count
        return kept

    def _validate(self) -> None:
        self._at_least("count", self.count, 0)
        self._window(self.first, self.last)
