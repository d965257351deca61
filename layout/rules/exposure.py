"""How much attention a group gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor
from typing import ClassVar

import numpy as np

from layout.errors import InvalidRuleError
from layout.inputs import Inputs
from layout.rows import NO_LIMIT, Rows, one
from layout.rules.base import BaseRule, Limits, beyond, proposed
from layout.selector import Selector
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure(BaseRule):
    """The slots of matching shelves have an examination of `at_least` to `at_most` altogether.

    Examination is counted in thousandths. Singh and Joachims (2018) define a group's exposure so. Where the
    matching shelves cannot reach `at_least` even in the best slots, what they can reach there.
    """

    LIMITS: ClassVar[Mapping[str, Limits]] = dict.fromkeys(
        ("at_least", "at_most"), Limits(0, 1000, whole=False)
    )

    SCALE: ClassVar[int] = 1000

    selector: Selector
    at_least: float | None = None
    at_most: float | None = None

    def rows(self, inputs: Inputs) -> Rows:
        """One row: matches weigh as much as their slots are examined."""
        matches, weight = inputs.mask(self.selector), self._weights(inputs)
        reachable = int(np.sort(weight)[::-1][: inputs.shelf_count(matches)].sum())
        lo, hi = self._limits()
        return one(matches, weight, min(lo, reachable), hi)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """By how many thousandths each of the pages (b, K) lies outside: (b,)."""
        matches = inputs.mask(self.selector)
        there = proposed(inputs, matches)
        weight = self._weights(inputs)
        reachable = sum(sorted(weight.tolist(), reverse=True)[:there])
        lo, hi = self._limits()
        return beyond((matches[pages] * weight).sum(axis=1), min(lo, reachable), hi)

    def _weights(self, inputs: Inputs) -> Ints:
        examined = [slot.examination for slot in inputs.grid.slots]
        weights: Ints = np.rint(np.array(examined) * self.SCALE).astype(np.int64)
        return weights

    def _limits(self) -> tuple[int, int]:
        lo = 0 if self.at_least is None else ceil(round(self.at_least * self.SCALE, 6))
        hi = NO_LIMIT if self.at_most is None else floor(round(self.at_most * self.SCALE, 6))
        return lo, hi

    def _validate(self) -> None:
        if self.at_least is None and self.at_most is None:
            raise InvalidRuleError(self.id, "at_least", None, "give at_least, at_most or both")
        if self.at_least is not None and self.at_most is not None and self.at_most < self.at_least:
            raise InvalidRuleError(self.id, "at_most", self.at_most, f"use at least {self.at_least}")
