"""Looking for pages: the first feasible one, and better neighbours of one."""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.types import Ints, Mask

FOUND, EXHAUSTED, OUT_OF_NODES = 1, 0, -1
_FAR = 1 << 62


@kernel
def dive(
    order: Ints,
    cells: Mask,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    floor: Ints,
    ceiling: Ints,
    slot_ptr: Ints,
    slot_row: Ints,
    group: Ints,
    kind: Ints,
    prefix: Ints,
    nodes: int,
) -> tuple[int, Ints]:
    """The first feasible page below `prefix` in depth-first order, trying options in `order` (K, n).

    An option whose kind failed in the same place is not tried again: no row tells the two apart. Returns
    FOUND and the page (K,), EXHAUSTED when there is none, or OUT_OF_NODES.
    """
    size = len(order)
    n = order.shape[1]
    page = np.full(size, -1, dtype=np.int64)
    sums = np.zeros(len(floor), dtype=np.int64)
    used = np.zeros(group.max() + 1, dtype=np.bool_)
    failed = np.zeros((size, kind.max() + 1), dtype=np.bool_)
    at = np.zeros(size, dtype=np.int64)
    depth = 0
    for s in prefix:
        if used[group[s]] or not _open(
            s, depth, cells, ptr, row, coef, sums, floor, ceiling, slot_ptr, slot_row
        ):
            return EXHAUSTED, page
        _add(s, depth, 1, ptr, row, coef, size, sums)
        used[group[s]] = True
        page[depth] = s
        depth += 1
    top = depth
    while depth < size:
        moved = False
        while at[depth] < n:
            s = order[depth, at[depth]]
            at[depth] += 1
            if used[group[s]] or failed[depth, kind[s]]:
                continue
            if not _open(s, depth, cells, ptr, row, coef, sums, floor, ceiling, slot_ptr, slot_row):
                continue
            if nodes == 0:
                return OUT_OF_NODES, page
            nodes -= 1
            _add(s, depth, 1, ptr, row, coef, size, sums)
            used[group[s]] = True
            page[depth] = s
            depth += 1
            if depth < size:
                at[depth] = 0
                failed[depth] = False
            moved = True
            break
        if moved:
            continue
        if depth == top:
            return EXHAUSTED, page
        depth -= 1
        s = page[depth]
        _add(s, depth, -1, ptr, row, coef, size, sums)
        used[group[s]] = False
        failed[depth, kind[s]] = True
    return FOUND, page


@kernel
def improve(
    page: Ints,
    values: Ints,
    cells: Mask,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    lo: Ints,
    hi: Ints,
    penalty: Ints,
    group: Ints,
    steps: int,
) -> tuple[Ints, int]:
    """At most `steps` best moves from a feasible page: an option replaced, or two shelves changing places.

    Returns the page (K,) and its worth, value less soft payments.
    """
    n, size = values.shape
    page = page.copy()
    where = np.full(group.max() + 1, -1, dtype=np.int64)
    sums = np.zeros(len(lo), dtype=np.int64)
    worth = 0
    for k in range(size):
        where[group[page[k]]] = k
        worth += values[page[k], k]
        _add(page[k], k, 1, ptr, row, coef, size, sums)
    for r in range(len(lo)):
        worth -= penalty[r] * max(0, max(sums[r] - hi[r], lo[r] - sums[r]))
    change = np.zeros(len(lo), dtype=np.int64)
    touched = np.empty(4 * len(lo), dtype=np.int64)
    spare = _soft_paid(sums, lo, hi, penalty)
    for _ in range(steps):
        gain, best_k, best_s, best_j, best_t = 0, -1, -1, -1, -1
        for k in range(size):
            for s in range(n):
                j = where[group[s]]
                if s == page[k] or not cells[s, k] or 0 <= j <= k - 1:
                    continue
                if j < 0 or j == k:
                    raw = values[s, k] - values[page[k], k]
                    if raw + spare <= gain:
                        continue
                    count = _change(page[k], k, -1, ptr, row, coef, size, change, touched, 0)
                    count = _change(s, k, 1, ptr, row, coef, size, change, touched, count)
                    total = raw + _settled(change, touched, count, sums, lo, hi, penalty)
                    if total > gain:
                        gain, best_k, best_s, best_j, best_t = total, k, s, -1, -1
                    continue
                for t in range(n):
                    if group[t] != group[page[k]] or not cells[t, j]:
                        continue
                    raw = values[s, k] + values[t, j] - values[page[k], k] - values[page[j], j]
                    if raw + spare <= gain:
                        continue
                    count = _change(page[k], k, -1, ptr, row, coef, size, change, touched, 0)
                    count = _change(page[j], j, -1, ptr, row, coef, size, change, touched, count)
                    count = _change(s, k, 1, ptr, row, coef, size, change, touched, count)
                    count = _change(t, j, 1, ptr, row, coef, size, change, touched, count)
                    total = raw + _settled(change, touched, count, sums, lo, hi, penalty)
                    if total > gain:
                        gain, best_k, best_s, best_j, best_t = total, k, s, j, t
        if best_k < 0:
            break
        _add(page[best_k], best_k, -1, ptr, row, coef, size, sums)
        where[group[page[best_k]]] = -1
        if best_j >= 0:
            _add(page[best_j], best_j, -1, ptr, row, coef, size, sums)
            _add(best_t, best_j, 1, ptr, row, coef, size, sums)
            page[best_j] = best_t
            where[group[best_t]] = best_j
        _add(best_s, best_k, 1, ptr, row, coef, size, sums)
        page[best_k] = best_s
        where[group[best_s]] = best_k
        worth += gain
        spare = _soft_paid(sums, lo, hi, penalty)
    return page, worth


@kernel
def _change(
    s: int,
    k: int,
    sign: int,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    size: int,
    change: Ints,
    touched: Ints,
    count: int,
) -> int:
    """Note what an option put in or taken out adds to the rows; `touched` may name a row twice."""
    cell = s * size + k
    for e in range(ptr[cell], ptr[cell + 1]):
        r = row[e]
        if change[r] == 0:
            touched[count] = r
            count += 1
        change[r] += sign * coef[e]
    return count


@kernel
def _settled(change: Ints, touched: Ints, count: int, sums: Ints, lo: Ints, hi: Ints, penalty: Ints) -> int:
    """What the noted change saves in soft payments, far below zero if it breaks a hard row; clears it."""
    saved = 0
    for i in range(count):
        r = touched[i]
        if change[r] == 0:
            continue
        total = sums[r] + change[r]
        change[r] = 0
        beyond = max(0, max(total - hi[r], lo[r] - total))
        if penalty[r] > 0:
            saved += penalty[r] * (max(0, max(sums[r] - hi[r], lo[r] - sums[r])) - beyond)
        elif beyond > 0:
            saved = -_FAR
            break
    for i in range(count):
        change[touched[i]] = 0
    return saved


@kernel
def _soft_paid(sums: Ints, lo: Ints, hi: Ints, penalty: Ints) -> int:
    paid = 0
    for r in range(len(lo)):
        paid += penalty[r] * max(0, max(sums[r] - hi[r], lo[r] - sums[r]))
    return paid


@kernel
def _add(s: int, k: int, sign: int, ptr: Ints, row: Ints, coef: Ints, size: int, sums: Ints) -> None:
    cell = s * size + k
    for e in range(ptr[cell], ptr[cell + 1]):
        sums[row[e]] += sign * coef[e]


@kernel
def _open(
    s: int,
    k: int,
    cells: Mask,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    sums: Ints,
    floor: Ints,
    ceiling: Ints,
    slot_ptr: Ints,
    slot_row: Ints,
) -> bool:
    """Whether every row can still get between its limits with the option in the slot, by the slots below."""
    if not cells[s, k]:
        return False
    cell = s * cells.shape[1] + k
    e, end = ptr[cell], ptr[cell + 1]
    for i in range(slot_ptr[k], slot_ptr[k + 1]):
        r = slot_row[i]
        total = sums[r]
        while e < end and row[e] < r:
            e += 1
        if e < end and row[e] == r:
            total += coef[e]
        if total < floor[r, k + 1] or total > ceiling[r, k + 1]:
            return False
    return True
