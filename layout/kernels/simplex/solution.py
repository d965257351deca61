"""What a solution says, and what is closed in consequence."""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.kernels.simplex.program import Basis, Program
from layout.types import Floats, Ints, Mask


@kernel
def shares(basis: Basis, least: float) -> tuple[Ints, Floats]:
    """The columns of which the solution has more than `least`, and how much: (i,) both."""
    first = 2 * len(basis.place)
    column = np.empty(basis.held[0], dtype=np.int64)
    share = np.empty(basis.held[0], dtype=np.float64)
    count = 0
    for i in range(basis.held[0]):
        if basis.basic[i] >= first and basis.x[i] > least:
            column[count] = basis.basic[i] - first
            share[count] = basis.x[i]
            count += 1
    return column[:count], share[:count]


@kernel
def whole_page(program: Program, basis: Basis, width: int, least: float) -> Ints:
    """The option in each slot (K,), the first −1 when the solution is not whole up to `least`.

    Cells are numbered by option, then by slot, with `width` slots.
    """
    page = np.full(program.size, -1, dtype=np.int64)
    column, share = shares(basis, least)
    if len(column) == program.size and share.min() > 1.0 - least:
        for j in column:
            page[program.slot[j]] = program.cell[j] // width
    return page


@kernel
def choose(program: Program, live: Ints, closed: Mask, columns: Ints) -> Ints:
    """Close what these columns (i,) of one slot exclude; which of the `live` columns are left.

    That is the rest of their slot and, where it is one column, its shelf in all others.
    """
    slot = program.slot[columns[0]]
    shelf = program.shelf[columns[0]] if len(columns) == 1 else -1
    for j in live:
        if program.slot[j] == slot or program.shelf[j] == shelf:
            closed[j] = True
    closed[columns] = False
    left = np.empty(len(live), dtype=np.int64)
    count = 0
    for j in live:
        if not closed[j]:
            left[count] = j
            count += 1
    return left[:count].copy()
