"""What may not be shown at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layout.inputs import Inputs
from layout.rows import Rows, none, one
from layout.rules.base import BaseRule
from layout.selector import Selector
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Ineligible(BaseRule):
    """No shelf on the page matches."""

    selector: Selector

    def rows(self, inputs: Inputs) -> Rows:
        """One row: the page counts no match."""
        matches = inputs.mask(self.selector)
        if not matches.any():
            return none(inputs.n, inputs.slots)
        return one(matches, np.ones(inputs.slots, dtype=np.int64), hi=0)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many matches each of the pages (b, K) has: (b,)."""
        found: Ints = inputs.mask(self.selector)[pages].sum(axis=1)
        return found
