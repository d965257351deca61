"""A linear program over cells, and what a basis of it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layout.kernels.jit import kernel
from layout.types import Floats, Ints, Mask

SOLVED, BROKEN, CUT, STALLED, FULL = 0, 1, 2, 3, 4
"""How a solve ends."""

ZERO = 1e-9
PIVOT = 1e-7
DRIFT = 1e-6


class Program(NamedTuple):
    """A linear program: columns are cells of a compiled problem, costs are minimised.

    `slot` and `shelf` (c,) are the columns' places, `cell` (c,) their numbers sK + k in `ptr`, `cost` (c,)
    what they cost. `lo` and `hi` (R,) are limits, infinite where open, `scale` (R,) what rows are divided by,
    `excess` (R,) the cost of a scaled unit beyond the limits, 0 for hard rows.
    """

    size: int
    groups: int
    slot: Ints
    shelf: Ints
    cell: Ints
    cost: Floats
    ptr: Ints
    row: Ints
    coef: Ints
    lo: Floats
    hi: Floats
    scale: Floats
    excess: Floats


class Basis(NamedTuple):
    """A basis of a program with room for M constraints; `held[0]` are in it.

    Constraint g < G is shelf g's, G + 2r row r's upper and G + 2r + 1 its lower limit; C in all. Variable
    v < C is the slack of constraint v, C + v its excess, 2C + j column j. `basic` (M,) are the variables in
    the basis with values `x`, `where` (V,) their places, `y` (M,) the duals, `at` (M,) the constraint of each
    place (−1 for slots), `place` (C,) the reverse, `reduced` (V,) the reduced costs. `inverse` (M, M) is
    transposed: `inverse[p, i]` is what the constraint in place p counts for the variable in place i, and
    `norm` (M,) are squared lengths by i.
    """

    held: Ints
    inverse: Floats
    basic: Ints
    where: Ints
    x: Floats
    y: Floats
    norm: Floats
    at: Ints
    place: Ints
    reduced: Floats


@kernel
def program_of(
    values: Ints,
    cells: Mask,
    group: Ints,
    groups: int,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    lo: Ints,
    hi: Ints,
    penalty: Ints,
    no_limit: int,
) -> tuple[Program, float]:
    """The program whose columns are the open `cells` (n, K), option by option, and the worth of a cost of 1.

    Limits of `no_limit` or more are none.
    """
    n, size = cells.shape
    count = cells.sum()
    slot = np.empty(count, dtype=np.int64)
    shelf = np.empty(count, dtype=np.int64)
    cell = np.empty(count, dtype=np.int64)
    cost = np.empty(count, dtype=np.float64)
    scale = np.ones(len(lo), dtype=np.float64)
    unit = 1.0
    at = 0
    for s in range(n):
        for k in range(size):
            if cells[s, k]:
                slot[at] = k
                shelf[at] = group[s]
                cell[at] = s * size + k
                unit = max(unit, float(abs(values[s, k])))
                for e in range(ptr[cell[at]], ptr[cell[at] + 1]):
                    scale[row[e]] = max(scale[row[e]], float(abs(coef[e])))
                at += 1
    for i in range(count):
        cost[i] = -float(values[cell[i] // size, cell[i] % size]) / unit
    lower = np.empty(len(lo), dtype=np.float64)
    upper = np.empty(len(lo), dtype=np.float64)
    excess = np.empty(len(lo), dtype=np.float64)
    for r in range(len(lo)):
        lower[r] = float(lo[r]) / scale[r] if lo[r] > -no_limit else -np.inf
        upper[r] = float(hi[r]) / scale[r] if hi[r] < no_limit else np.inf
        excess[r] = float(penalty[r]) * scale[r] / unit
    return Program(size, groups, slot, shelf, cell, cost, ptr, row, coef, lower, upper, scale, excess), unit


@kernel
def excess_cost(program: Program, c: int) -> float:
    """What a unit beyond the limit of constraint c costs; 0 when it is hard."""
    return program.excess[(c - program.groups) // 2] if c >= program.groups else 0.0


@kernel
def limit(program: Program, c: int) -> float:
    """The right-hand side of constraint c, which says at most."""
    if c < program.groups:
        return 1.0
    r = (c - program.groups) // 2
    limit: float = program.hi[r] if (c - program.groups) % 2 == 0 else -program.lo[r]
    return limit
