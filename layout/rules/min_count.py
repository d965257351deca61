"""Enough of one thing, where there is any."""

from __future__ import annotations

from dataclasses import dataclass

from layout.inputs import Inputs
from layout.rows import Rows, none, one, window
from layout.rules.base import BaseRule, beyond
from layout.selector import Selector
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class MinCount(BaseRule):
    """At least `count` shelves match in slots `first` to `last` (counted from 1; the whole page by default).

    Where fewer shelves match, or the window has fewer slots, that many.
    """

    selector: Selector
    count: int
    first: int = 1
    last: int | None = None

    def rows(self, inputs: Inputs) -> Rows:
        """One row: the slots of the window count at least as many matches as are wanted and possible."""
        matches = inputs.mask(self.selector)
        slots = window(inputs.slots, self.first, self.last)
        needed = min(self.count, inputs.shelf_count(matches), int(slots.sum()))
        return one(matches, slots, lo=needed) if needed else none(inputs.n, inputs.slots)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many matches each of the pages (b, K) lacks in the window: (b,)."""
        matches = inputs.mask(self.selector)
        hits = matches[pages[:, self.first - 1 : self.last]]
        there = len({inputs.shelves[s].group for s in matches.nonzero()[0].tolist()})
        return beyond(hits.sum(axis=1), min(self.count, there, hits.shape[1]))

    def _validate(self) -> None:
        self._at_least("count", self.count, 0)
        self._window(self.first, self.last)
