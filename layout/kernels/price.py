"""An upper bound on every page: prices on the rows, and an assignment of shelves to slots at these prices.

Lagrangian relaxation (Held and Karp 1971; Fisher 1981): each row has a price λ per unit, positive on its
upper limit, negative on its lower one; a soft row's price stays within what its excess costs. Prices move
along an average of past subgradients, as in the volume algorithm (Barahona and Anbil 2000), by a multiple of
the step of Polyak (1969). What remains for given prices is a linear assignment problem, solved with the
shortest augmenting paths of Jonker and Volgenant (1987) in the rectangular form of Crouse (2016). Bounds are
added up in int64, so that they are exact and no float decides anything that must hold.
"""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.kernels.page_sums import paid, within_limits
from layout.types import Floats, Ints, Mask

_NONE = -(1 << 61)
_FAR = 1 << 62
_OPEN = 1 << 40
_PATIENCE = 5
_FINE = 8
_MEMORY = 0.8
_STRIDE = 8.0


@kernel
def price(
    values: Ints,
    cells: Mask,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    lo: Ints,
    hi: Ints,
    penalty: Ints,
    cap: int,
    group: Ints,
    groups: int,
    target: int,
    steps: int,
    first: Ints,
    pace: float,
) -> tuple[int, Ints, Ints, Ints, Ints, int, float]:
    """At most `steps` rounds of pricing, from the prices `first` (R,), until no page can beat `target`.

    Returns the least upper bound found with its prices (R,), its slot prices (K,) and shelf prices (G,), and
    the best page (K,) that obeyed all hard rows among those that the rounds assigned, with its worth; the
    bound is far below every value when no page exists, the worth when none was found. `pace` scales the steps
    to begin with; what it has shrunk to comes back last.
    """
    size = values.shape[1]
    rows = len(lo)
    prices = first.copy()
    best = _FAR
    best_prices = prices.copy()
    open_cells, shelf_of, column = _open_cells(cells, group, groups)
    shelves = shelf_of.max() + 1 if len(shelf_of) else 0
    best_slot = np.zeros(size, dtype=np.int64)
    best_shelf = np.zeros(shelves, dtype=np.int64)
    found = np.full(size, -1, dtype=np.int64)
    found_worth = _NONE
    stale = 0
    direction = np.zeros(rows, dtype=np.float64)
    scale = _scale(open_cells if steps > 1 else open_cells[:0], size, ptr, row, coef, rows)
    for step in range(steps):
        worth, option = _reduce(values, open_cells, shelf_of, shelves, ptr, row, coef, prices)
        possible, page, slot_price, shelf_price = _assign(worth)
        if not possible:
            best = _NONE
            break
        total = 0
        for k in range(size):
            total += worth[k, page[k]]
            page[k] = option[k, page[k]]
        for r in range(rows):
            total += prices[r] * (hi[r] if prices[r] > 0 else lo[r])
        stale += 1
        if total < best:
            if best - total > max(1, (best - max(target, found_worth)) >> _FINE):
                stale = 0
            best = total
            best_prices[:] = prices
            best_slot[:] = slot_price
            best_shelf[:] = shelf_price
        sums, page_worth = _sums(page, values, ptr, row, coef, rows)
        page_worth -= paid(sums, lo, hi, penalty)
        if page_worth > found_worth and within_limits(sums, lo, hi, penalty):
            found_worth = page_worth
            found[:] = page
        known = max(target, found_worth)
        if best <= known:
            break
        if stale >= _PATIENCE:
            pace *= 0.5
            stale = 0
        if step + 1 == steps:
            break
        slope, norm = _slope(prices, sums, lo, hi)
        if norm == 0.0:
            break
        norm = _turn(direction, slope, scale, _MEMORY if step > 0 else 0.0)
        if norm > 0.0:
            length = pace * _STRIDE * float(total - known) / norm
            _move(prices, direction, length, scale, lo, hi, penalty, cap)
    group_price = np.zeros(groups, dtype=np.int64)
    for g in range(groups):
        if column[g] >= 0:
            group_price[g] = best_shelf[column[g]]
    return best, best_prices, best_slot, group_price, found, found_worth, pace


@kernel
def slacks(
    values: Ints,
    cells: Mask,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    prices: Ints,
    slot_price: Ints,
    group_price: Ints,
    group: Ints,
) -> Ints:
    """How far each cell's priced value lies below its slot's and shelf's prices: (n, K), far if closed."""
    n, size = values.shape
    slack = np.full((n, size), _FAR, dtype=np.int64)
    priced = prices.any()
    for s in range(n):
        for k in range(size):
            if cells[s, k]:
                cell = s * size + k
                left = values[s, k]
                if priced:
                    for e in range(ptr[cell], ptr[cell + 1]):
                        left -= prices[row[e]] * coef[e]
                slack[s, k] = slot_price[k] + group_price[group[s]] - left
    return slack


@kernel
def _open_cells(cells: Mask, group: Ints, groups: int) -> tuple[Ints, Ints, Ints]:
    """The open cells as option and slot (m, 2), their shelves (m,) numbered anew, and those numbers (G,)."""
    n, size = cells.shape
    count = 0
    for s in range(n):
        for k in range(size):
            count += cells[s, k]
    open_cells = np.empty((count, 2), dtype=np.int64)
    shelf_of = np.empty(count, dtype=np.int64)
    column = np.full(groups, -1, dtype=np.int64)
    shelves = 0
    at = 0
    for s in range(n):
        for k in range(size):
            if cells[s, k]:
                if column[group[s]] < 0:
                    column[group[s]] = shelves
                    shelves += 1
                open_cells[at, 0] = s
                open_cells[at, 1] = k
                shelf_of[at] = column[group[s]]
                at += 1
    return open_cells, shelf_of, column


@kernel
def _reduce(
    values: Ints,
    open_cells: Ints,
    shelf_of: Ints,
    shelves: int,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    prices: Ints,
) -> tuple[Ints, Ints]:
    """What each shelf's best option in each slot is worth at these prices, and which it is: (K, G) both."""
    size = values.shape[1]
    worth = np.full((size, shelves), _NONE, dtype=np.int64)
    option = np.full((size, shelves), -1, dtype=np.int64)
    priced = prices.any()
    for i in range(len(open_cells)):
        s, k, g = open_cells[i, 0], open_cells[i, 1], shelf_of[i]
        cell = s * size + k
        left = values[s, k]
        if priced:
            for e in range(ptr[cell], ptr[cell + 1]):
                left -= prices[row[e]] * coef[e]
        if left > worth[k, g]:
            worth[k, g] = left
            option[k, g] = s
    return worth, option


@kernel
def _sums(page: Ints, values: Ints, ptr: Ints, row: Ints, coef: Ints, rows: int) -> tuple[Ints, int]:
    """The row sums (R,) of a page and the values of its cells together."""
    size = len(page)
    sums = np.zeros(rows, dtype=np.int64)
    total = 0
    for k in range(size):
        cell = page[k] * size + k
        total += values[page[k], k]
        for e in range(ptr[cell], ptr[cell + 1]):
            sums[row[e]] += coef[e]
    return sums, total


@kernel
def _assign(worth: Ints) -> tuple[bool, Ints, Ints, Ints]:
    """The assignment of different shelves to the slots of most `worth` (K, G).

    Returns whether there is one, the shelf of each slot (K,), and prices of slots (K,) and shelves (G,), the
    latter at least 0 and 0 for shelves left over, whose sums are at least the worth everywhere.
    """
    size, groups = worth.shape
    slot_cost = np.zeros(size, dtype=np.int64)
    group_cost = np.zeros(groups, dtype=np.int64)
    taken = np.full(groups, -1, dtype=np.int64)
    shelf = np.full(size, -1, dtype=np.int64)
    reached = np.empty(groups, dtype=np.int64)
    before = np.empty(groups, dtype=np.int64)
    closed = np.empty(groups, dtype=np.bool_)
    visited = np.empty(size, dtype=np.bool_)
    for start in range(size):
        reached[:] = _FAR
        closed[:] = False
        visited[:] = False
        k = start
        length = 0
        sink = -1
        while sink < 0:
            visited[k] = True
            nearest = -1
            least = _FAR
            for g in range(groups):
                if closed[g]:
                    continue
                if worth[k, g] != _NONE:
                    there = length - worth[k, g] - slot_cost[k] - group_cost[g]
                    if there < reached[g]:
                        reached[g] = there
                        before[g] = k
                if reached[g] < least or (
                    reached[g] == least and least < _FAR and taken[g] < 0 <= taken[nearest]
                ):
                    least = reached[g]
                    nearest = g
            if nearest < 0:
                return False, shelf, -slot_cost, -group_cost
            length = least
            closed[nearest] = True
            if taken[nearest] < 0:
                sink = nearest
            else:
                k = taken[nearest]
        for j in range(size):
            if visited[j]:
                slot_cost[j] += length - (0 if j == start else reached[shelf[j]])
        for g in range(groups):
            if closed[g]:
                group_cost[g] -= length - reached[g]
        g = sink
        while True:
            k = before[g]
            taken[g] = k
            g, shelf[k] = shelf[k], g
            if k == start:
                break
    return True, shelf, -slot_cost, -group_cost


@kernel
def _slope(prices: Ints, sums: Ints, lo: Ints, hi: Ints) -> tuple[Ints, float]:
    """Which way each price lowers the bound, and the squared length of that vector."""
    slope = np.zeros(len(lo), dtype=np.int64)
    norm = 0.0
    for r in range(len(lo)):
        if prices[r] > 0 or (prices[r] == 0 and sums[r] > hi[r]):
            slope[r] = sums[r] - hi[r]
        elif prices[r] < 0 or sums[r] < lo[r]:
            slope[r] = sums[r] - lo[r]
        norm += float(slope[r]) * float(slope[r])
    return slope, norm


@kernel
def _scale(open_cells: Ints, size: int, ptr: Ints, row: Ints, coef: Ints, rows: int) -> Floats:
    """The largest coefficient of each row (R,): prices move as if all rows were scaled to 1."""
    scale = np.ones(rows, dtype=np.float64)
    for i in range(len(open_cells)):
        cell = open_cells[i, 0] * size + open_cells[i, 1]
        for e in range(ptr[cell], ptr[cell + 1]):
            scale[row[e]] = max(scale[row[e]], float(abs(coef[e])))
    return scale


@kernel
def _turn(direction: Floats, slope: Ints, scale: Floats, memory: float) -> float:
    """Turn the direction towards the scaled slope; returns its squared length."""
    norm = 0.0
    for r in range(len(slope)):
        direction[r] = memory * direction[r] + (1.0 - memory) * float(slope[r]) / scale[r]
        norm += direction[r] * direction[r]
    return norm


@kernel
def _move(
    prices: Ints, direction: Floats, length: float, scale: Floats, lo: Ints, hi: Ints, penalty: Ints, cap: int
) -> None:
    """Change prices along the scaled direction; none changes its sign in one step or leaves its limits."""
    for r in range(len(prices)):
        if direction[r] == 0.0:
            continue
        limit = penalty[r] if 0 < penalty[r] < cap else cap
        step = min(max(length * direction[r] / scale[r], -float(2 * cap)), float(2 * cap))
        moved = prices[r] + np.int64(np.rint(step))
        if prices[r] > 0 or (prices[r] == 0 and lo[r] <= -_OPEN):
            moved = max(moved, 0)
        if prices[r] < 0 or (prices[r] == 0 and hi[r] >= _OPEN):
            moved = min(moved, 0)
        prices[r] = min(max(moved, -limit), limit)
