"""A shelf that always has the same place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from layout.inputs import Inputs
from layout.rows import Rows, none, one, window
from layout.rules.base import FROM_1, BaseRule, Limits
from layout.selector import Selector
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned(BaseRule):
    """Slot `slot` (counted from 1) holds a matching shelf.

    Says nothing when no shelf matches or the page is shorter. Matching shelves may also stand elsewhere.
    """

    LIMITS: ClassVar[Mapping[str, Limits]] = {"slot": FROM_1}

    selector: Selector
    slot: int

    def rows(self, inputs: Inputs) -> Rows:
        """One row: the pinned slot counts one match."""
        matches = inputs.mask(self.selector)
        if self.slot > inputs.slots or not matches.any():
            return none(inputs.n, inputs.slots)
        return one(matches, window(inputs.slots, self.slot, self.slot), lo=1)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """1 for each of the pages (b, K) without a match in the slot, where one exists: (b,)."""
        matches = inputs.mask(self.selector)
        if self.slot > pages.shape[1] or not matches.any():
            return np.zeros(len(pages), dtype=np.int64)
        return 1 - matches[pages[:, self.slot - 1]].astype(np.int64)
