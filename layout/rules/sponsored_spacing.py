"""Where paid shelves may stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layout.errors import InvalidRuleError
from layout.rules.base import BaseRule, gaps_kept, sliding, window
from layout.selector import attribute
from layout.types import Grid, LayoutShelf, Mask, Pages, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class SponsoredSpacing(BaseRule):
    """Limits on sponsored shelves: those whose `attribute` is true, a non-empty text or a non-zero number.

    None of the first `clear_first` slots holds one, at least `gap` other shelves stand between two, and a
    page has at most `cap` (None is no cap).
    """

    attribute: str = "sponsored"
    clear_first: int = 0
    gap: int = 0
    cap: int | None = None

    def rows(self, shelves: tuple[LayoutShelf, ...], grid: Grid) -> tuple[Row, ...]:
        """One row for the clear slots, one per run of gap + 1 slots, one for the cap."""
        paid = self._paid(shelves).astype(np.int64)
        if not paid.any():
            return ()
        rows = [self._row(paid, window(grid, 1, self.clear_first), hi=0)] if self.clear_first else []
        if self.gap:
            rows += [self._row(paid, slots, hi=1) for slots in sliding(grid, self.gap + 1)]
        if self.cap is not None:
            rows.append(self._row(paid, window(grid, 1, None), hi=self.cap))
        return tuple(rows)

    def check(self, shelves: tuple[LayoutShelf, ...], grid: Grid, pages: Pages) -> Mask:  # noqa: ARG002
        """Which pages (b, K) keep all three limits: (b,) bool."""
        hits = self._paid(shelves)[pages]
        kept = gaps_kept(hits, self.gap) & ~hits[:, : self.clear_first].any(axis=1)
        return kept if self.cap is None else kept & (hits.sum(axis=1) <= self.cap)

    def _paid(self, shelves: tuple[LayoutShelf, ...]) -> Mask:
        return np.array([bool(attribute(shelf, self.attribute)) for shelf in shelves], dtype=np.bool_)

    def _validate(self) -> None:
        self._text("attribute", self.attribute)
        self._at_least("clear_first", self.clear_first, 0)
        self._at_least("gap", self.gap, 0)
        if self.cap is not None:
            self._at_least("cap", self.cap, 0)
        elif not self.clear_first and not self.gap:
            raise InvalidRuleError(self.id, "cap", self.cap, "give clear_first, gap, cap or several of them")
