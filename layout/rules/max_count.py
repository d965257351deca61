"""Not too much of one thing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layout.inputs import Inputs
from layout.rows import Rows, none, one, window
from layout.rules.base import BaseRule, beyond
from layout.selector import Selector
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxCount(BaseRule):
    """At most `count` shelves match in slots `first` to `last`, counted from 1; by default the whole page."""

    selector: Selector
    count: int
    first: int = 1
    last: int | None = None

    def rows(self, inputs: Inputs) -> Rows:
        """One row: the slots of the window count at most `count` matches."""
        matches = inputs.mask(self.selector)
        slots = window(inputs.slots, self.first, self.last)
        if min(np.count_nonzero(matches), np.count_nonzero(slots)) <= self.count:
            return none(inputs.n, inputs.slots)
        return one(matches, slots, hi=self.count)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many matches too many each of the pages (b, K) has in the window: (b,)."""
        hits = inputs.mask(self.selector)[pages[:, self.first - 1 : self.last]]
        return beyond(hits.sum(axis=1), 0, self.count)

    def _validate(self) -> None:
        self._at_least("count", self.count, 0)
        self._window(self.first, self.last)
