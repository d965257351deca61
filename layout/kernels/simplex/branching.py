"""What to set against what, where the solution is not whole."""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.kernels.simplex.program import ZERO, Basis, Program
from layout.kernels.simplex.tableau import Members, PivotRow, emptied, row_for, spread
from layout.types import Floats, Ints, Mask

_SHARE = 1e-6
_LITTLE = 1e-7
_MUCH = 1.0


@kernel
def split(program: Program, basis: Basis, members: Members, closed: Mask, live: Ints, most: int) -> Ints:
    """Which columns to set against the rest of their slot; none when the solution is whole.

    Candidates are what some row counts in a slot, and single columns, all of them `live` and so among the
    `members` and not `closed` (c,). Of the `most` that the solution is least decided about, the one that
    costs most either way: to bring its share down to 0 or up to 1, the variable that is cheapest for it must
    move at least (Driebeek 1966).
    """
    slots, rows, columns, shares, count = _undecided(program, basis, live, most)
    inside = np.zeros(len(closed), dtype=np.bool_)
    row = row_for(basis)
    chosen = columns[:0]
    best = 0.0
    for i in range(count):
        found = _candidate(program, members, closed, len(basis.place), slots[i], rows[i], columns[i])
        inside[found] = True
        down, up = _penalties(program, basis, members, closed, slots[i], found, inside, shares[i], row)
        inside[found] = False
        score = (down + _LITTLE) * (up + _LITTLE) * min(shares[i], 1.0 - shares[i])
        if score > best:
            best = score
            chosen = found
    return chosen


@kernel
def _undecided(program: Program, basis: Basis, live: Ints, most: int) -> tuple[Ints, Ints, Ints, Floats, int]:
    """The slots, rows or columns, and shares of `most` candidates, those nearest to a half; their number."""
    first = 2 * len(basis.place)
    slots = np.empty(most, dtype=np.int64)
    counted = np.empty(most, dtype=np.int64)
    columns = np.empty(most, dtype=np.int64)
    shares = np.empty(most, dtype=np.float64)
    parts = np.empty(len(live), dtype=np.int64)
    count, undecided = 0, 0
    for j in live:
        at = basis.where[first + j]
        if at >= 0 and _SHARE < basis.x[at] < 1.0 - _SHARE:
            parts[undecided] = j
            undecided += 1
            count = _rank(program.slot[j], -1, j, basis.x[at], slots, counted, columns, shares, count)
    parts = parts[:undecided]
    by_row = np.zeros(len(program.lo), dtype=np.float64)
    for k in range(program.size):
        by_row[:] = 0.0
        for j in parts:
            if program.slot[j] == k:
                cell = program.cell[j]
                for e in range(program.ptr[cell], program.ptr[cell + 1]):
                    by_row[program.row[e]] += basis.x[basis.where[first + j]]
        for r in range(len(by_row)):
            if _SHARE < by_row[r] < 1.0 - _SHARE:
                count = _rank(k, r, -1, by_row[r], slots, counted, columns, shares, count)
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
def _candidate(
    program: Program, members: Members, closed: Mask, constraints: int, slot: int, row: int, column: int
) -> Ints:
    """The columns of the slot that the row counts, or the one column."""
    if row < 0:
        return np.full(1, column, dtype=np.int64)
    line = program.size + program.groups + row
    found = np.empty(members.start[line + 1] - members.start[line], dtype=np.int64)
    count = 0
    for i in range(members.start[line], members.start[line + 1]):
        j = members.variable[i] - 2 * constraints
        if program.slot[j] == slot and not closed[j]:
            found[count] = j
            count += 1
    return found[:count]


@kernel
def _penalties(
    program: Program, basis: Basis, members: Members, closed: Mask,
    slot: int, found: Ints, inside: Mask, share: float, row: PivotRow,
) -> tuple[float, float]:  # fmt: skip
    """What it costs at least to bring the share of the columns `found` down to 0, and up to 1.

    The `row` is empty before and after.
    """
    first = 2 * len(basis.place)
    _sum_rows(basis, first + found, row)
    spread(program, basis, members, row)
    down, up = np.inf, np.inf
    for v in row.touched[: row.filled[0]]:
        if v >= first and (closed[v - first] or inside[v - first]):
            continue
        if row.alpha[v] > ZERO:
            down = min(down, max(basis.reduced[v], 0.0) / row.alpha[v])
        elif row.alpha[v] < -ZERO and (v < first or program.slot[v - first] != slot):
            up = min(up, max(basis.reduced[v], 0.0) / -row.alpha[v])
    for v in first + found:
        if basis.where[v] < 0 and row.alpha[v] - 1.0 < -ZERO:
            up = min(up, max(basis.reduced[v], 0.0) / (1.0 - row.alpha[v]))
    emptied(row)
    return min(down * share, _MUCH), min(up * (1.0 - share), _MUCH)


@kernel
def _sum_rows(basis: Basis, variables: Ints, row: PivotRow) -> None:
    """Put the sum of the rows of the inverse that basic ones of the `variables` stand for into the `row`."""
    total = np.zeros(basis.held[0], dtype=np.float64)
    for v in variables:
        if basis.where[v] >= 0:
            total += basis.inverse[: basis.held[0], basis.where[v]]
    spots = 0
    for p in range(basis.held[0]):
        if total[p] != 0.0:
            row.spots[spots] = p
            row.weight[spots] = total[p]
            spots += 1
    row.filled[1] = spots
