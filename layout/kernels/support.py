"""Which options may come next below a prefix: not those that a row rules out, but those of known pages."""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.types import Ints, Mask


@kernel
def candidates(
    prefix: Ints,
    cells: Mask,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    floor: Ints,
    ceiling: Ints,
    slot_ptr: Ints,
    slot_row: Ints,
    group: Ints,
) -> Mask:
    """The options (n,) that no single row rules out in the slot below `prefix`."""
    n, size = cells.shape
    k = len(prefix)
    sums = np.zeros(len(floor), dtype=np.int64)
    used = np.zeros(group.max() + 1, dtype=np.bool_)
    for j in range(k):
        used[group[prefix[j]]] = True
        cell = prefix[j] * size + j
        for e in range(ptr[cell], ptr[cell + 1]):
            sums[row[e]] += coef[e]
    open_options = np.zeros(n, dtype=np.bool_)
    for s in range(n):
        if used[group[s]] or not cells[s, k]:
            continue
        cell = s * size + k
        e, end = ptr[cell], ptr[cell + 1]
        fits = True
        for i in range(slot_ptr[k], slot_ptr[k + 1]):
            r = slot_row[i]
            total = sums[r]
            while e < end and row[e] < r:
                e += 1
            if e < end and row[e] == r:
                total += coef[e]
            if total < floor[r, k + 1] or total > ceiling[r, k + 1]:
                fits = False
                break
        open_options[s] = fits
    return open_options


@kernel
def settle(
    base: Ints,
    k: int,
    open_options: Mask,
    cells: Mask,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    lo: Ints,
    hi: Ints,
    hard: Mask,
    group: Ints,
    mend: bool,
    pages: Ints,
) -> Mask:
    """The `open_options` (n,) that can take slot `k`, proven by pages near the feasible page `base` (K,).

    Tried are the base with the option in the slot, its shelf changing places where it stands below; and with
    `mend` one lower slot of that filled anew as well. The proofs are written to `pages` (n, K).
    """
    n, size = cells.shape
    settled = np.zeros(n, dtype=np.bool_)
    where = np.full(group.max() + 1, -1, dtype=np.int64)
    sums = np.zeros(len(lo), dtype=np.int64)
    for j in range(size):
        where[group[base[j]]] = j
        _add(base[j], j, 1, ptr, row, coef, size, sums)
    page = base.copy()
    for s in range(n):
        if not open_options[s]:
            continue
        j = where[group[s]]
        if j < 0 or j == k:
            _put(page, sums, k, s, ptr, row, coef)
            if _holds(sums, lo, hi, hard) or (
                mend and _mend(page, sums, k, cells, ptr, row, coef, lo, hi, hard, group)
            ):
                settled[s] = True
                pages[s] = page
        elif j > k:
            for t in range(n):
                if group[t] != group[base[k]] or not cells[t, j]:
                    continue
                _put(page, sums, k, s, ptr, row, coef)
                _put(page, sums, j, t, ptr, row, coef)
                if _holds(sums, lo, hi, hard) or (
                    mend and _mend(page, sums, k, cells, ptr, row, coef, lo, hi, hard, group)
                ):
                    settled[s] = True
                    pages[s] = page
                    break
        for i in range(k, size):
            if page[i] != base[i]:
                _put(page, sums, i, base[i], ptr, row, coef)
    return settled


@kernel
def _mend(
    page: Ints,
    sums: Ints,
    k: int,
    cells: Mask,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    lo: Ints,
    hi: Ints,
    hard: Mask,
    group: Ints,
) -> bool:
    """Fill one slot below `k` anew so that the page obeys every hard row; it is left so."""
    n, size = cells.shape
    used = np.zeros(group.max() + 1, dtype=np.bool_)
    for i in range(size):
        used[group[page[i]]] = True
    for i in range(k + 1, size):
        old = page[i]
        for s in range(n):
            if not cells[s, i] or (used[group[s]] and group[s] != group[old]):
                continue
            _put(page, sums, i, s, ptr, row, coef)
            if _holds(sums, lo, hi, hard):
                return True
        _put(page, sums, i, old, ptr, row, coef)
    return False


@kernel
def _put(page: Ints, sums: Ints, k: int, s: int, ptr: Ints, row: Ints, coef: Ints) -> None:
    """Replace the option in slot `k`."""
    size = len(page)
    _add(page[k], k, -1, ptr, row, coef, size, sums)
    _add(s, k, 1, ptr, row, coef, size, sums)
    page[k] = s


@kernel
def _holds(sums: Ints, lo: Ints, hi: Ints, hard: Mask) -> bool:
    for r in range(len(lo)):
        if hard[r] and (sums[r] < lo[r] or sums[r] > hi[r]):
            return False
    return True


@kernel
def _add(s: int, k: int, sign: int, ptr: Ints, row: Ints, coef: Ints, size: int, sums: Ints) -> None:
    cell = s * size + k
    for e in range(ptr[cell], ptr[cell + 1]):
        sums[row[e]] += sign * coef[e]
