"""Which options may come next below a prefix: not those that a row rules out, but those of known pages."""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.kernels.search import FOUND, OUT_OF_NODES, dive
from layout.types import Ints, Mask

NO, YES, UNKNOWN = 0, 1, 2


@kernel
def supports(
    base: Ints,
    first: int,
    last: int,
    cells: Mask,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    lo: Ints,
    hi: Ints,
    hard: Mask,
    floor: Ints,
    ceiling: Ints,
    slot_ptr: Ints,
    slot_row: Ints,
    group: Ints,
    order: Ints,
    nodes: int,
) -> tuple[Ints, Ints]:
    """What can take slots `first` .. `last` − 1 of the feasible page `base` (K,), below what it has above.

    Returns answers (m, n), NO, YES or UNKNOWN, and for each YES a page that proves it, (m, n, K). Tried in
    turn: the base with the option in the slot, its shelf changing places where it stands below; that with one
    lower slot filled anew; a dive in `order` (K, n) of at most `nodes` steps.
    """
    n, size = cells.shape
    answers = np.full((last - first, n), NO, dtype=np.int64)
    pages = np.empty((last - first, n, size), dtype=np.int64)
    apart = np.arange(n)
    for k in range(first, last):
        answer, proof = answers[k - first], pages[k - first]
        _candidates(base, k, cells, ptr, row, coef, floor, ceiling, slot_ptr, slot_row, group, answer)
        for mend in (False, True):
            near(base, k, mend, cells, ptr, row, coef, lo, hi, hard, group, answer, proof)
        prefix = base[: k + 1].copy()
        for s in range(n):
            if answer[s] != UNKNOWN:
                continue
            prefix[k] = s
            ended, page = dive(
                order, cells, ptr, row, coef, floor, ceiling, slot_ptr, slot_row, group, apart, prefix, nodes
            )
            if ended == FOUND:
                answer[s] = YES
                proof[s] = page
                near(page, k, False, cells, ptr, row, coef, lo, hi, hard, group, answer, proof)
            elif ended != OUT_OF_NODES:
                answer[s] = NO
    return answers, pages


@kernel
def _candidates(
    base: Ints,
    k: int,
    cells: Mask,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    floor: Ints,
    ceiling: Ints,
    slot_ptr: Ints,
    slot_row: Ints,
    group: Ints,
    answer: Ints,
) -> None:
    """Mark as UNKNOWN the options that no single row rules out in slot `k`."""
    n, size = cells.shape
    sums = np.zeros(len(floor), dtype=np.int64)
    used = np.zeros(group.max() + 1, dtype=np.bool_)
    for j in range(k):
        used[group[base[j]]] = True
        cell = base[j] * size + j
        for e in range(ptr[cell], ptr[cell + 1]):
            sums[row[e]] += coef[e]
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
        if fits:
            answer[s] = UNKNOWN


@kernel
def near(
    base: Ints,
    k: int,
    mend: bool,
    cells: Mask,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    lo: Ints,
    hi: Ints,
    hard: Mask,
    group: Ints,
    answer: Ints,
    proof: Ints,
) -> None:
    """Settle the UNKNOWN among the `answer` (n,) that pages near the feasible page `base` (K,) prove.

    The pages are noted in `proof` (n, K). Near is the base with the option in slot `k`, its shelf changing
    places where it stands below; and with `mend` one lower slot of that filled anew as well.
    """
    n, size = cells.shape
    if not (answer == UNKNOWN).any():
        return
    where = np.full(group.max() + 1, -1, dtype=np.int64)
    sums = np.zeros(len(lo), dtype=np.int64)
    for j in range(size):
        where[group[base[j]]] = j
        _add(base[j], j, 1, ptr, row, coef, lo, hi, hard, size, sums)
    page = base.copy()
    for s in range(n):
        if answer[s] != UNKNOWN:
            continue
        j = where[group[s]]
        if 0 <= j < k:
            continue
        for t in range(n if j > k else 1):
            if j > k and (group[t] != group[base[k]] or not cells[t, j]):
                continue
            broken = _put(page, k, s, ptr, row, coef, lo, hi, hard, sums)
            if j > k:
                broken += _put(page, j, t, ptr, row, coef, lo, hi, hard, sums)
            if broken == 0 or (
                mend and _mend(page, sums, broken, k, cells, ptr, row, coef, lo, hi, hard, group)
            ):
                answer[s] = YES
                proof[s] = page
            for i in range(k, size):
                if page[i] != base[i]:
                    _put(page, i, base[i], ptr, row, coef, lo, hi, hard, sums)
            if answer[s] == YES:
                break


@kernel
def _mend(
    page: Ints,
    sums: Ints,
    broken: int,
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
    """Whether one slot below `k` filled anew mends all `broken` hard rows; the page then is left so."""
    n, size = cells.shape
    used = np.zeros(group.max() + 1, dtype=np.bool_)
    for i in range(size):
        used[group[page[i]]] = True
    first = 0
    while not hard[first] or lo[first] <= sums[first] <= hi[first]:
        first += 1
    for i in range(k + 1, size):
        old = page[i]
        rest = sums[first] - _coefficient(old, i, first, ptr, row, coef, size)
        left = broken + _add(old, i, -1, ptr, row, coef, lo, hi, hard, size, sums)
        used[group[old]] = False
        for s in range(n):
            if not cells[s, i] or used[group[s]]:
                continue
            if not lo[first] <= rest + _coefficient(s, i, first, ptr, row, coef, size) <= hi[first]:
                continue
            if left + _add(s, i, 1, ptr, row, coef, lo, hi, hard, size, sums) == 0:
                page[i] = s
                return True
            _add(s, i, -1, ptr, row, coef, lo, hi, hard, size, sums)
        used[group[old]] = True
        _add(old, i, 1, ptr, row, coef, lo, hi, hard, size, sums)
    return False


@kernel
def _put(
    page: Ints,
    k: int,
    s: int,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    lo: Ints,
    hi: Ints,
    hard: Mask,
    sums: Ints,
) -> int:
    """Replace the option in slot `k`; returns how many more hard rows are broken then."""
    size = len(page)
    broken = _add(page[k], k, -1, ptr, row, coef, lo, hi, hard, size, sums)
    page[k] = s
    return broken + _add(s, k, 1, ptr, row, coef, lo, hi, hard, size, sums)


@kernel
def _coefficient(s: int, k: int, r: int, ptr: Ints, row: Ints, coef: Ints, size: int) -> int:
    """What the cell adds to row `r`."""
    cell = s * size + k
    for e in range(ptr[cell], ptr[cell + 1]):
        if row[e] >= r:
            return coef[e] if row[e] == r else 0
    return 0


@kernel
def _add(
    s: int,
    k: int,
    sign: int,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    lo: Ints,
    hi: Ints,
    hard: Mask,
    size: int,
    sums: Ints,
) -> int:
    """Add a cell to the row sums, or take it out; returns how many more hard rows are broken then."""
    cell, broken = s * size + k, 0
    for e in range(ptr[cell], ptr[cell + 1]):
        r = row[e]
        if hard[r]:
            broken -= sums[r] < lo[r] or sums[r] > hi[r]
            sums[r] += sign * coef[e]
            broken += sums[r] < lo[r] or sums[r] > hi[r]
    return broken
