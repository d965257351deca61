"""What changes a basis: a start, constraints that come in, and variables that change places."""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.kernels.simplex.program import Basis, Program, excess_cost, limit
from layout.kernels.simplex.tableau import PivotRow
from layout.types import Floats, Ints

_BROKEN = 1e-7
_BATCH = 12
_DUST = 1e-12
_SHORT = 1e-8


@kernel
def start(program: Program, basis: Basis, live: Ints) -> None:
    """The basis of each slot's cheapest `live` column, with no constraint but the slots' equations."""
    size = program.size
    basis.where[:] = -1
    basis.place[:] = -1
    basis.at[:] = -1
    basis.reduced[:] = 0.0
    basis.held[0] = size
    constraints = len(basis.place)
    basis.inverse[:size, :size] = 0.0
    basis.y[:size] = np.inf
    for j in live:
        k = program.slot[j]
        if program.cost[j] < basis.y[k]:
            basis.y[k] = program.cost[j]
            basis.basic[k] = 2 * constraints + j
    for k in range(size):
        basis.inverse[k, k] = 1.0
        basis.x[k] = 1.0
        basis.norm[k] = 1.0
        basis.where[basis.basic[k]] = k
    for j in live:
        basis.reduced[2 * constraints + j] = program.cost[j] - basis.y[program.slot[j]]


@kernel
def add_broken(program: Program, basis: Basis) -> int:
    """Add the constraints that the solution breaks most; how many, or −1 when there is no room for them."""
    sums, shelf_sums = _counted(program, basis)
    chosen = np.empty(_BATCH, dtype=np.int64)
    beyond = np.empty(_BATCH, dtype=np.float64)
    count = 0
    for g in range(program.groups):
        if shelf_sums[g] - 1.0 > _BROKEN and basis.place[g] < 0:
            count = _rank(g, shelf_sums[g] - 1.0, chosen, beyond, count)
    for r in range(len(program.lo)):
        total = sums[r] / program.scale[r]
        upper = program.groups + 2 * r
        if total - program.hi[r] > _BROKEN and basis.place[upper] < 0:
            count = _rank(upper, total - program.hi[r], chosen, beyond, count)
        if program.lo[r] - total > _BROKEN and basis.place[upper + 1] < 0:
            count = _rank(upper + 1, program.lo[r] - total, chosen, beyond, count)
    if basis.held[0] + count > len(basis.x):
        return -1
    if count > 0:
        _add(program, basis, chosen[:count], beyond)
    return count


@kernel
def _counted(program: Program, basis: Basis) -> tuple[Floats, Floats]:
    """What rows (R,), unscaled, and shelves (G,) count in the solution."""
    sums = np.zeros(len(program.lo), dtype=np.float64)
    shelf_sums = np.zeros(program.groups, dtype=np.float64)
    for i in range(basis.held[0]):
        j = basis.basic[i] - 2 * len(basis.place)
        if j >= 0 and basis.x[i] != 0.0:
            shelf_sums[program.shelf[j]] += basis.x[i]
            cell = program.cell[j]
            for e in range(program.ptr[cell], program.ptr[cell + 1]):
                sums[program.row[e]] += basis.x[i] * program.coef[e]
    return sums, shelf_sums


@kernel
def _rank(c: int, over: float, chosen: Ints, beyond: Floats, count: int) -> int:
    """Put a constraint in its place among the `count` that are broken most so far; how many they are now."""
    if count == len(chosen) and over <= beyond[count - 1]:
        return count
    at = min(count, len(chosen) - 1)
    while at > 0 and beyond[at - 1] < over:
        beyond[at] = beyond[at - 1]
        chosen[at] = chosen[at - 1]
        at -= 1
    beyond[at] = over
    chosen[at] = c
    return min(count + 1, len(chosen))


@kernel
def _add(program: Program, basis: Basis, new: Ints, beyond: Floats) -> None:
    """Add constraints, whose slacks become basic with the values that they have: − `beyond`."""
    m, constraints = basis.held[0], len(basis.place)
    end = m + len(new)
    basis.inverse[m:end, :end] = 0.0
    basis.inverse[:m, m:end] = 0.0
    for i in range(len(new)):
        c, p = new[i], m + i
        basis.inverse[p, p] = 1.0
        basis.basic[p] = c
        basis.where[c] = p
        basis.x[p] = -beyond[i]
        basis.y[p] = 0.0
        basis.at[p] = c
        basis.place[c] = p
        basis.reduced[c] = 0.0
        basis.reduced[constraints + c] = excess_cost(program, c)
    for i in range(m):
        j = basis.basic[i] - 2 * constraints
        if j < 0:
            continue
        _carry(basis.inverse, i, basis.place[program.shelf[j]], 1.0, m)
        cell = program.cell[j]
        for e in range(program.ptr[cell], program.ptr[cell + 1]):
            upper = program.groups + 2 * program.row[e]
            if basis.place[upper] >= m or basis.place[upper + 1] >= m:
                share = program.coef[e] / program.scale[program.row[e]]
                _carry(basis.inverse, i, basis.place[upper], share, m)
                _carry(basis.inverse, i, basis.place[upper + 1], -share, m)
    for p in range(m, end):
        basis.norm[p] = 0.0
        for q in range(end):
            basis.norm[p] += basis.inverse[q, p] * basis.inverse[q, p]
    basis.held[0] = end


@kernel
def _carry(inverse: Floats, i: int, p: int, share: float, m: int) -> None:
    """Take row i of the inverse times `share` from that of a place p, if it is one of those from m on."""
    if p >= m:
        for q in range(m):
            if inverse[q, i] != 0.0:
                inverse[q, p] -= share * inverse[q, i]


@kernel
def purge(basis: Basis) -> None:
    """Take the constraints out again whose slack is in the basis: nothing else changes by it.

    In the columns of the basis matrix such a slack is 1 in its constraint and 0 elsewhere, so that what is
    left of the inverse without both is the inverse without the constraint. Its dual is 0.
    """
    m, constraints = basis.held[0], len(basis.place)
    places = np.empty(m, dtype=np.int64)
    variables = np.empty(m, dtype=np.int64)
    kept, left = 0, 0
    for i in range(m):
        if basis.at[i] < 0 or basis.where[basis.at[i]] < 0:
            places[kept] = i
            kept += 1
        if basis.basic[i] >= constraints:
            variables[left] = i
            left += 1
    if kept == m:
        return
    for i in range(m):
        if basis.basic[i] < constraints:
            basis.place[basis.basic[i]] = -1
            basis.where[basis.basic[i]] = -1
    for q in range(kept):
        p, i = places[q], variables[q]
        basis.at[q], basis.y[q] = basis.at[p], basis.y[p]
        basis.basic[q], basis.x[q], basis.norm[q] = basis.basic[i], basis.x[i], basis.norm[i]
        basis.where[basis.basic[q]] = q
        if basis.at[q] >= 0:
            basis.place[basis.at[q]] = q
        for other in range(kept):
            basis.inverse[q, other] = basis.inverse[p, variables[other]]
    basis.held[0] = kept


@kernel
def fill_column(program: Program, basis: Basis, v: int, column: Floats) -> None:
    """The inverse times the column of variable v, into `column` (M,)."""
    constraints = len(basis.place)
    column[: basis.held[0]] = 0.0
    if v < 2 * constraints:
        _count_in(basis, basis.place[v % constraints], 1.0 if v < constraints else -1.0, column)
        return
    j = v - 2 * constraints
    _count_in(basis, program.slot[j], 1.0, column)
    _count_in(basis, basis.place[program.shelf[j]], 1.0, column)
    cell = program.cell[j]
    for e in range(program.ptr[cell], program.ptr[cell + 1]):
        upper = program.groups + 2 * program.row[e]
        share = program.coef[e] / program.scale[program.row[e]]
        _count_in(basis, basis.place[upper], share, column)
        _count_in(basis, basis.place[upper + 1], -share, column)


@kernel
def _count_in(basis: Basis, p: int, factor: float, column: Floats) -> None:
    """Add what the inverse makes of a coefficient in place p, if it is in the basis."""
    if p >= 0:
        for i in range(basis.held[0]):
            column[i] += factor * basis.inverse[p, i]


@kernel
def exchange(basis: Basis, leaving: int, entering: int, row: PivotRow, column: Floats) -> None:
    """Exchange the variables of a place: values, duals, reduced costs and the inverse; empties the `row`.

    What is left of an entry by rounding alone becomes 0.
    """
    out = basis.basic[leaving]
    theta = basis.reduced[entering] / row.alpha[entering]
    for v in row.touched[: row.filled[0]]:
        basis.reduced[v] -= theta * row.alpha[v]
        row.alpha[v] = 0.0
        row.seen[v] = False
    basis.reduced[out] = -theta
    basis.reduced[entering] = 0.0
    _update(basis, leaving, theta, row, column)
    basis.where[out] = -1
    basis.where[entering] = leaving
    basis.basic[leaving] = entering


@kernel
def _update(basis: Basis, leaving: int, theta: float, row: PivotRow, column: Floats) -> None:
    """Values, duals and the inverse with the `column` in place of the one `leaving`."""
    m, norm, x = basis.held[0], basis.norm, basis.x
    factor = 1.0 / column[leaving]
    step = x[leaving] * factor
    column[leaving] = 0.0
    for i in range(m):
        column[i] = column[i] if abs(column[i]) > _DUST else 0.0
        x[i] -= step * column[i]
    x[leaving] = step
    for at in range(row.filled[1]):
        basis.y[row.spots[at]] += theta * row.weight[at]
        line = basis.inverse[row.spots[at]]
        weight = row.weight[at] * factor
        for i in range(m):  # all of them, though most do not change: that way they are done several at once
            before = line[i]
            after = before - column[i] * weight
            after = after if abs(after) > _DUST else 0.0
            line[i] = after
            norm[i] += after * after - before * before
        line[leaving] = weight
    norm[leaving] *= factor * factor
    for i in range(m):
        norm[i] = max(norm[i], _SHORT)


@kernel
def dual_cost(program: Program, basis: Basis) -> float:
    """The cost that the duals prove to be inevitable, up to rounding."""
    total = 0.0
    for k in range(program.size):
        total += basis.y[k]
    for p in range(program.size, basis.held[0]):
        total += basis.y[p] * limit(program, basis.at[p])
    return total
