"""Rows that cannot be: found column by column, listed with their line, and left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bandits.ope.rounds import Column, Groups
from home.ingest.rejects import Reject, Rejects

Flags = NDArray[np.bool_]

SUM_TOLERANCE = 1e-3
"""How far from 1 the probabilities of a distribution may sum: logs print seven digits, and often fewer."""

SAME = 1e-3
"""How far, as a share of it, a logged propensity may be from what its distribution says; weights are then
wrong by no more than that."""

MOST = 10_000
"""Actions and slots are numbered below it where a table needs a column for each."""

_EXACT = 2.0**53
"""Whole numbers from here on are not told apart from their neighbours."""


@dataclass(slots=True, eq=False)
class Screen:
    """Collects what is wrong with the `rows` rows of one chunk; a row is listed once, for its first fault.

    `line` gives the line of a row in `file`, `text` what stood in a field of it. `good` (rows,) is what is
    left.
    """

    file: str
    rejects: Rejects
    rows: int
    line: Callable[[int], int]
    text: Callable[[str, int], str]
    good: Flags = field(init=False)

    def __post_init__(self) -> None:
        self.good = np.ones(self.rows, dtype=np.bool_)

    def reject(self, name: str, bad: Flags, reason: str, said: Callable[[int], str] | None = None) -> None:
        """Leave out the rows where `bad` (m,) is True that are not left out yet.

        `said` tells what was wrong with a row, by default what stands in the field.
        """
        for row in np.flatnonzero(bad & self.good).tolist():
            text = self.text(name, row) if said is None else said(row)
            self.rejects.add(Reject(self.file, self.line(row), name, text, reason))
        self.good &= ~bad

    def numbers(self, name: str, column: Column, absent: Flags) -> None:
        """Reject what is `absent` (m,) or not finite."""
        self.reject(name, absent, "is missing")
        self.reject(name, ~np.isfinite(column), "is not a finite number")

    def whole(self, name: str, column: Column) -> Groups:
        """The column (m,) as indices, 0 where it holds none, which is rejected."""
        known = (column % 1.0 == 0.0) & (column >= 0.0) & (column < _EXACT)
        self.reject(name, ~known, "is not a whole number, 0 or more")
        return np.where(known, column, 0.0).astype(np.int64)

    def shown(self, name: str, propensity: Column, absent: Flags) -> None:
        """Reject probabilities that something which was shown cannot have had."""
        self.numbers(name, propensity, absent)
        self.reject(name, propensity <= 0.0, "is not above 0, but what was shown was possible")
        self.reject(name, propensity > 1.0, "is above 1")

    def probabilities(self, name: str, column: Column, absent: Flags) -> None:
        """Reject what is no probability."""
        self.numbers(name, column, absent)
        self.reject(name, (column < 0.0) | (column > 1.0), "is not between 0 and 1")

    def distributions(self, name: str, table: Column) -> None:
        """Reject rows of `table` (m, n) that are no distribution."""
        invalid = (~np.isfinite(table) | (table < 0.0)).any(axis=1)
        self.reject(name, np.asarray(invalid), "holds something that is no probability")
        self.reject(name, np.abs(table.sum(axis=1) - 1.0) > SUM_TOLERANCE, "does not sum to 1")

    def actions(self, name: str, action: Groups, available: Flags) -> None:
        """Reject actions that are not `available` (m, n)."""
        inside = np.clip(action, 0, available.shape[1] - 1)
        listed = (action == inside) & available[np.arange(len(action)), inside]
        self.reject(name, ~listed, "is not one of the actions there were")

    def agreement(self, name: str, propensity: Column, table: Column, action: Groups) -> None:
        """Reject propensities that are not what the distribution gives to the action shown.

        They may differ by a share of `SAME`: an absolute tolerance would pass any small propensity, and with
        it any large weight.
        """
        inside = np.clip(action, 0, table.shape[1] - 1)
        given = table[np.arange(len(table)), inside]
        far = ~(np.abs(given - propensity) <= SAME * np.maximum(given, propensity)) | (given <= 0.0)
        self.reject(
            name,
            far,
            "is not what its distribution gives",
            lambda row: f"{propensity[row]:.6g} of action {action[row]}, not {given[row]:.6g}",
        )
