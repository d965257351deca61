"""What every rule has in common: its name, how it yields, and why it exists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layout.errors import InvalidRuleError
from layout.types import Grid, Ints, LayoutShelf, Mask, Pages, Row

NO_LIMIT = 1 << 40
"""A row bound that no sum of coefficients reaches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRule:
    """The fields of every rule.

    `id` is unique in a rulebook. `relaxation` is the order in which the rule may be dropped when no page is
    feasible, lowest first; None is never. `reason` tells people why the rule exists, `owner` whom to ask.
    Raises InvalidRuleError when a field has no meaning.
    """

    id: str
    relaxation: int | None = None
    reason: str = ""
    owner: str = ""

    def __post_init__(self) -> None:
        self._text("id", self.id)
        if self.relaxation is not None:
            self._at_least("relaxation", self.relaxation, 0)
        for field in ("reason", "owner"):
            self._text(field, getattr(self, field), may_be_empty=True)
        self._validate()

    def rows(self, shelves: tuple[LayoutShelf, ...], grid: Grid) -> tuple[Row, ...]:
        """The rule as linear constraints on the assignment of these shelves to this grid."""
        raise NotImplementedError

    def check(self, shelves: tuple[LayoutShelf, ...], grid: Grid, pages: Pages) -> Mask:
        """Which of the `pages` (b, K) obey the rule: (b,) bool."""
        raise NotImplementedError

    def _validate(self) -> None:
        """Check the fields of the kind itself."""

    def _text(self, field: str, value: object, *, may_be_empty: bool = False) -> None:
        if not isinstance(value, str) or not (value.strip() or may_be_empty):
            raise InvalidRuleError(
                str(self.id), field, value, "use a text" + " or leave it out" * may_be_empty
            )

    def _at_least(self, field: str, value: object, least: int) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InvalidRuleError(self.id, field, value, f"use a whole number of {least} or more")

    def _window(self, first: int, last: int | None) -> None:
        self._at_least("first", first, 1)
        if last is not None:
            self._at_least("last", last, 1)
            if last < first:
                raise InvalidRuleError(
                    self.id, "last", last, f"use a slot at or below the first one, {first}"
                )

    def _row(self, coef: Mask | Ints, slots: Mask, lo: int = -NO_LIMIT, hi: int = NO_LIMIT) -> Row:
        return Row(self.id, coef.astype(np.int64, copy=False), slots, lo, hi)


def window(grid: Grid, first: int, last: int | None) -> Mask:
    """The slots from `first` to `last`, counted from 1 and both included, that the grid has: (K,) bool."""
    slots = np.zeros(len(grid.slots), dtype=np.bool_)
    slots[first - 1 : last] = True
    return slots


def sliding(grid: Grid, width: int) -> tuple[Mask, ...]:
    """Every run of `width` neighbouring slots (the whole grid where it is shorter), each (K,) bool."""
    size = len(grid.slots)
    width = min(width, size)
    return tuple(window(grid, start, start + width - 1) for start in range(1, size - width + 2))


def gaps_kept(hits: Mask, gap: int) -> Mask:
    """Which pages keep at least `gap` other shelves between any two hits (b, K): (b,) bool."""
    kept = np.ones(len(hits), dtype=np.bool_)
    for distance in range(1, min(gap, hits.shape[1] - 1) + 1):
        kept &= ~(hits[:, distance:] & hits[:, :-distance]).any(axis=1)
    return kept
