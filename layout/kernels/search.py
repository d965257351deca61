"""Looking for better pages: neighbours of one in hand."""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.kernels.page_sums import paid
from layout.types import Ints, Mask

_FAR = 1 << 62


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
    change = np.zeros(len(lo), dtype=np.int64)
    touched = np.empty(4 * len(lo), dtype=np.int64)
    spare = paid(sums, lo, hi, penalty)
    worth -= spare
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
        spare = paid(sums, lo, hi, penalty)
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
def _add(s: int, k: int, sign: int, ptr: Ints, row: Ints, coef: Ints, size: int, sums: Ints) -> None:
    cell = s * size + k
    for e in range(ptr[cell], ptr[cell + 1]):
        sums[row[e]] += sign * coef[e]
