"""Something new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from layout.inputs import Inputs
from layout.rows import Rows, none, one, window
from layout.rules.base import FROM_1, WINDOW, BaseRule, Limits, beyond, proposed
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshnessFloor(BaseRule):
    """At least `count` shelves in slots `first` to `last` are
    fresh: those whose `attribute` is true, a non-empty text or a non-zero number.

    Where fewer are proposed, or the window has fewer slots, that many.
    """

    LIMITS: ClassVar[Mapping[str, Limits]] = {"count": FROM_1, **WINDOW}

    count: int
    first: int = 1
    last: int | None = None
    attribute: str = "fresh"

    def rows(self, inputs: Inputs) -> Rows:
        """One row: the slots of the window count as many of them as are wanted and possible."""
        matches = inputs.truthy(self.attribute)
        slots = window(inputs.slots, self.first, self.last)
        needed = min(self.count, inputs.shelf_count(matches), int(slots.sum()))
        return one(matches, slots, lo=needed) if needed else none(inputs.n, inputs.slots)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many of them each of the pages (b, K) lacks in the window: (b,)."""
        matches = inputs.truthy(self.attribute)
        hits = matches[pages[:, self.first - 1 : self.last]]
        there = proposed(inputs, matches)
        return beyond(hits.sum(axis=1), min(self.count, there, hits.shape[1]))

    def _validate(self) -> None:
        self._ordered(self.first, self.last)
        self._text("attribute", self.attribute)
