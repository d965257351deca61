"""Neighbours that differ."""

from __future__ import annotations

from dataclasses import dataclass

from layout.inputs import Inputs
from layout.rows import Rows, none, product, sliding
from layout.rules.base import BaseRule, shown_values, value_masks
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class NoEqualNeighbours(BaseRule):
    """Neighbouring shelves differ in `attribute`. Shelves without it, or with the value "", are exempt."""

    attribute: str

    def rows(self, inputs: Inputs) -> Rows:
        """One row per repeated value and pair of neighbouring slots: it counts at most one such shelf."""
        repeated = value_masks(inputs, self.attribute, more_than=1)
        if not len(repeated) or inputs.slots < 2:
            return none(inputs.n, inputs.slots)
        return product(repeated, sliding(inputs.slots, 2), hi=1)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many neighbours of each of the pages (b, K) have the same non-empty value: (b,)."""
        shown = shown_values(inputs, self.attribute, pages)
        equal: Ints = ((shown[:, 1:] == shown[:, :-1]) & (shown[:, 1:] >= 0)).sum(axis=1)
        return equal

    def _validate(self) -> None:
        self._text("attribute", self.attribute)
