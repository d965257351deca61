"""Room between alike shelves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from layout.inputs import Inputs
from layout.rows import Rows, none, product, sliding
from layout.rules.base import FROM_1, BaseRule, Limits, crowding
from layout.selector import Selector
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class MinGap(BaseRule):
    """At least `gap` other shelves between any two matching shelves.

    A soft one costs the more the closer two of them are: its weight for each run of gap + 1 slots that has
    both.
    """

    LIMITS: ClassVar[Mapping[str, Limits]] = {"gap": FROM_1}

    selector: Selector
    gap: int

    def rows(self, inputs: Inputs) -> Rows:
        """One row per run of gap + 1 neighbouring slots: it counts at most one match."""
        matches = inputs.mask(self.selector)
        if np.count_nonzero(matches) < 2:
            return none(inputs.n, inputs.slots)
        return product(matches[None], sliding(inputs.slots, self.gap + 1), hi=1)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many matches too many the runs of gap + 1 slots of each of the pages (b, K) have: (b,)."""
        return crowding(inputs.mask(self.selector)[pages], self.gap)
