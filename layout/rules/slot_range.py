"""Shelves that belong to a part of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from layout.inputs import Inputs
from layout.rows import Rows, none, one, window
from layout.rules.base import WINDOW, BaseRule, Limits
from layout.selector import Selector
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRange(BaseRule):
    """Matching shelves stand in slots `first` to `last` only (counted from 1; None is the last)."""

    LIMITS: ClassVar[Mapping[str, Limits]] = WINDOW

    selector: Selector
    first: int = 1
    last: int | None = None

    def rows(self, inputs: Inputs) -> Rows:
        """One row: the slots outside the range count no match."""
        outside = ~window(inputs.slots, self.first, self.last)
        matches = inputs.mask(self.selector)
        if not outside.any() or not matches.any():
            return none(inputs.n, inputs.slots)
        return one(matches, outside, hi=0)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many matches of each of the pages (b, K) stand before `first` or after `last`: (b,)."""
        last = pages.shape[1] if self.last is None else self.last
        position = np.arange(1, pages.shape[1] + 1)
        outside = (position < self.first) | (position > last)
        stray: Ints = (inputs.mask(self.selector)[pages] & outside).sum(axis=1)
        return stray

    def _validate(self) -> None:
        self._ordered(self.first, self.last)
