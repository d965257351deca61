"""A page in the proportions of the listener's taste."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np

from layout.errors import InvalidProblemError, InvalidRuleError
from layout.inputs import Inputs
from layout.rows import Rows, none, paired
from layout.rules.base import BaseRule, shown_values
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration(BaseRule):
    """Each value of `attribute` has as many shelves as its share of the listener's taste makes of the page.

    Always soft: the page pays `weight` for each shelf too many or too few. The distance is the sum of
    absolute differences, which unlike the divergence of Steck (2018, "Calibrated recommendations") is linear.
    Only values that are proposed count, and shares become whole shelves by largest remainders. Says nothing
    without a taste for the attribute.
    """

    attribute: str

    def rows(self, inputs: Inputs) -> Rows:
        """One row per proposed value: the page counts exactly its target."""
        targets = self._targets(inputs)
        if not targets:
            return none(inputs.n, inputs.slots)
        column = inputs.column(self.attribute)
        codes = np.array(list(targets), dtype=np.int64)
        target = np.array(list(targets.values()), dtype=np.int64)
        return paired(
            codes[:, None] == column.codes, np.ones((1, inputs.slots), dtype=np.int64), target, target
        )

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many shelves too many and too few each of the pages (b, K) has, over all values: (b,)."""
        shown = shown_values(inputs, self.attribute, pages)
        total = np.zeros(len(pages), dtype=np.int64)
        for code, target in self._targets(inputs).items():
            total += np.abs((shown == code).sum(axis=1) - target)
        return total

    def _targets(self, inputs: Inputs) -> dict[int, int]:
        """Value code → how many shelves the page should have of it."""
        taste = inputs.context.taste.get(self.attribute, {})
        values = inputs.column(self.attribute).values
        proposed = {code: str(value) for code, (_, value) in enumerate(values) if value != ""}
        shares = {code: _share(taste.get(name, 0.0), name) for code, name in proposed.items()}
        whole = sum(shares.values())
        if whole <= 0.0:
            return {}
        exact = {code: inputs.slots * share / whole for code, share in shares.items()}
        targets = {code: int(one) for code, one in exact.items()}
        left = inputs.slots - sum(targets.values())
        by_remainder = sorted(exact, key=lambda code: (-(exact[code] - targets[code]), proposed[code]))
        for code in by_remainder[:left]:
            targets[code] += 1
        return targets

    def _validate(self) -> None:
        self._text("attribute", self.attribute)
        if self.weight is None:
            raise InvalidRuleError(self.id, "weight", None, "give one: a page is calibrated at a price only")


def _share(share: float, name: str) -> float:
    if not isfinite(share):
        raise InvalidProblemError(f"taste for {name!r} is {share}: give a finite share of the history")
    return max(float(share), 0.0)
