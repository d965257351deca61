"""What a prefix of a page can become: the first feasible page below it, and all options that may come next.

An option may come next if some page has it there; a page in hand is the cheapest proof.
"""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.types import Ints, Mask

FOUND, EXHAUSTED, OUT_OF_NODES = 1, 0, -1
NO, YES, UNKNOWN = 0, 1, 2


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
    lacking = np.zeros(size, dtype=np.int64)
    depth = 0
    for s in prefix:
        missing = _lacks(depth, sums, floor, ceiling, slot_ptr, slot_row)
        if used[group[s]] or not _fits(s, depth, missing, cells, ptr, row, coef, sums, floor, ceiling):
            return EXHAUSTED, page
        _count(s, depth, 1, ptr, row, coef, size, sums)
        used[group[s]] = True
        page[depth] = s
        depth += 1
    top = depth
    if depth < size:
        lacking[depth] = _lacks(depth, sums, floor, ceiling, slot_ptr, slot_row)
    while depth < size:
        moved = False
        while at[depth] < n:
            s = order[depth, at[depth]]
            at[depth] += 1
            if used[group[s]] or failed[depth, kind[s]]:
                continue
            if not _fits(s, depth, lacking[depth], cells, ptr, row, coef, sums, floor, ceiling):
                continue
            if nodes == 0:
                return OUT_OF_NODES, page
            nodes -= 1
            _count(s, depth, 1, ptr, row, coef, size, sums)
            used[group[s]] = True
            page[depth] = s
            depth += 1
            if depth < size:
                at[depth] = 0
                failed[depth] = False
                lacking[depth] = _lacks(depth, sums, floor, ceiling, slot_ptr, slot_row)
            moved = True
            break
        if moved:
            continue
        if depth == top:
            return EXHAUSTED, page
        depth -= 1
        s = page[depth]
        _count(s, depth, -1, ptr, row, coef, size, sums)
        used[group[s]] = False
        failed[depth, kind[s]] = True
    return FOUND, page


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
        _near(base, k, True, cells, ptr, row, coef, lo, hi, hard, group, answer, proof)
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
                _near(page, k, False, cells, ptr, row, coef, lo, hi, hard, group, answer, proof)
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
        _count(base[j], j, 1, ptr, row, coef, size, sums)
    lacking = _lacks(k, sums, floor, ceiling, slot_ptr, slot_row)
    for s in range(n):
        if not used[group[s]] and _fits(s, k, lacking, cells, ptr, row, coef, sums, floor, ceiling):
            answer[s] = UNKNOWN


@kernel
def _near(
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
    remedy = np.full((len(lo), 2), -1, dtype=np.int64)
    page = base.copy()
    for mending in range(1 + mend):
        for s in range(n):
            j = where[group[s]]
            if answer[s] != UNKNOWN or 0 <= j < k:
                continue
            for t in range(n if j > k else 1):
                if j > k and (group[t] != group[base[k]] or not cells[t, j]):
                    continue
                broken = _put(page, k, s, ptr, row, coef, lo, hi, hard, sums)
                if j > k:
                    broken += _put(page, j, t, ptr, row, coef, lo, hi, hard, sums)
                if broken == 0 or (
                    mending
                    and _mend(page, sums, broken, k, remedy, cells, ptr, row, coef, lo, hi, hard, group)
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
    remedy: Ints,
    cells: Mask,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    lo: Ints,
    hi: Ints,
    hard: Mask,
    group: Ints,
) -> bool:
    """Whether one slot below `k` filled anew mends all `broken` hard rows; the page then is left so.

    `remedy` (R, 2) is the slot and option that last mended a page whose first broken row this was: it is
    tried first, and noted anew.
    """
    n, size = cells.shape
    used = np.zeros(group.max() + 1, dtype=np.bool_)
    for i in range(size):
        used[group[page[i]]] = True
    first = 0
    while not hard[first] or lo[first] <= sums[first] <= hi[first]:
        first += 1
    i, s = remedy[first, 0], remedy[first, 1]
    if i > k and (not used[group[s]] or group[s] == group[page[i]]):
        old = page[i]
        if broken + _put(page, i, s, ptr, row, coef, lo, hi, hard, sums) == 0:
            return True
        _put(page, i, old, ptr, row, coef, lo, hi, hard, sums)
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
                remedy[first, 0], remedy[first, 1] = i, s
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


@kernel
def _lacks(k: int, sums: Ints, floor: Ints, ceiling: Ints, slot_ptr: Ints, slot_row: Ints) -> int:
    """How many rows get between their limits, by the slots below, only if the option in slot `k` helps."""
    count = 0
    for i in range(slot_ptr[k], slot_ptr[k + 1]):
        r = slot_row[i]
        count += sums[r] < floor[r, k + 1] or sums[r] > ceiling[r, k + 1]
    return count


@kernel
def _fits(
    s: int,
    k: int,
    lacking: int,
    cells: Mask,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    sums: Ints,
    floor: Ints,
    ceiling: Ints,
) -> bool:
    """Whether every row can still get between its limits with the option in the slot, by the slots below.

    `lacking` is what `_lacks` says of the slot: rows that the option does not count in are not looked at.
    """
    if not cells[s, k]:
        return False
    cell, helped = s * cells.shape[1] + k, 0
    for e in range(ptr[cell], ptr[cell + 1]):
        r = row[e]
        total = sums[r] + coef[e]
        if total < floor[r, k + 1] or total > ceiling[r, k + 1]:
            return False
        helped += sums[r] < floor[r, k + 1] or sums[r] > ceiling[r, k + 1]
    return helped == lacking


@kernel
def _count(s: int, k: int, sign: int, ptr: Ints, row: Ints, coef: Ints, size: int, sums: Ints) -> None:
    """Add a cell to the sums of all rows, or take it out."""
    cell = s * size + k
    for e in range(ptr[cell], ptr[cell + 1]):
        sums[row[e]] += sign * coef[e]
