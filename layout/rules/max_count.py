"""Not too much of one thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from layout.inputs import Inputs
from layout.rows import Rows, extent, none, product, stretches
from layout.rules.base import FROM_0, FROM_1, WINDOW, BaseRule, Limits, beyond, in_stretches
from layout.selector import Selector
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxCount(BaseRule):
    """At most `count` shelves match in slots `first` to `last`, counted from 1; by default the whole page.

    With a `window`, in every run of so many neighbouring slots between them.
    """

    LIMITS: ClassVar[Mapping[str, Limits]] = {"count": FROM_0, **WINDOW, "window": FROM_1}

    selector: Selector
    count: int
    first: int = 1
    last: int | None = None
    window: int | None = None

    def rows(self, inputs: Inputs) -> Rows:
        """One row per run of slots: it counts at most `count` matches."""
        matches = inputs.mask(self.selector)
        runs = stretches(inputs.slots, self.first, self.last, self.window)
        _, width = extent(inputs.slots, self.first, self.last, self.window)
        if min(int(np.count_nonzero(matches)), width) <= self.count:
            return none(inputs.n, inputs.slots)
        return product(matches[None], runs, hi=self.count)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many matches too many the runs of each of the pages (b, K) have together: (b,)."""
        hits = inputs.mask(self.selector)[pages[:, self.first - 1 : self.last]]
        total: Ints = beyond(in_stretches(hits, self.window), 0, self.count).sum(axis=1)
        return total

    def _validate(self) -> None:
        self._ordered(self.first, self.last)
