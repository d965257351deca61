"""The exact question behind relaxation and look-ahead: is there a page that starts like this?"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import Final

import numpy as np

from layout.bound import upper_bound
from layout.compiled import Compiled
from layout.cpsat import model_seconds, solve_feasible
from layout.errors import ClockError, SolverError
from layout.kernels.support import FOUND, OUT_OF_NODES, dive
from layout.rows import NO_LIMIT
from layout.types import Ints, Page

_FEW: Final = 100
_STRIDE: Final = 1 << 30
_STEPS: Final = 40
_ANY: Final = 1 << 30
_NODE_S: Final = 2e-6
_CELL_S: Final = 1e-9
"""About what a node of a dive takes, and what more for each cell."""

_PACE: Final = 0.05
"""Prices start with shorter steps than in search: far beyond a certificate other rows would undo it."""


def completion(
    rows: Compiled,
    order: Ints,
    prefix: Page = (),
    nodes: int = 2000,
    *,
    deterministic_time: float = 60.0,
    seconds: float | None = None,
) -> Page | None:
    """A feasible page that starts with `prefix`, or None when there is none.

    A dive that tries options in `order` (K, n) settles nearly all cases, a short one most; when a long one
    runs out of `nodes`, prices may prove that there is none, and CP-SAT proves the answer. Raises SolverError
    when even the solver cannot tell within `deterministic_time`, and ClockError when not within that many
    `seconds`: the less are left, the shorter the dive, and a model that takes longer to write is not begun.
    """
    if not rows.possible:
        return None
    clock = _Clock(seconds)
    ended, page = _dive(rows, order, prefix, np.arange(rows.n), _FEW)
    if ended == OUT_OF_NODES:
        longer = min(nodes, clock.affords(_NODE_S + _CELL_S * rows.cells.size))
        ended, page = _dive(rows, order, prefix, rows.kinds, longer)
    if ended != OUT_OF_NODES:
        return tuple(page.tolist()) if ended == FOUND else None
    clock.check(0.0)
    if ruled_out(rows):
        return None
    clock.check(model_seconds(rows, rows.cells))
    answer = solve_feasible(rows, prefix, deterministic_time=deterministic_time, seconds=clock.left)
    if answer.page is None and not answer.proven:
        if answer.cut_by_clock:
            raise ClockError("CP-SAT could not tell in time whether a page is feasible")
        raise SolverError("CP-SAT could not tell whether a page is feasible within its deterministic limit")
    return answer.page


class _Clock:
    """What is left of some `seconds` from now on, or of no limit."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else perf_counter() + seconds

    @property
    def left(self) -> float | None:
        """Seconds left, 0 or more; None is no limit."""
        return None if self._end is None else max(0.0, self._end - perf_counter())

    def affords(self, seconds: float) -> int:
        """How many steps of so many seconds each there is time for."""
        left = self.left
        return _ANY if left is None else int(min(_ANY, left / seconds))

    def check(self, seconds: float) -> None:
        """Raise ClockError when a step of so many seconds would end too late."""
        if self.left is not None and self.left <= seconds:
            raise ClockError("no page was found at once, and there is no time to look for one")


def ruled_out(rows: Compiled) -> bool:
    """Whether prices on the hard rows prove that no page obeys them all.

    Pages are worth nothing here, so that a bound below 0 is a certificate, exact in integers: a combination
    of rows that no assignment of shelves to slots meets (Farkas 1902). No such bound proves nothing.
    """
    free = replace(
        rows,
        values=np.zeros_like(rows.values),
        lo=np.where(rows.hard, rows.lo, -NO_LIMIT),
        hi=np.where(rows.hard, rows.hi, NO_LIMIT),
        penalty=np.zeros_like(rows.penalty),
    )
    start = replace(upper_bound(free, -_STRIDE, 1), pace=_PACE)
    return upper_bound(free, -_STRIDE, _STEPS, start).total < 0


def dived(rows: Compiled, order: Ints) -> Page | None:
    """The page that a short dive finds, trying options in `order` (K, n); None when it finds none."""
    ended, page = _dive(rows, order, (), np.arange(rows.n), _FEW)
    return tuple(page.tolist()) if ended == FOUND else None


def _dive(rows: Compiled, order: Ints, prefix: Page, kinds: Ints, nodes: int) -> tuple[int, Ints]:
    return dive(
        order,
        rows.cells,
        rows.ptr,
        rows.row,
        rows.coef,
        rows.floor,
        rows.ceiling,
        rows.slot_ptr,
        rows.slot_row,
        rows.group,
        kinds,
        np.array(prefix, dtype=np.int64),
        nodes,
    )


def ranked(wish: Ints) -> Ints:
    """The options in each slot in order of what is wished for there (n, K), best first: (K, n)."""
    return np.ascontiguousarray(np.argsort(-wish.T, axis=1, kind="stable"))
