"""The linear relaxation of a problem: its prices give the tightest bound that rows and assignment can.

Columns are cells. Few of them are in play at first, the rest are priced and brought in where they would help
(column generation, Ford and Fulkerson 1958), so that the work grows with what matters and not with n × K.
What the simplex proposes in floats is certified in integers, so that its rounding decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from layout.bound import Bound
from layout.compiled import Compiled
from layout.kernels.certificate import certified
from layout.kernels.simplex.basis import start
from layout.kernels.simplex.branching import split
from layout.kernels.simplex.columns import generate, rounded
from layout.kernels.simplex.dual import dual
from layout.kernels.simplex.program import FULL, Basis, Program, program_of
from layout.kernels.simplex.room import copied, restricted, room_for
from layout.kernels.simplex.solution import choose, shares, whole_page
from layout.kernels.simplex.tableau import Members, members_of
from layout.rows import NO_LIMIT
from layout.types import Floats, Ints, Mask, Page

_MORE: Final = 15
"""Columns of each slot that are brought in at once."""

_ROUNDS: Final = 40
_PIVOTS: Final = 2000
_ROOM: Final = 32
"""Constraints that a basis can take on before it has to move."""

_CANDIDATES: Final = 32
_PER_SLOT: Final = 4
_MOST: Final = 1 << 48
_FAR: Final = 1 << 62
_MARGIN: Final = 1e-9
_WHOLE: Final = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """No page on some columns is worth more than `total`, with column i of them not more than `total` −
    `slack[i]`. `prices` (R,) and `shelf_prices` (G,) prove it.
    """

    total: int
    slack: Ints
    prices: Ints
    shelf_prices: Ints


class Relaxation:
    """A linear program whose columns are cells, and a basis of it. `live` are the columns in play.

    `slot` and `shelf` (c,) say, with `option`, what the columns stand for.
    """

    def __init__(
        self, rows: Compiled, program: Program, unit: float, basis: Basis, live: Ints, closed: Mask
    ) -> None:
        self.live = live
        self.slot, self.shelf = program.slot, program.shelf
        self._rows, self._program, self._unit = rows, program, unit
        self._basis, self._closed = basis, closed
        self._members: Members | None = None

    @cached_property
    def option(self) -> Ints:
        """The option of each column: (c,)."""
        return self._program.cell // self._rows.size

    @property
    def members(self) -> Members:
        """The columns by slot, shelf and row that were live when first asked for: none becomes live later."""
        if self._members is None:
            self._members = members_of(self._program, self._basis, self.live)
        return self._members

    @classmethod
    def of(cls, rows: Compiled, cells: Mask, first: Mask | None = None) -> Relaxation:
        """The program over all `cells` (n, K), solved with those of `first` (n, K) in play or with all.

        Every slot must have one in play. Where those of `first` allow no page, others are not brought in.
        """
        program, unit = program_of(
            rows.values, cells, rows.group, rows.groups, rows.ptr, rows.row, rows.coef, rows.lo, rows.hi,
            rows.penalty, NO_LIMIT,
        )  # fmt: skip
        inside = np.ones(len(program.cell), dtype=np.bool_) if first is None else first[cells]
        constraints = program.groups + 2 * len(program.lo)
        basis = room_for(len(program.cell), constraints, _PER_SLOT * rows.size + _ROOM)
        start(program, basis, np.flatnonzero(inside))
        status = FULL
        while status == FULL:
            status, live = generate(program, basis, inside, _MORE, _ROUNDS, _PIVOTS)
            basis = copied(basis, _ROOM) if status == FULL else basis
        return cls(rows, program, unit, basis, live, ~inside)

    def solve(self, worth: int | None) -> int:
        """Solve for the live columns; no further than that no page worth more than `worth` can be left."""
        cutoff = np.inf if worth is None else -worth / self._unit + _MARGIN
        status = FULL
        while status == FULL:
            status, _ = dual(self._program, self._basis, self.members, self._closed, cutoff, _PIVOTS)
            self._basis = copied(self._basis, _ROOM) if status == FULL else self._basis
        return int(status)

    def certificate(self, columns: Ints | None = None) -> Certificate:
        """What the prices prove about the live columns, or about `columns` (i,)."""
        rows, program = self._rows, self._program
        prices, shelf_prices = rounded(program, self._basis, self._unit, rows.price_limit, _MOST)
        total, slack = certified(
            rows.values.ravel(), self.slot, self.shelf, program.cell, rows.ptr, rows.row, rows.coef, rows.lo,
            rows.hi, prices, shelf_prices, self.live if columns is None else columns, rows.size,
        )  # fmt: skip
        return Certificate(int(total), slack, prices, shelf_prices)

    def bound(self) -> Bound:
        """What the prices prove about all pages on the program's cells."""
        rows = self._rows
        every = self.certificate(np.arange(len(self.slot)))
        slack = np.full((rows.n, rows.size), _FAR, dtype=np.int64)
        slack.ravel()[self._program.cell] = every.slack
        return Bound(every.total, slack, every.prices, every.shelf_prices, self.page(), 1.0)

    def page(self) -> Page | None:
        """The solution, if it puts one option in each slot and the rows hold."""
        page = whole_page(self._program, self._basis, self._rows.size, _WHOLE)
        found = tuple(page.tolist())
        return found if page[0] >= 0 and self._rows.holds(found) else None

    def shares(self) -> tuple[Ints, Floats]:
        """The columns in the solution and their shares, each (i,)."""
        column, share = shares(self._basis, _WHOLE)
        return column, share

    def split(self) -> Ints:
        """The live columns to set against the rest of their slot (i,): see `kernels.simplex.split`."""
        chosen: Ints = split(self._program, self._basis, self.members, self._closed, self.live, _CANDIDATES)
        return chosen

    def keep(self, columns: Ints) -> None:
        """Close all columns but these (i,), all of them live."""
        self._closed[self.live] = True
        self._closed[columns] = False
        self.live = columns

    def choose(self, columns: Ints) -> None:
        """Close all other columns of the slot that these (i,) are of, and what one alone excludes."""
        self.live = choose(self._program, self.live, self._closed, columns)

    def drop(self, columns: Ints) -> None:
        """Close these columns (i,)."""
        self._closed[columns] = True
        self.live = self.live[~self._closed[self.live]]

    def only(self, columns: Ints) -> Relaxation:
        """The same program on these columns (i,) alone, in ascending order, from the same basis."""
        program, basis, live = restricted(self._program, self._basis, columns, _ROOM)
        closed = np.ones(len(program.slot), dtype=np.bool_)
        closed[live] = False
        return Relaxation(self._rows, program, self._unit, basis, live, closed)

    def copy(self) -> Relaxation:
        """The same program with a basis of its own."""
        basis = copied(self._basis, _ROOM)
        twin = Relaxation(self._rows, self._program, self._unit, basis, self.live, self._closed.copy())
        twin._members = self.members
        return twin
