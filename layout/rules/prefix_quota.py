"""The mix above the fold."""

from __future__ import annotations

from dataclasses import dataclass

from layout.errors import InvalidRuleError
from layout.rules.base import NO_LIMIT, BaseRule, window
from layout.selector import Selector
from layout.types import Grid, LayoutShelf, Mask, Pages, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixQuota(BaseRule):
    """Among the first `prefix` slots at least `lo` (where available) and at most `hi` shelves match."""

    selector: Selector
    prefix: int
    lo: int = 0
    hi: int | None = None

    def rows(self, shelves: tuple[LayoutShelf, ...], grid: Grid) -> tuple[Row, ...]:
        """One row: the prefix counts between `lo`, or what is available, and `hi` matches."""
        matches = self.selector.mask(shelves)
        slots = window(grid, 1, self.prefix)
        needed = min(self.lo, int(matches.sum()), int(slots.sum()))
        return (self._row(matches, slots, needed, NO_LIMIT if self.hi is None else self.hi),)

    def check(self, shelves: tuple[LayoutShelf, ...], grid: Grid, pages: Pages) -> Mask:  # noqa: ARG002
        """Which pages (b, K) keep both limits in their first `prefix` slots: (b,) bool."""
        matches = self.selector.mask(shelves)
        hits = matches[pages[:, : self.prefix]]
        found = hits.sum(axis=1)
        enough: Mask = (found >= self.lo) | (found == matches.sum()) | hits.all(axis=1)
        return enough if self.hi is None else enough & (found <= self.hi)

    def _validate(self) -> None:
        self._at_least("prefix", self.prefix, 1)
        self._at_least("lo", self.lo, 0)
        if self.hi is None and not self.lo:
            raise InvalidRuleError(self.id, "hi", self.hi, "give lo, hi or both")
        if self.hi is not None:
            self._at_least("hi", self.hi, 0)
            if self.hi < self.lo:
                raise InvalidRuleError(self.id, "hi", self.hi, f"use at least lo = {self.lo}")
