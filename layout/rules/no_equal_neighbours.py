"""Neighbours that differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layout.rules.base import BaseRule, sliding
from layout.selector import attribute
from layout.types import Grid, Ints, LayoutShelf, Mask, Pages, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class NoEqualNeighbours(BaseRule):
    """Neighbouring shelves differ in `attribute`. Shelves without it, or with the value "", are exempt."""

    attribute: str

    def rows(self, shelves: tuple[LayoutShelf, ...], grid: Grid) -> tuple[Row, ...]:
        """One row per repeated value and pair of neighbouring slots: it counts at most one such shelf."""
        codes = self._codes(shelves)
        repeated = np.flatnonzero(np.bincount(codes[codes >= 0]) > 1)
        pairs = sliding(grid, 2) if len(grid.slots) > 1 else ()
        coefs = [(codes == code).astype(np.int64) for code in repeated]
        return tuple(self._row(coef, pair, hi=1) for coef in coefs for pair in pairs)

    def check(self, shelves: tuple[LayoutShelf, ...], grid: Grid, pages: Pages) -> Mask:  # noqa: ARG002
        """Which pages (b, K) have no two neighbours with the same non-empty value: (b,) bool."""
        shown = self._codes(shelves)[pages]
        kept: Mask = ~((shown[:, 1:] == shown[:, :-1]) & (shown[:, 1:] >= 0)).any(axis=1)
        return kept

    def _codes(self, shelves: tuple[LayoutShelf, ...]) -> Ints:
        """A number for each shelf's value, −1 for none: (n,) int64."""
        codes: dict[object, int] = {"": -1}
        values = (attribute(shelf, self.attribute) for shelf in shelves)
        keys = ((type(v), v) if isinstance(v, bool) else v for v in values)
        return np.array([codes.setdefault(key, len(codes) - 1) for key in keys], dtype=np.int64)

    def _validate(self) -> None:
        self._text("attribute", self.attribute)
