"""Room between alike shelves."""

from __future__ import annotations

from dataclasses import dataclass

from layout.rules.base import BaseRule, gaps_kept, sliding
from layout.selector import Selector
from layout.types import Grid, LayoutShelf, Mask, Pages, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class MinGap(BaseRule):
    """At least `gap` other shelves between any two matching shelves."""

    selector: Selector
    gap: int

    def rows(self, shelves: tuple[LayoutShelf, ...], grid: Grid) -> tuple[Row, ...]:
        """One row per run of gap + 1 neighbouring slots: it counts at most one match."""
        matches = self.selector.mask(shelves).astype("int64")
        if matches.sum() < 2:
            return ()
        return tuple(self._row(matches, slots, hi=1) for slots in sliding(grid, self.gap + 1))

    def check(self, shelves: tuple[LayoutShelf, ...], grid: Grid, pages: Pages) -> Mask:  # noqa: ARG002
        """Which pages (b, K) have no two matches closer than gap + 1 slots: (b,) bool."""
        return gaps_kept(self.selector.mask(shelves)[pages], self.gap)

    def _validate(self) -> None:
        self._at_least("gap", self.gap, 1)
