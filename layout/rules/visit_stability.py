"""A page that one finds one's way about again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import ClassVar

import numpy as np

from layout.errors import InvalidRuleError
from layout.inputs import Inputs
from layout.rows import Rows, none, summed
from layout.rules.base import FROM_0, BaseRule, Limits, beyond
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitStability(BaseRule):
    """Shelves that were on the listener's previous page keep their slots.

    Hard with `max_moves`: at most so many of those that are on the page again stand in another slot. Soft
    with a `weight`: the page pays it for each slot that one of them has moved. Says nothing about shelves
    that come or go, nor on a first visit.
    """

    LIMITS: ClassVar[Mapping[str, Limits]] = {"max_moves": FROM_0}

    max_moves: int | None = None

    def rows(self, inputs: Inputs) -> Rows:
        """One row with a term per slot of the previous page whose shelf is proposed again."""
        before = self._before(inputs)
        known = np.flatnonzero(np.bincount(before + 1)[1:])
        if not len(known):
            return none(inputs.n, inputs.slots)
        distance = np.abs(np.arange(inputs.slots) - known[:, None])
        moved = distance if self.max_moves is None else (distance > 0).astype(np.int64)
        return summed(known[:, None] == before, moved, hi=self.max_moves or 0)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """By how many slots, or by how many moves too many, each of the pages (b, K) differs: (b,)."""
        before = self._before(inputs)[pages]
        away = np.where(before >= 0, np.abs(np.arange(pages.shape[1]) - before), 0)
        if self.max_moves is None:
            distance: Ints = away.sum(axis=1)
            return distance
        return beyond((away > 0).sum(axis=1), 0, self.max_moves)

    def _before(self, inputs: Inputs) -> Ints:
        """The slot (from 0) of each option's shelf on the previous page, −1 for none: (n,)."""
        place = {shelf: slot for slot, shelf in enumerate(inputs.context.previous)}
        return np.fromiter(map(place.get, inputs.groups, repeat(-1)), np.int64, inputs.n)

    def _validate(self) -> None:
        if (self.max_moves is None) == (self.weight is None):
            raise InvalidRuleError(
                self.id, "max_moves", self.max_moves, "give either max_moves (hard) or a weight (soft)"
            )
