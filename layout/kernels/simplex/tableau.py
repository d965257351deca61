"""A row of the tableau, put together from what is not zero in it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layout.kernels.jit import kernel
from layout.kernels.simplex.program import Basis, Program, excess_cost
from layout.types import Floats, Ints, Mask


class Members(NamedTuple):
    """Some columns by what they belong to: slot k is line k, shelf g line K + g, row r line K + G + r.

    The columns of line l are the entries from `start[l]` to `start[l + 1]`: a `variable` each and its
    `factor`, which for rows is unscaled.
    """

    start: Ints
    variable: Ints
    factor: Floats


class PivotRow(NamedTuple):
    """A row of the tableau, and the row of the inverse that it comes from, by what is not zero in them.

    `alpha` (V,) is zero but for the first `filled[0]` of `touched`, which are `seen` (V,). In the inverse the
    first `filled[1]` of `spots` (M,) are not zero; `weight` (M,) says what they are.
    """

    filled: Ints
    alpha: Floats
    seen: Mask
    touched: Ints
    spots: Ints
    weight: Floats


@kernel
def row_for(basis: Basis) -> PivotRow:
    """A row with nothing in it."""
    variables, places = len(basis.where), len(basis.x)
    return PivotRow(
        np.zeros(2, dtype=np.int64),
        np.zeros(variables, dtype=np.float64),
        np.zeros(variables, dtype=np.bool_),
        np.empty(variables, dtype=np.int64),
        np.empty(places, dtype=np.int64),
        np.empty(places, dtype=np.float64),
    )


@kernel
def members_of(program: Program, basis: Basis, live: Ints) -> Members:
    """The `live` columns by slot, shelf and row."""
    first, shelves = 2 * len(basis.place), program.size
    rows = shelves + program.groups
    start = np.zeros(rows + len(program.lo) + 1, dtype=np.int64)
    for j in live:
        start[program.slot[j] + 1] += 1
        start[shelves + program.shelf[j] + 1] += 1
        cell = program.cell[j]
        for e in range(program.ptr[cell], program.ptr[cell + 1]):
            start[rows + program.row[e] + 1] += 1
    start = np.cumsum(start)
    variable = np.empty(start[-1], dtype=np.int64)
    factor = np.ones(start[-1], dtype=np.float64)
    end = start[:-1].copy()
    for j in live:
        for line in (program.slot[j], shelves + program.shelf[j]):
            variable[end[line]] = first + j
            end[line] += 1
        cell = program.cell[j]
        for e in range(program.ptr[cell], program.ptr[cell + 1]):
            at = end[rows + program.row[e]]
            variable[at] = first + j
            factor[at] = program.coef[e]
            end[rows + program.row[e]] += 1
    return Members(start, variable, factor)


@kernel
def fill_row(program: Program, basis: Basis, members: Members, leaving: int, row: PivotRow) -> None:
    """Put the row of the tableau that is in a place of the basis into an empty `row`."""
    spots = 0
    for p in range(basis.held[0]):
        weight = basis.inverse[p, leaving]
        if weight != 0.0:
            row.spots[spots] = p
            row.weight[spots] = weight
            spots += 1
    row.filled[1] = spots
    spread(program, basis, members, row)


@kernel
def spread(program: Program, basis: Basis, members: Members, row: PivotRow) -> None:
    """Put what the constraints in a row's `spots`, taken by their `weight`, count for nonbasic variables."""
    size, groups, constraints = program.size, program.groups, len(basis.place)
    touched = 0
    for at in range(row.filled[1]):
        p, weight = row.spots[at], row.weight[at]
        line = p
        if p >= size:
            c = basis.at[p]
            if basis.where[c] < 0:
                row.alpha[c] = weight
                row.touched[touched] = c
                touched += 1
            if basis.where[constraints + c] < 0 and excess_cost(program, c) > 0.0:
                row.alpha[constraints + c] = -weight
                row.touched[touched] = constraints + c
                touched += 1
            line = size + c
            if c >= groups:
                r = (c - groups) // 2
                line = size + groups + r
                weight = (weight if (c - groups) % 2 == 0 else -weight) / program.scale[r]
        for i in range(members.start[line], members.start[line + 1]):
            v = members.variable[i]
            if basis.where[v] < 0:
                if not row.seen[v]:
                    row.seen[v] = True
                    row.touched[touched] = v
                    touched += 1
                row.alpha[v] += weight * members.factor[i]
    row.filled[0] = touched


@kernel
def emptied(row: PivotRow) -> None:
    """Take everything out of a row again."""
    for v in row.touched[: row.filled[0]]:
        row.alpha[v] = 0.0
        row.seen[v] = False
