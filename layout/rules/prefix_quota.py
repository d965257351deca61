"""The mix above the fold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from layout.errors import InvalidRuleError
from layout.inputs import Inputs
from layout.rows import NO_LIMIT, Rows, one, window
from layout.rules.base import FROM_0, FROM_1, BaseRule, Limits, beyond, proposed
from layout.selector import Selector
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixQuota(BaseRule):
    """Among the first `prefix` slots at least `lo` (where available) and at most `hi` shelves match."""

    LIMITS: ClassVar[Mapping[str, Limits]] = {"prefix": FROM_1, "lo": FROM_0, "hi": FROM_0}

    selector: Selector
    prefix: int
    lo: int = 0
    hi: int | None = None

    def rows(self, inputs: Inputs) -> Rows:
        """One row: the prefix counts between `lo`, or what is available, and `hi` matches."""
        matches = inputs.mask(self.selector)
        slots = window(inputs.slots, 1, self.prefix)
        needed = min(self.lo, inputs.shelf_count(matches), int(np.count_nonzero(slots)))
        return one(matches, slots, needed, NO_LIMIT if self.hi is None else self.hi)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many matches too few or too many each of the pages (b, K) has in the prefix: (b,)."""
        matches = inputs.mask(self.selector)
        hits = matches[pages[:, : self.prefix]]
        there = proposed(inputs, matches)
        return beyond(hits.sum(axis=1), min(self.lo, there, hits.shape[1]), self.hi)

    def _validate(self) -> None:
        if self.hi is None and not self.lo:
            raise InvalidRuleError(self.id, "hi", self.hi, "give lo, hi or both")
        if self.hi is not None and self.hi < self.lo:
            raise InvalidRuleError(self.id, "hi", self.hi, f"use at least lo = {self.lo}")
