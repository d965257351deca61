"""A part of the page, whatever its length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor
from typing import ClassVar

from layout.errors import InvalidRuleError
from layout.inputs import Inputs
from layout.rows import NO_LIMIT, Rows, one, window
from layout.rules.base import WINDOW, BaseRule, Limits, beyond, proposed
from layout.selector import Selector
from layout.types import Ints, Pages

_NOISE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(BaseRule):
    """Matching shelves fill between `at_least` and `at_most` of the slots `first` to `last`, as shares of 1.

    Shares become whole numbers of slots by rounding inwards, at least what is available: of five slots, at
    least 0.5 is three and at most 0.5 is two.
    """

    LIMITS: ClassVar[Mapping[str, Limits]] = {
        **dict.fromkeys(("at_least", "at_most"), Limits(0, 1, whole=False)),
        **WINDOW,
    }

    selector: Selector
    at_least: float | None = None
    at_most: float | None = None
    first: int = 1
    last: int | None = None

    def rows(self, inputs: Inputs) -> Rows:
        """One row: the slots of the window count as many matches as the shares make of their number."""
        matches = inputs.mask(self.selector)
        slots = window(inputs.slots, self.first, self.last)
        size = int(slots.sum())
        lo, hi = self._limits(size)
        return one(matches, slots, min(lo, inputs.shelf_count(matches)), hi)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many matches too few or too many each of the pages (b, K) has in the window: (b,)."""
        matches = inputs.mask(self.selector)
        hits = matches[pages[:, self.first - 1 : self.last]]
        there = proposed(inputs, matches)
        lo, hi = self._limits(hits.shape[1])
        return beyond(hits.sum(axis=1), min(lo, there), hi)

    def _limits(self, size: int) -> tuple[int, int]:
        """The least and the most matches in `size` slots."""
        lo = 0 if self.at_least is None else ceil(self.at_least * size - _NOISE)
        hi = NO_LIMIT if self.at_most is None else floor(self.at_most * size + _NOISE)
        return lo, hi

    def _validate(self) -> None:
        self._ordered(self.first, self.last)
        if self.at_least is None and self.at_most is None:
            raise InvalidRuleError(self.id, "at_least", None, "give at_least, at_most or both")
        if self.at_least is not None and self.at_most is not None and self.at_most < self.at_least:
            raise InvalidRuleError(self.id, "at_most", self.at_most, f"use at least {self.at_least}")
