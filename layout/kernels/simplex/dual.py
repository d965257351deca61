"""The dual simplex: from prices that undercut nothing to a solution that breaks nothing."""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.kernels.simplex.basis import add_broken, dual_cost, exchange, fill_column
from layout.kernels.simplex.program import (
    BROKEN,
    CUT,
    DRIFT,
    FULL,
    PIVOT,
    SOLVED,
    STALLED,
    ZERO,
    Basis,
    Program,
)
from layout.kernels.simplex.tableau import Members, PivotRow, fill_row, row_for
from layout.types import Mask

_BROKEN = 1e-7
_BEYOND = 1.0


@kernel
def dual(
    program: Program, basis: Basis, members: Members, closed: Mask, cutoff: float, pivots: int
) -> tuple[int, int]:
    """Solve over the columns that are `members`, from a basis with no reduced cost below zero.

    Columns `closed` (c,) must leave the basis and stay out. Returns SOLVED, BROKEN when no solution exists,
    CUT when the cost exceeds `cutoff`, FULL when the basis has no room for what is missing, or STALLED, and
    the pivots made.
    """
    column = np.zeros(len(basis.x), dtype=np.float64)
    row = row_for(basis)
    made = 0
    while True:
        leaving, sign = _leaving(basis, closed)
        if leaving < 0:
            added = add_broken(program, basis)
            if added <= 0:
                return (SOLVED if added == 0 else FULL), made
            continue
        if made == pivots:
            return STALLED, made
        made += 1
        fill_row(program, basis, members, leaving, row)
        entering = _entering(basis, closed, sign, row)
        if entering < 0:
            _follow_ray(program, basis, leaving, sign, cutoff)
            return BROKEN, made
        fill_column(program, basis, entering, column)
        if abs(column[leaving] - row.alpha[entering]) > DRIFT * (1.0 + abs(row.alpha[entering])):
            return STALLED, made
        exchange(basis, leaving, entering, row, column)
        if cutoff < np.inf and dual_cost(program, basis) > cutoff:
            return CUT, made


@kernel
def _leaving(basis: Basis, closed: Mask) -> tuple[int, float]:
    """The place whose variable must leave, −1 when all may stay, and whether it is too small (1) or large."""
    first = 2 * len(basis.place)
    leaving, worst, sign = -1, 0.0, 1.0
    for i in range(basis.held[0]):
        v = basis.basic[i]
        over = -basis.x[i]
        turned = 1.0
        if v >= first and basis.x[i] > 0.0 and closed[v - first]:
            over = basis.x[i]
            turned = -1.0
        if over > _BROKEN and over * over > worst * basis.norm[i]:
            worst = over * over / basis.norm[i]
            leaving = i
            sign = turned
    return leaving, sign


@kernel
def _entering(basis: Basis, closed: Mask, sign: float, row: PivotRow) -> int:
    """The variable that keeps reduced costs at 0 or above, −1 when there is none (Harris 1973)."""
    first = 2 * len(basis.place)
    nearest = np.inf
    for v in row.touched[: row.filled[0]]:
        size = -sign * row.alpha[v]
        if size > PIVOT and (v < first or not closed[v - first]):
            nearest = min(nearest, (max(basis.reduced[v], 0.0) + ZERO) / size)
    chosen, largest = -1, PIVOT
    for v in row.touched[: row.filled[0]]:
        size = -sign * row.alpha[v]
        if size <= largest or (v >= first and closed[v - first]):
            continue
        if max(basis.reduced[v], 0.0) <= nearest * size:
            chosen, largest = v, size
    return chosen


@kernel
def _follow_ray(program: Program, basis: Basis, leaving: int, sign: float, cutoff: float) -> None:
    """Move the duals along a row that proves the program impossible, well past the `cutoff`."""
    room = max(cutoff - dual_cost(program, basis), 0.0) + _BEYOND if cutoff < np.inf else 1e3
    step = -sign * room / abs(basis.x[leaving])
    for p in range(basis.held[0]):
        basis.y[p] += step * basis.inverse[p, leaving]
