"""No long stretch of the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from layout.inputs import Inputs
from layout.rows import Rows, none, product, sliding
from layout.rules.base import FROM_1, BaseRule, Limits, shown_values, value_masks
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxRun(BaseRule):
    """No more than `run` neighbouring shelves in a row have the same `attribute`.

    Shelves without it, or with the value "", are exempt.
    """

    LIMITS: ClassVar[Mapping[str, Limits]] = {"run": FROM_1}

    attribute: str
    run: int

    def rows(self, inputs: Inputs) -> Rows:
        """One row per value and stretch of run + 1 slots: it counts at most `run` such shelves."""
        frequent = value_masks(inputs, self.attribute, more_than=self.run)
        if not len(frequent) or inputs.slots <= self.run:
            return none(inputs.n, inputs.slots)
        return product(frequent, sliding(inputs.slots, self.run + 1), hi=self.run)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many stretches of run + 1 slots of each of the pages (b, K) show a single value: (b,)."""
        shown = shown_values(inputs, self.attribute, pages)
        total = np.zeros(len(pages), dtype=np.int64)
        for start in range(pages.shape[1] - self.run):
            stretch = shown[:, start : start + self.run + 1]
            total += (stretch >= 0).all(axis=1) & (stretch == stretch[:, :1]).all(axis=1)
        return total

    def _validate(self) -> None:
        self._text("attribute", self.attribute)
