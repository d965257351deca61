"""One or the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from layout.inputs import Inputs
from layout.rows import Rows, none, window
from layout.rules.base import WINDOW, BaseRule, Limits, guarded
from layout.selector import Selector
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class MutualExclusion(BaseRule):
    """Slots `first` to `last` hold shelves that match `one` or shelves that match `other`, never both.

    A shelf that matches both counts as `one`. A soft rule costs its weight for each pair.
    """

    LIMITS: ClassVar[Mapping[str, Limits]] = WINDOW

    one: Selector
    other: Selector
    first: int = 1
    last: int | None = None

    def rows(self, inputs: Inputs) -> Rows:
        """One row per slot of the window: with a match of `one` there, the window counts no `other`."""
        ones = inputs.mask(self.one)
        others = inputs.mask(self.other) & ~ones
        slots = window(inputs.slots, self.first, self.last)
        if not ones.any() or not others.any() or not slots.any():
            return none(inputs.n, inputs.slots)
        at = np.flatnonzero(slots)
        return guarded(ones, at, others, np.tile(slots, (len(at), 1)))

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many pairs of a shelf of each side each of the pages (b, K) has: (b,)."""
        shown = pages[:, self.first - 1 : self.last]
        ones = inputs.mask(self.one)[shown]
        others = inputs.mask(self.other)[shown] & ~ones
        pairs: Ints = ones.sum(axis=1) * others.sum(axis=1)
        return pairs

    def _validate(self) -> None:
        self._ordered(self.first, self.last)
