"""The linear relaxation over some of the cells, by a dual simplex that adds constraints as they are broken.

A cell is a column: 1 if its option stands in its slot. Each slot holds one option in all (equations that are
always there); a shelf stands in one slot at most, and every row has an upper and a lower limit. Of these only
those that some solution on the way broke are in the basis matrix, which therefore stays small (tens of
constraints); its inverse is kept dense. A soft row is a constraint with a column of its own for the excess.
Pricing is by dual steepest edge (Forrest and Goldfarb 1992), whose norms the dense inverse gives for free.

Everything here is in floating point and nothing may rest on it: it proposes prices, and bounds are added up
from them in integers elsewhere. The sequence of operations is fixed, so that the proposals are the same on
every machine.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layout.kernels.jit import kernel
from layout.types import Floats, Ints, Mask

SOLVED, BROKEN, CUT, STALLED, FULL = 0, 1, 2, 3, 4
_ZERO = 1e-9
_PIVOT = 1e-7
_BROKEN = 1e-7
_BATCH = 12
_DRIFT = 1e-6
_BEYOND = 1.0
_SHARE = 1e-6
_LITTLE = 1e-7
_MUCH = 1.0


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
    the basis with values `x`, `where` (V,) their places, `y` (M,) the duals, `norm` (M,) the squared lengths
    of the inverse's rows, `at` (M,) the constraint of each place (−1 for slots), `place` (C,) the reverse,
    `reduced` (V,) the reduced costs.
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
def dual(
    program: Program, basis: Basis, live: Ints, closed: Mask, cutoff: float, pivots: int
) -> tuple[int, int]:
    """Solve over the `live` columns, from a basis with no reduced cost below zero.

    Columns `closed` (c,) must leave the basis and stay out. Returns SOLVED, BROKEN when no solution exists,
    CUT when the cost exceeds `cutoff`, FULL when the basis has no room for what is missing, or STALLED, and
    the pivots made.
    """
    rows = len(program.lo)
    constraints = program.groups + 2 * rows
    shelf_weight = np.zeros(program.groups, dtype=np.float64)
    row_weight = np.zeros(rows, dtype=np.float64)
    alpha = np.zeros(len(basis.where), dtype=np.float64)
    column = np.zeros(len(basis.x), dtype=np.float64)
    made = 0
    while True:
        m = basis.held[0]
        leaving, worst, sign = -1, 0.0, 1.0
        for i in range(m):
            v = basis.basic[i]
            over = -basis.x[i]
            turned = 1.0
            if v >= 2 * constraints and closed[v - 2 * constraints] and basis.x[i] > 0.0:
                over = basis.x[i]
                turned = -1.0
            if over > _BROKEN and over * over > worst * basis.norm[i]:
                worst = over * over / basis.norm[i]
                leaving = i
                sign = turned
        if leaving < 0:
            added = _add_broken(program, basis)
            if added == 0:
                return SOLVED, made
            if added < 0:
                return FULL, made
            continue
        if made == pivots:
            return STALLED, made
        made += 1
        _weigh(program, basis, leaving, 1.0, shelf_weight, row_weight)
        _pivot_row(program, basis, live, leaving, shelf_weight, row_weight, alpha)
        _weigh(program, basis, leaving, 0.0, shelf_weight, row_weight)
        entering = _entering(program, basis, live, closed, sign, alpha)
        if entering < 0:
            _follow_ray(program, basis, leaving, sign, cutoff)
            return BROKEN, made
        _column(program, basis, entering, column)
        if abs(column[leaving] - alpha[entering]) > _DRIFT * (1.0 + abs(alpha[entering])):
            return STALLED, made
        _pivot(program, basis, live, leaving, entering, alpha, column)
        if _dual_cost(program, basis) > cutoff:
            return CUT, made


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
def primal(program: Program, basis: Basis, live: Ints, pivots: int) -> tuple[int, int]:
    """Solve over the `live` columns without new constraints, from a basis with no value below zero.

    Returns SOLVED or STALLED, and the pivots made.
    """
    rows, constraints = len(program.lo), len(basis.place)
    shelf_weight = np.zeros(program.groups, dtype=np.float64)
    row_weight = np.zeros(rows, dtype=np.float64)
    alpha = np.zeros(len(basis.where), dtype=np.float64)
    column = np.zeros(len(basis.x), dtype=np.float64)
    for made in range(pivots):
        m = basis.held[0]
        entering, least = -1, -_ZERO
        for j in live:
            if basis.where[2 * constraints + j] < 0 and basis.reduced[2 * constraints + j] < least:
                entering, least = 2 * constraints + j, basis.reduced[2 * constraints + j]
        for p in range(program.size, m):
            c = basis.at[p]
            if basis.where[c] < 0 and basis.reduced[c] < least:
                entering, least = c, basis.reduced[c]
            v = constraints + c
            if _excess_cost(program, c) > 0.0 and basis.where[v] < 0 and basis.reduced[v] < least:
                entering, least = v, basis.reduced[v]
        if entering < 0:
            return SOLVED, made
        _column(program, basis, entering, column)
        nearest = np.inf
        for i in range(m):
            if column[i] > _PIVOT:
                nearest = min(nearest, (max(basis.x[i], 0.0) + _ZERO) / column[i])
        leaving, largest = -1, 0.0
        for i in range(m):
            if column[i] > _PIVOT and column[i] > largest and max(basis.x[i], 0.0) <= nearest * column[i]:
                leaving, largest = i, column[i]
        if leaving < 0:
            return STALLED, made
        _weigh(program, basis, leaving, 1.0, shelf_weight, row_weight)
        _pivot_row(program, basis, live, leaving, shelf_weight, row_weight, alpha)
        _weigh(program, basis, leaving, 0.0, shelf_weight, row_weight)
        if abs(column[leaving] - alpha[entering]) > _DRIFT * (1.0 + abs(alpha[entering])):
            return STALLED, made
        _pivot(program, basis, live, leaving, entering, alpha, column)
    return STALLED, pivots


@kernel
def generate(
    program: Program, basis: Basis, inside: Mask, per_slot: int, rounds: int, pivots: int
) -> tuple[int, Ints]:
    """Solve over the columns `inside` (c,), bringing in `per_slot` others of each slot as long as they help.

    Returns how the last solve ended, SOLVED also when nothing more helps, and the columns now inside.
    """
    live = np.flatnonzero(inside)
    closed = ~inside
    for _ in range(rounds):
        status, _ = dual(program, basis, live, closed, np.inf, pivots)
        if status != SOLVED:
            return status, live
        new = attractive(program, basis, inside, per_slot)
        if len(new) == 0:
            return SOLVED, live
        live = np.concatenate((live, new))
        closed[new] = False
        status, _ = primal(program, basis, live, pivots)
        if status != SOLVED:
            return status, live
    return STALLED, live


@kernel
def attractive(program: Program, basis: Basis, inside: Mask, per_slot: int) -> Ints:
    """The columns not `inside` (c,) that would lower the cost most, at most `per_slot` of each slot.

    They are marked as inside and get their reduced costs.
    """
    shelf_price, row_price = _prices(program, basis)
    best = np.full((program.size, per_slot), -1, dtype=np.int64)
    cost = np.full((program.size, per_slot), -_ZERO, dtype=np.float64)
    first = 2 * len(basis.place)
    for j in range(len(program.cost)):
        if inside[j]:
            continue
        k = program.slot[j]
        left = _reduced(program, basis, j, shelf_price, row_price)
        if left < cost[k, per_slot - 1]:
            at = per_slot - 1
            while at > 0 and cost[k, at - 1] > left:
                cost[k, at] = cost[k, at - 1]
                best[k, at] = best[k, at - 1]
                at -= 1
            cost[k, at] = left
            best[k, at] = j
    found = best.ravel()
    found = found[found >= 0]
    for k in range(program.size):
        for i in range(per_slot):
            if best[k, i] >= 0:
                inside[best[k, i]] = True
                basis.reduced[first + best[k, i]] = cost[k, i]
    return found


@kernel
def reprice(program: Program, basis: Basis, columns: Ints) -> None:
    """Work out the reduced costs of `columns` from the duals."""
    shelf_price, row_price = _prices(program, basis)
    first = 2 * len(basis.place)
    for j in columns:
        if basis.where[first + j] < 0:
            basis.reduced[first + j] = _reduced(program, basis, j, shelf_price, row_price)


@kernel
def rounded(program: Program, basis: Basis, unit: float, limit: Ints, most: int) -> tuple[Ints, Ints]:
    """The duals as whole prices of rows (R,) within ± `limit` (R,), and of shelves (G,) from 0 to `most`.

    `unit` is what a cost of 1 is worth.
    """
    shelf_price, row_price = _prices(program, basis)
    prices = np.zeros(len(program.lo), dtype=np.int64)
    shelf_prices = np.zeros(program.groups, dtype=np.int64)
    for r in range(len(prices)):
        price = np.rint(min(max(-unit * row_price[r], -float(limit[r])), float(limit[r])))
        prices[r] = min(max(np.int64(price), -limit[r]), limit[r])
        if (prices[r] > 0 and program.hi[r] == np.inf) or (prices[r] < 0 and program.lo[r] == -np.inf):
            prices[r] = 0
    for g in range(program.groups):
        price = np.rint(min(max(-unit * shelf_price[g], 0.0), float(most)))
        shelf_prices[g] = min(max(int(price), 0), most)
    return prices, shelf_prices


@kernel
def split(program: Program, basis: Basis, live: Ints, most: int) -> Mask:
    """Which of the `live` columns to set against the rest of their slot; none when the solution is whole.

    Candidates are what some row counts in a slot, and single columns. Of the `most` that the solution is
    least decided about, the one that costs most either way: to bring its share down to 0 or up to 1, the
    variable that is cheapest for it must move at least (Driebeek 1966).
    """
    slots, rows, columns, shares, count = _undecided(program, basis, live, most)
    chosen = np.zeros(len(live), dtype=np.bool_)
    inside = np.zeros(len(live), dtype=np.bool_)
    best = 0.0
    for i in range(count):
        _mark(program, live, slots[i], rows[i], columns[i], inside)
        down, up = _penalties(program, basis, live, slots[i], inside, shares[i])
        score = (down + _LITTLE) * (up + _LITTLE) * min(shares[i], 1.0 - shares[i])
        if score > best:
            best = score
            chosen[:] = inside
    return chosen


@kernel
def _undecided(program: Program, basis: Basis, live: Ints, most: int) -> tuple[Ints, Ints, Ints, Floats, int]:
    """The slots, rows or columns, and shares of `most` candidates, those nearest to a half; their number."""
    rows, first = len(program.lo), 2 * len(basis.place)
    share = np.zeros(len(program.cell), dtype=np.float64)
    for i in range(basis.held[0]):
        if basis.basic[i] >= first and basis.x[i] > _SHARE and basis.x[i] < 1.0 - _SHARE:
            share[basis.basic[i] - first] = basis.x[i]
    by_slot = np.zeros((program.size, rows), dtype=np.float64)
    slots = np.empty(most, dtype=np.int64)
    counted = np.empty(most, dtype=np.int64)
    columns = np.empty(most, dtype=np.int64)
    shares = np.empty(most, dtype=np.float64)
    count = 0
    for j in live:
        if share[j] > 0.0:
            cell = program.cell[j]
            for e in range(program.ptr[cell], program.ptr[cell + 1]):
                by_slot[program.slot[j], program.row[e]] += share[j]
            count = _rank(program.slot[j], -1, j, share[j], slots, counted, columns, shares, count)
    for k in range(program.size):
        for r in range(rows):
            if _SHARE < by_slot[k, r] < 1.0 - _SHARE:
                count = _rank(k, r, -1, by_slot[k, r], slots, counted, columns, shares, count)
    return slots, counted, columns, shares, count


@kernel
def _rank(
    slot: int, row: int, column: int, share: float,
    slots: Ints, rows: Ints, columns: Ints, shares: Floats, count: int,
) -> int:  # fmt: skip
    """Put a candidate in its place among the `count` so far, unless one of its slot has the same share."""
    for i in range(count):
        if slots[i] == slot and abs(shares[i] - share) < _SHARE:
            return count
    away = abs(share - 0.5)
    if count == len(slots) and away >= abs(shares[count - 1] - 0.5):
        return count
    at = min(count, len(slots) - 1)
    while at > 0 and abs(shares[at - 1] - 0.5) > away:
        slots[at], rows[at], columns[at] = slots[at - 1], rows[at - 1], columns[at - 1]
        shares[at] = shares[at - 1]
        at -= 1
    slots[at], rows[at], columns[at], shares[at] = slot, row, column, share
    return min(count + 1, len(slots))


@kernel
def _mark(program: Program, live: Ints, slot: int, row: int, column: int, inside: Mask) -> None:
    """Mark the `live` columns of the slot that the row counts, or the one column."""
    for i in range(len(live)):
        j = live[i]
        inside[i] = j == column
        if column < 0 and program.slot[j] == slot:
            cell = program.cell[j]
            for e in range(program.ptr[cell], program.ptr[cell + 1]):
                if program.row[e] == row:
                    inside[i] = True


@kernel
def _penalties(
    program: Program, basis: Basis, live: Ints, slot: int, inside: Mask, share: float
) -> tuple[float, float]:
    """What it costs at least to bring the share of the columns `inside` down to 0, and up to 1."""
    m, first, groups = basis.held[0], 2 * len(basis.place), program.groups
    weight = np.zeros(m, dtype=np.float64)
    for i in range(len(live)):
        at = basis.where[first + live[i]]
        if inside[i] and at >= 0:
            for p in range(m):
                weight[p] += basis.inverse[at, p]
    shelf_weight = np.zeros(groups, dtype=np.float64)
    row_weight = np.zeros(len(program.lo), dtype=np.float64)
    down, up = np.inf, np.inf
    for p in range(program.size, m):
        c = basis.at[p]
        if c < groups:
            shelf_weight[c] = weight[p]
        else:
            r = (c - groups) // 2
            row_weight[r] += (weight[p] if (c - groups) % 2 == 0 else -weight[p]) / program.scale[r]
        if basis.where[c] < 0:
            if weight[p] > _ZERO:
                down = min(down, max(basis.reduced[c], 0.0) / weight[p])
            elif weight[p] < -_ZERO:
                up = min(up, max(basis.reduced[c], 0.0) / -weight[p])
        v = len(basis.place) + c
        if _excess_cost(program, c) > 0.0 and basis.where[v] < 0:
            if weight[p] < -_ZERO:
                down = min(down, max(basis.reduced[v], 0.0) / -weight[p])
            elif weight[p] > _ZERO:
                up = min(up, max(basis.reduced[v], 0.0) / weight[p])
    for i in range(len(live)):
        j = live[i]
        if basis.where[first + j] >= 0:
            continue
        total = weight[program.slot[j]] + shelf_weight[program.shelf[j]]
        cell = program.cell[j]
        for e in range(program.ptr[cell], program.ptr[cell + 1]):
            total += row_weight[program.row[e]] * program.coef[e]
        cost = max(basis.reduced[first + j], 0.0)
        if inside[i]:
            if total - 1.0 < -_ZERO:
                up = min(up, cost / (1.0 - total))
        elif total > _ZERO:
            down = min(down, cost / total)
        elif total < -_ZERO and program.slot[j] != slot:
            up = min(up, cost / -total)
    return min(down * share, _MUCH), min(up * (1.0 - share), _MUCH)


@kernel
def _prices(program: Program, basis: Basis) -> tuple[Floats, Floats]:
    """The duals of shelves (G,) and rows (R,), unscaled."""
    shelf_price = np.zeros(program.groups, dtype=np.float64)
    row_price = np.zeros(len(program.lo), dtype=np.float64)
    for p in range(program.size, basis.held[0]):
        c = basis.at[p] - program.groups
        if c < 0:
            shelf_price[basis.at[p]] = basis.y[p]
        else:
            price = basis.y[p] / program.scale[c // 2]
            row_price[c // 2] += price if c % 2 == 0 else -price
    return shelf_price, row_price


@kernel
def _reduced(program: Program, basis: Basis, j: int, shelf_price: Floats, row_price: Floats) -> float:
    """The reduced cost of column j."""
    left: float = program.cost[j] - basis.y[program.slot[j]] - shelf_price[program.shelf[j]]
    cell = program.cell[j]
    for e in range(program.ptr[cell], program.ptr[cell + 1]):
        left -= row_price[program.row[e]] * program.coef[e]
    return left


@kernel
def _weigh(
    program: Program, basis: Basis, i: int, factor: float, shelf_weight: Floats, row_weight: Floats
) -> None:
    """Spread row i of the inverse over shelves and rows, or clear it with `factor` 0."""
    groups = program.groups
    if factor == 0.0:
        for p in range(program.size, basis.held[0]):
            c = basis.at[p]
            if c < groups:
                shelf_weight[c] = 0.0
            else:
                row_weight[(c - groups) // 2] = 0.0
        return
    for p in range(program.size, basis.held[0]):
        c = basis.at[p]
        if c < groups:
            shelf_weight[c] = basis.inverse[i, p]
        else:
            r = (c - groups) // 2
            weight = basis.inverse[i, p] / program.scale[r]
            row_weight[r] += weight if (c - groups) % 2 == 0 else -weight


@kernel
def _pivot_row(
    program: Program,
    basis: Basis,
    live: Ints,
    leaving: int,
    shelf_weight: Floats,
    row_weight: Floats,
    alpha: Floats,
) -> None:
    """The row of the tableau in a place of the basis, into `alpha` (V,)."""
    constraints = len(basis.place)
    for j in live:
        v = 2 * constraints + j
        if basis.where[v] < 0:
            total = basis.inverse[leaving, program.slot[j]] + shelf_weight[program.shelf[j]]
            cell = program.cell[j]
            for e in range(program.ptr[cell], program.ptr[cell + 1]):
                total += row_weight[program.row[e]] * program.coef[e]
            alpha[v] = total
    for p in range(program.size, basis.held[0]):
        c = basis.at[p]
        if basis.where[c] < 0:
            alpha[c] = basis.inverse[leaving, p]
        if basis.where[constraints + c] < 0:
            alpha[constraints + c] = -basis.inverse[leaving, p]


@kernel
def _entering(program: Program, basis: Basis, live: Ints, closed: Mask, sign: float, alpha: Floats) -> int:
    """The variable that keeps reduced costs at 0 or above, −1 when there is none (Harris 1973)."""
    constraints = len(basis.place)
    first = 2 * constraints
    nearest = np.inf
    for j in live:
        size = -sign * alpha[first + j]
        if size > _PIVOT and not closed[j]:
            nearest = min(nearest, (max(basis.reduced[first + j], 0.0) + _ZERO) / size)
    for p in range(program.size, basis.held[0]):
        c = basis.at[p]
        size = -sign * alpha[c]
        if size > _PIVOT:
            nearest = min(nearest, (max(basis.reduced[c], 0.0) + _ZERO) / size)
        size = -sign * alpha[constraints + c]
        if size > _PIVOT and _excess_cost(program, c) > 0.0:
            nearest = min(nearest, (max(basis.reduced[constraints + c], 0.0) + _ZERO) / size)
    chosen, largest = -1, _PIVOT
    for j in live:
        size = -sign * alpha[first + j]
        if size > largest and not closed[j] and max(basis.reduced[first + j], 0.0) <= nearest * size:
            chosen, largest = first + j, size
    for p in range(program.size, basis.held[0]):
        c = basis.at[p]
        size = -sign * alpha[c]
        if size > largest and max(basis.reduced[c], 0.0) <= nearest * size:
            chosen, largest = c, size
        v = constraints + c
        size = -sign * alpha[v]
        if size > largest and _excess_cost(program, c) > 0.0 and max(basis.reduced[v], 0.0) <= nearest * size:
            chosen, largest = v, size
    return chosen


@kernel
def _excess_cost(program: Program, c: int) -> float:
    """What a unit beyond the limit of constraint c costs; 0 when it is hard."""
    return program.excess[(c - program.groups) // 2] if c >= program.groups else 0.0


@kernel
def _column(program: Program, basis: Basis, v: int, column: Floats) -> None:
    """The inverse times the column of variable v, into `column` (M,)."""
    m = basis.held[0]
    constraints = len(basis.place)
    if v < 2 * constraints:
        p = basis.place[v % constraints]
        factor = 1.0 if v < constraints else -1.0
        for i in range(m):
            column[i] = factor * basis.inverse[i, p]
        return
    j = v - 2 * constraints
    cell = program.cell[j]
    most = 2 + 2 * (program.ptr[cell + 1] - program.ptr[cell])
    place = np.empty(most, dtype=np.int64)
    factors = np.empty(most, dtype=np.float64)
    place[0], factors[0] = program.slot[j], 1.0
    count = 1
    if basis.place[program.shelf[j]] >= 0:
        place[count], factors[count] = basis.place[program.shelf[j]], 1.0
        count += 1
    for e in range(program.ptr[cell], program.ptr[cell + 1]):
        r = program.row[e]
        factor = program.coef[e] / program.scale[r]
        for side in range(2):
            p = basis.place[program.groups + 2 * r + side]
            if p >= 0:
                place[count], factors[count] = p, factor if side == 0 else -factor
                count += 1
    for i in range(m):
        total = 0.0
        for e in range(count):
            total += factors[e] * basis.inverse[i, place[e]]
        column[i] = total


@kernel
def _pivot(
    program: Program, basis: Basis, live: Ints, leaving: int, entering: int, alpha: Floats, column: Floats
) -> None:
    """Exchange the variables of a place: values, duals, reduced costs and the inverse."""
    m = basis.held[0]
    constraints = len(basis.place)
    out = basis.basic[leaving]
    theta = basis.reduced[entering] / alpha[entering]
    if theta != 0.0:
        for j in live:
            v = 2 * constraints + j
            basis.reduced[v] -= theta * alpha[v]
        for p in range(program.size, m):
            c = basis.at[p]
            basis.reduced[c] -= theta * alpha[c]
            basis.reduced[constraints + c] -= theta * alpha[constraints + c]
        for p in range(m):
            basis.y[p] += theta * basis.inverse[leaving, p]
    for p in range(program.size, m):
        alpha[basis.at[p]] = 0.0
        alpha[constraints + basis.at[p]] = 0.0
    for j in live:
        alpha[2 * constraints + j] = 0.0
    basis.reduced[out] = -theta
    basis.reduced[entering] = 0.0
    step = basis.x[leaving] / column[leaving]
    inverse = basis.inverse
    factor = 1.0 / column[leaving]
    for p in range(m):
        inverse[leaving, p] *= factor
    basis.norm[leaving] *= factor * factor
    for i in range(m):
        if i != leaving and column[i] != 0.0:
            basis.x[i] -= step * column[i]
            times = column[i]
            for p in range(m):
                inverse[i, p] -= times * inverse[leaving, p]
            basis.norm[i] = _length(inverse[i], m)
    basis.x[leaving] = step
    basis.where[out] = -1
    basis.where[entering] = leaving
    basis.basic[leaving] = entering


@kernel
def _length(vector: Floats, count: int) -> float:
    """The squared length of the first `count` entries, in eight sums that do not wait for one another."""
    a, b, c, d, e, f, g, h = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    even = count - count % 8
    for p in range(0, even, 8):
        a += vector[p] * vector[p]
        b += vector[p + 1] * vector[p + 1]
        c += vector[p + 2] * vector[p + 2]
        d += vector[p + 3] * vector[p + 3]
        e += vector[p + 4] * vector[p + 4]
        f += vector[p + 5] * vector[p + 5]
        g += vector[p + 6] * vector[p + 6]
        h += vector[p + 7] * vector[p + 7]
    for p in range(even, count):
        a += vector[p] * vector[p]
    return ((a + b) + (c + d)) + ((e + f) + (g + h))


@kernel
def _dual_cost(program: Program, basis: Basis) -> float:
    """The cost that the duals prove to be inevitable, up to rounding."""
    total = 0.0
    for k in range(program.size):
        total += basis.y[k]
    for p in range(program.size, basis.held[0]):
        total += basis.y[p] * _limit(program, basis.at[p])
    return total


@kernel
def _follow_ray(program: Program, basis: Basis, leaving: int, sign: float, cutoff: float) -> None:
    """Move the duals along a row that proves the program impossible, well past the `cutoff`."""
    room = max(cutoff - _dual_cost(program, basis), 0.0) + _BEYOND if cutoff < np.inf else 1e3
    step = -sign * room / abs(basis.x[leaving])
    for p in range(basis.held[0]):
        basis.y[p] += step * basis.inverse[leaving, p]


@kernel
def _limit(program: Program, c: int) -> float:
    """The right-hand side of constraint c, which says at most."""
    if c < program.groups:
        return 1.0
    r = (c - program.groups) // 2
    limit: float = program.hi[r] if (c - program.groups) % 2 == 0 else -program.lo[r]
    return limit


@kernel
def _add_broken(program: Program, basis: Basis) -> int:
    """Add the constraints that the solution breaks most; how many, or −1 when there is no room for them."""
    groups, rows, constraints = program.groups, len(program.lo), len(basis.place)
    sums = np.zeros(rows, dtype=np.float64)
    shelf_sums = np.zeros(groups, dtype=np.float64)
    for i in range(basis.held[0]):
        j = basis.basic[i] - 2 * constraints
        if j >= 0 and basis.x[i] != 0.0:
            shelf_sums[program.shelf[j]] += basis.x[i]
            cell = program.cell[j]
            for e in range(program.ptr[cell], program.ptr[cell + 1]):
                sums[program.row[e]] += basis.x[i] * program.coef[e]
    chosen = np.empty(_BATCH, dtype=np.int64)
    beyond = np.empty(_BATCH, dtype=np.float64)
    count = 0
    for c in range(constraints):
        if basis.place[c] >= 0:
            continue
        if c < groups:
            over = shelf_sums[c] - 1.0
        else:
            r = (c - groups) // 2
            total = sums[r] / program.scale[r]
            over = total - program.hi[r] if (c - groups) % 2 == 0 else program.lo[r] - total
        if over > _BROKEN and (count < _BATCH or over > beyond[count - 1]):
            at = min(count, _BATCH - 1)
            while at > 0 and beyond[at - 1] < over:
                beyond[at] = beyond[at - 1]
                chosen[at] = chosen[at - 1]
                at -= 1
            beyond[at] = over
            chosen[at] = c
            count = min(count + 1, _BATCH)
    if basis.held[0] + count > len(basis.x):
        return -1
    for i in range(count):
        _add(program, basis, chosen[i], -beyond[i])
    return count


@kernel
def _add(program: Program, basis: Basis, c: int, slack: float) -> None:
    """Add constraint c, whose slack becomes basic with the value that it has."""
    m = basis.held[0]
    constraints = len(basis.place)
    inverse = basis.inverse
    for p in range(m + 1):
        inverse[m, p] = 0.0
        inverse[p, m] = 0.0
    for i in range(m):
        j = basis.basic[i] - 2 * constraints
        if j < 0:
            continue
        held = _coefficient(program, j, c)
        if held != 0.0:
            for p in range(m):
                inverse[m, p] -= held * inverse[i, p]
    inverse[m, m] = 1.0
    basis.norm[m] = _length(inverse[m], m + 1)
    basis.basic[m] = c
    basis.where[c] = m
    basis.x[m] = slack
    basis.y[m] = 0.0
    basis.at[m] = c
    basis.place[c] = m
    basis.reduced[c] = 0.0
    basis.reduced[constraints + c] = _excess_cost(program, c)
    basis.held[0] = m + 1


@kernel
def _coefficient(program: Program, j: int, c: int) -> float:
    """What column j adds to constraint c."""
    if c < program.groups:
        return 1.0 if program.shelf[j] == c else 0.0
    r = (c - program.groups) // 2
    cell = program.cell[j]
    for e in range(program.ptr[cell], program.ptr[cell + 1]):
        if program.row[e] == r:
            share: float = program.coef[e] / program.scale[r]
            return share if (c - program.groups) % 2 == 0 else -share
    return 0.0
