"""What to set against what, where the solution is not whole."""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.kernels.simplex.program import ZERO, Basis, Program, excess_cost
from layout.types import Floats, Ints, Mask

_SHARE = 1e-6
_LITTLE = 1e-7
_MUCH = 1.0


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
                weight[p] += basis.inverse[p, at]
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
            if weight[p] > ZERO:
                down = min(down, max(basis.reduced[c], 0.0) / weight[p])
            elif weight[p] < -ZERO:
                up = min(up, max(basis.reduced[c], 0.0) / -weight[p])
        v = len(basis.place) + c
        if excess_cost(program, c) > 0.0 and basis.where[v] < 0:
            if weight[p] < -ZERO:
                down = min(down, max(basis.reduced[v], 0.0) / -weight[p])
            elif weight[p] > ZERO:
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
            if total - 1.0 < -ZERO:
                up = min(up, cost / (1.0 - total))
        elif total > ZERO:
            down = min(down, cost / total)
        elif total < -ZERO and program.slot[j] != slot:
            up = min(up, cost / -total)
    return min(down * share, _MUCH), min(up * (1.0 - share), _MUCH)
