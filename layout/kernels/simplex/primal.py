"""The primal simplex: from a solution that breaks nothing to one that no column improves."""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.kernels.simplex.basis import exchange, fill_column
from layout.kernels.simplex.program import DRIFT, PIVOT, SOLVED, STALLED, ZERO, Basis, Program, excess_cost
from layout.kernels.simplex.tableau import Members, fill_row, row_for
from layout.types import Floats, Ints


@kernel
def primal(program: Program, basis: Basis, live: Ints, members: Members, pivots: int) -> tuple[int, int]:
    """Solve over the `live` columns, the `members`, without new constraints, from values of 0 or more.

    Returns SOLVED or STALLED, and the pivots made.
    """
    column = np.zeros(len(basis.x), dtype=np.float64)
    row = row_for(basis)
    for made in range(pivots):
        entering = _entering(program, basis, live)
        if entering < 0:
            return SOLVED, made
        fill_column(program, basis, entering, column)
        leaving = _leaving(basis, column)
        if leaving < 0:
            return STALLED, made
        fill_row(program, basis, members, leaving, row)
        if abs(column[leaving] - row.alpha[entering]) > DRIFT * (1.0 + abs(row.alpha[entering])):
            return STALLED, made
        exchange(basis, leaving, entering, row, column)
    return STALLED, pivots


@kernel
def _entering(program: Program, basis: Basis, live: Ints) -> int:
    """The variable of the least reduced cost, −1 when none is below 0."""
    constraints = len(basis.place)
    entering, least = -1, -ZERO
    for j in live:
        v = 2 * constraints + j
        if basis.reduced[v] < least and basis.where[v] < 0:
            entering, least = v, basis.reduced[v]
    for p in range(program.size, basis.held[0]):
        c = basis.at[p]
        if basis.reduced[c] < least and basis.where[c] < 0:
            entering, least = c, basis.reduced[c]
        v = constraints + c
        if basis.reduced[v] < least and basis.where[v] < 0 and excess_cost(program, c) > 0.0:
            entering, least = v, basis.reduced[v]
    return entering


@kernel
def _leaving(basis: Basis, column: Floats) -> int:
    """The place whose variable reaches 0 first, of equals the surest, −1 when none does (Harris 1973)."""
    nearest = np.inf
    for i in range(basis.held[0]):
        if column[i] > PIVOT:
            nearest = min(nearest, (max(basis.x[i], 0.0) + ZERO) / column[i])
    leaving, largest = -1, 0.0
    for i in range(basis.held[0]):
        if column[i] > PIVOT and column[i] > largest and max(basis.x[i], 0.0) <= nearest * column[i]:
            leaving, largest = i, column[i]
    return leaving
