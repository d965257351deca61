"""Enough of one thing, where there is any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from layout.inputs import Inputs
from layout.rows import Rows, extent, none, product, stretches
from layout.rules.base import FROM_0, FROM_1, WINDOW, BaseRule, Limits, beyond, in_stretches, proposed
from layout.selector import Selector
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class MinCount(BaseRule):
    """At least `count` shelves match in slots `first` to `last` (counted from 1; the whole page by default).

    With a `window`, in every run of so many neighbouring slots between them. Where fewer shelves match than
    that takes, or there are fewer slots, as many as there can be in each.
    """

    LIMITS: ClassVar[Mapping[str, Limits]] = {"count": FROM_0, **WINDOW, "window": FROM_1}

    selector: Selector
    count: int
    first: int = 1
    last: int | None = None
    window: int | None = None

    def rows(self, inputs: Inputs) -> Rows:
        """One row per run of slots: it counts at least as many matches as are wanted and possible."""
        matches = inputs.mask(self.selector)
        runs = stretches(inputs.slots, self.first, self.last, self.window)
        slots, width = extent(inputs.slots, self.first, self.last, self.window)
        needed = self._possible(slots, width, inputs.shelf_count(matches))
        return product(matches[None], runs, lo=needed) if needed else none(inputs.n, inputs.slots)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many matches the runs of each of the pages (b, K) lack together: (b,)."""
        matches = inputs.mask(self.selector)
        hits = matches[pages[:, self.first - 1 : self.last]]
        there = proposed(inputs, matches)
        width = hits.shape[1] if self.window is None else min(self.window, hits.shape[1])
        needed = self._possible(hits.shape[1], width, there)
        total: Ints = beyond(in_stretches(hits, self.window), needed).sum(axis=1)
        return total

    def _possible(self, slots: int, width: int, there: int) -> int:
        """How many matches each run of `width` of the slots can have when there are so many, up to `count`.

        For c in each run, every whole run from the top needs c, and the rest what it has beyond width − c
        slots: then the last c slots of each run are enough.
        """
        counts = range(min(self.count, width, there), 0, -1)
        whole, rest = divmod(slots, width) if width else (0, 0)
        return next((c for c in counts if whole * c + max(0, rest - (width - c)) <= there), 0)

    def _validate(self) -> None:
        self._ordered(self.first, self.last)
