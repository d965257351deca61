"""Enough of one thing, where there is any."""

from __future__ import annotations

from dataclasses import dataclass

from layout.rules.base import BaseRule, window
from layout.selector import Selector
from layout.types import Grid, LayoutShelf, Mask, Pages, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class MinCount(BaseRule):
    """At least `count` shelves match in slots `first` to `last` (counted from 1; the whole page by default).

    Where fewer shelves match, or the window has fewer slots, that many.
    """

    selector: Selector
    count: int
    first: int = 1
    last: int | None = None

    def rows(self, shelves: tuple[LayoutShelf, ...], grid: Grid) -> tuple[Row, ...]:
        """One row: the slots of the window count at least as many matches as are wanted and possible."""
        matches = self.selector.mask(shelves)
        slots = window(grid, self.first, self.last)
        needed = min(self.count, int(matches.sum()), int(slots.sum()))
        return (self._row(matches, slots, lo=needed),) if needed else ()

    def check(self, shelves: tuple[LayoutShelf, ...], grid: Grid, pages: Pages) -> Mask:  # noqa: ARG002
        """Which pages (b, K) have `count` matches in the window, or as many as can be: (b,) bool."""
        matches = self.selector.mask(shelves)
        hits = matches[pages[:, self.first - 1 : self.last]]
        found = hits.sum(axis=1)
        kept: Mask = (found >= self.count) | (found == matches.sum()) | hits.all(axis=1)
        return kept

    def _validate(self) -> None:
        self._at_least("count", self.count, 0)
        self._window(self.first, self.last)
