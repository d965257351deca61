"""Room between alike shelves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from layout.inputs import Inputs
from layout.rows import Rows, none, product, sliding
from layout.rules.base import BaseRule, pairs_within
from layout.selector import Selector
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class MinGap(BaseRule):
    """At least `gap` other shelves between any two matching shelves."""

    MAY_BE_SOFT: ClassVar[bool] = False

    selector: Selector
    gap: int

    def rows(self, inputs: Inputs) -> Rows:
        """One row per run of gap + 1 neighbouring slots: it counts at most one match."""
        matches = inputs.mask(self.selector)
        if matches.sum() < 2:
            return none(inputs.n, inputs.slots)
        return product(matches[None], sliding(inputs.slots, self.gap + 1), hi=1)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many pairs of matches of each of the pages (b, K) are closer than gap + 1 slots: (b,)."""
        return pairs_within(inputs.mask(self.selector)[pages], self.gap)

    def _validate(self) -> None:
        self._at_least("gap", self.gap, 1)
