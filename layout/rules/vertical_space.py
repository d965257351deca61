"""What fits on a screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from layout.inputs import Inputs
from layout.rows import Rows, none, one
from layout.rules.base import FROM_0, FROM_1, BaseRule, Limits, beyond
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class VerticalSpace(BaseRule):
    """The presentations in the slots of `fold` (counted from 0) are together at most `height` high."""

    LIMITS: ClassVar[Mapping[str, Limits]] = {"height": FROM_1, "fold": FROM_0}

    height: int
    fold: int = 0

    def rows(self, inputs: Inputs) -> Rows:
        """One row: options count their heights in the slots of the fold."""
        slots = np.array([slot.fold == self.fold for slot in inputs.grid.slots], dtype=np.bool_)
        if not slots.any():
            return none(inputs.n, inputs.slots)
        return one(np.rint(inputs.numbers("height")).astype(np.int64), slots, hi=self.height)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """By how much each of the pages (b, K) is too high there: (b,)."""
        known = inputs.grid.presentations
        heights = [
            known[shelf.presentation].height if shelf.presentation in known else 1 for shelf in inputs.shelves
        ]
        slots = [k for k, slot in enumerate(inputs.grid.slots) if slot.fold == self.fold]
        return beyond(np.array(heights, dtype=np.int64)[pages[:, slots]].sum(axis=1), 0, self.height)
