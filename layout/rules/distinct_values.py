"""Variety wherever one looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np

from layout.errors import InvalidRuleError
from layout.inputs import Inputs
from layout.rows import Rows, none, product, sliding, stacked
from layout.rules.base import FROM_2, BaseRule, Limits, shown_values, value_masks
from layout.types import Ints, Mask, Pages

_MOST_SUBSETS = 3
_PAYABLE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DistinctValues(BaseRule):
    """Every `window` neighbouring shelves show at least `at_least` values of `attribute`.

    None is as many as there are shelves, all different. On a page that is shorter, its slots are the window.
    A shelf without the attribute, or with the value "", counts as a value of its own. Where fewer values
    than wanted are proposed, that many. `at_least` is 2, 3 or the window's length, because the rows are one
    per set of up to `at_least` − 1 values.

    A soft rule wants two values, or all different: then the rows of single values suffice, and what they are
    exceeded by is what is lacking. It wants them even where fewer are proposed: every page pays for these.
    """

    LIMITS: ClassVar[Mapping[str, Limits]] = {"window": FROM_2, "at_least": FROM_2}

    attribute: str
    window: int
    at_least: int | None = None

    def rows(self, inputs: Inputs) -> Rows:
        """Rows that no few values fill a window.

        A window of w slots shows fewer than d values exactly when some set of q < d values takes w − d + q
        + 1 or more of its slots: the others then cannot show more than d − 1 − q further ones. With d = w
        sets of one value suffice, and beyond one slot each they take as many as there are values lacking.
        With d = 2 a set of one value takes one slot too many, or all sets together none.
        """
        masks = value_masks(inputs, self.attribute)
        width = min(self.window, inputs.slots)
        wanted = self._wanted(inputs, width)
        stretches = sliding(inputs.slots, width)
        blocks = []
        for size in range(1, 2 if wanted == width else wanted):
            most = width - wanted + size
            sets = _unions(masks, size)
            crowded = sets[sets.sum(axis=1) > most]
            if len(crowded):
                blocks.append(product(crowded, stretches, hi=most))
        return stacked(blocks, inputs.n, inputs.slots) if wanted > 1 else none(inputs.n, inputs.slots)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many values the windows of each of the pages (b, K) lack: (b,)."""
        shown = shown_values(inputs, self.attribute, pages)
        # A shelf without a value differs from everything: it gets a number that depends on its slot.
        shown = np.where(shown < 0, -1 - np.arange(pages.shape[1]), shown)
        width = min(self.window, pages.shape[1])
        wanted = self._wanted(inputs, width)
        lacking = np.zeros(len(pages), dtype=np.int64)
        for start in range(pages.shape[1] - width + 1):
            ordered = np.sort(shown[:, start : start + width], axis=1)
            distinct = 1 + (ordered[:, 1:] != ordered[:, :-1]).sum(axis=1)
            lacking += np.maximum(wanted - distinct, 0)
        return lacking

    def _wanted(self, inputs: Inputs, width: int) -> int:
        wanted = width if self.at_least is None else min(self.at_least, width)
        return wanted if self.weight is not None else min(wanted, self._proposed(inputs))

    def _proposed(self, inputs: Inputs) -> int:
        """How many different values, and shelves without one, there are."""
        masks = value_masks(inputs, self.attribute)
        without: Mask = ~np.logical_or.reduce(masks, axis=0)
        return len(masks) + inputs.shelf_count(without)

    def _validate(self) -> None:
        self._text("attribute", self.attribute)
        if self.at_least is not None and self.at_least > _MOST_SUBSETS and self.at_least != self.window:
            raise InvalidRuleError(self.id, "at_least", self.at_least, f"use 2, 3 or {self.window}")
        if self.weight is not None and self.at_least not in (None, _PAYABLE, self.window):
            raise InvalidRuleError(
                self.id,
                "weight",
                self.weight,
                f"leave it out, or use at_least = {_PAYABLE} or {self.window}: no others can be paid for",
            )


def _unions(masks: Mask, size: int) -> Mask:
    """Which options have one of each `size` of the values with `masks` (v, n): (sets, n)."""
    chosen = np.array(list(combinations(range(len(masks)), size)), dtype=np.int64).reshape(-1, size)
    united: Mask = np.logical_or.reduce(masks[chosen], axis=1)
    return united
