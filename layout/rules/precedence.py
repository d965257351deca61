"""What comes before what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layout.inputs import Inputs
from layout.rows import Rows, none
from layout.rules.base import BaseRule, guarded
from layout.selector import Selector
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Precedence(BaseRule):
    """Every shelf on the page that matches `above` stands above every one that matches `below`.

    A shelf that matches both counts as `above`. A soft rule costs its weight for each pair the wrong way
    round.
    """

    above: Selector
    below: Selector

    def rows(self, inputs: Inputs) -> Rows:
        """One row per slot but the last: with a match of `below` there, lower slots count no `above`."""
        above = inputs.mask(self.above)
        below = inputs.mask(self.below) & ~above
        if not above.any() or not below.any() or inputs.slots < 2:
            return none(inputs.n, inputs.slots)
        at = np.arange(inputs.slots - 1)
        return guarded(below, at, above, np.arange(inputs.slots) > at[:, None])

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many pairs of each of the pages (b, K) stand the wrong way round: (b,)."""
        above = inputs.mask(self.above)[pages]
        below = inputs.mask(self.below)[pages] & ~above
        wrong: Ints = (above * (below.cumsum(axis=1) - below)).sum(axis=1)
        return wrong
