"""What a page may cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from typing import ClassVar

import numpy as np

from layout.inputs import Inputs
from layout.rows import Rows, none, one
from layout.rules.base import BaseRule, Limits
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class CostBudget(BaseRule):
    """The shelves' values of `attribute` add up to at most `budget`, counted in thousandths.

    A shelf without the attribute costs nothing.
    """

    LIMITS: ClassVar[Mapping[str, Limits]] = {"budget": Limits(0, 1e6, whole=False)}

    SCALE: ClassVar[int] = 1000

    budget: float
    attribute: str = "cost"

    def rows(self, inputs: Inputs) -> Rows:
        """One row: the page counts its shelves' costs."""
        cost = np.rint(inputs.numbers(self.attribute) * self.SCALE).astype(np.int64)
        if not cost.any():
            return none(inputs.n, inputs.slots)
        return one(cost, np.ones(inputs.slots, dtype=np.int64), hi=self._limit())

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """By how many thousandths each of the pages (b, K) exceeds the budget: (b,)."""
        each = [_cost(shelf.attributes.get(self.attribute)) for shelf in inputs.shelves]
        cost = np.array([round(one * self.SCALE) for one in each], dtype=np.int64)
        over: Ints = np.maximum(cost[pages].sum(axis=1) - self._limit(), 0)
        return over

    def _limit(self) -> int:
        return floor(round(self.budget * self.SCALE, 6))

    def _validate(self) -> None:
        self._text("attribute", self.attribute)


def _cost(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
