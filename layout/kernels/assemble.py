"""From coefficients × weights to what every search reads: reachable sums, open cells, cell entries."""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.types import Ints, Mask

_MANY = 1 << 62
_SOFT_MARGIN = 1 << 60


@kernel
def assembled(
    coefs: Ints, weights: Ints, terms: Ints, lo: Ints, hi: Ints, penalty: Ints, allowed: Mask
) -> tuple[Ints, Mask, Ints, Ints, Ints, Ints, Ints, Ints, Ints, bool]:
    """What every search reads of the rows, without those that no page can break.

    Returns the numbers of the rows kept, the open cells (n, K), their entries as `entries` gives them, the
    sums that rows may have before each slot, `floor` and `ceiling` (R, K + 1), the hard rows that count each
    slot as `slot_ptr` and `slot_row`, and whether some page may obey every row.
    """
    rows = len(lo)
    most, least, most_from, least_from = reach(coefs, weights, terms, rows, allowed)
    place = np.full(rows, -1, dtype=np.int64)
    kept = np.empty(rows, dtype=np.int64)
    count = 0
    met = True
    for r in range(rows):
        if penalty[r] == 0 and (most_from[r, 0] < lo[r] or least_from[r, 0] > hi[r]):
            met = False
        if least_from[r, 0] < lo[r] or most_from[r, 0] > hi[r]:
            place[r] = count
            kept[count] = r
            count += 1
    kept = kept[:count].copy()
    chosen = np.empty_like(terms)
    used = 0
    for t in range(len(terms)):
        if place[terms[t, 0]] >= 0:
            chosen[used] = terms[t]
            chosen[used, 0] = place[terms[t, 0]]
            used += 1
    chosen = chosen[:used].copy()
    lo, hi, hard = lo[kept], hi[kept], penalty[kept] == 0
    most, least = most[kept], least[kept]
    cells = possible_cells(coefs, weights, chosen, lo, hi, hard, most, least, allowed)
    ptr, row, coef = entries(coefs, weights, chosen, cells)
    floor, ceiling = _margins(lo, hi, hard, most_from[kept], least_from[kept])
    slot_ptr, slot_row = _by_slot_counted(hard, most, least)
    return kept, cells, ptr, row, coef, floor, ceiling, slot_ptr, slot_row, met


@kernel
def _margins(lo: Ints, hi: Ints, hard: Mask, most_from: Ints, least_from: Ints) -> tuple[Ints, Ints]:
    """What rows must have added up to before each slot for their limits to stay within reach."""
    floor = np.empty_like(most_from)
    ceiling = np.empty_like(most_from)
    for r in range(len(lo)):
        for k in range(most_from.shape[1]):
            floor[r, k] = lo[r] - most_from[r, k] if hard[r] else -_SOFT_MARGIN
            ceiling[r, k] = hi[r] - least_from[r, k] if hard[r] else _SOFT_MARGIN
    return floor, ceiling


@kernel
def _by_slot_counted(hard: Mask, most: Ints, least: Ints) -> tuple[Ints, Ints]:
    """The hard rows that count each slot, ascending: `slot_row` from `slot_ptr[k]` to the next."""
    rows, size = most.shape
    slot_ptr = np.zeros(size + 1, dtype=np.int64)
    for r in range(rows):
        for k in range(size):
            slot_ptr[k + 1] += hard[r] and (most[r, k] != 0 or least[r, k] != 0)
    slot_ptr = np.cumsum(slot_ptr)
    slot_row = np.empty(slot_ptr[size], dtype=np.int64)
    end = slot_ptr[:size].copy()
    for r in range(rows):
        for k in range(size):
            if hard[r] and (most[r, k] != 0 or least[r, k] != 0):
                slot_row[end[k]] = r
                end[k] += 1
    return slot_ptr, slot_row


@kernel
def reach(coefs: Ints, weights: Ints, terms: Ints, rows: int, allowed: Mask) -> tuple[Ints, Ints, Ints, Ints]:
    """How much each row can gain in a slot, and in all slots from one on.

    Returns `most` and `least` (m, K), what the best and the worst option allowed in the slot adds, and
    `most_from` and `least_from` (m, K + 1), bounds on what slots k.. can add together. The latter are the
    sums of the former, tightened for rows with one term and one positive weight: the slots hold different
    options, so they add no more than the largest coefficients do.
    """
    size = weights.shape[1]
    most = np.zeros((rows, size), dtype=np.int64)
    least = np.zeros((rows, size), dtype=np.int64)
    most_from = np.zeros((rows, size + 1), dtype=np.int64)
    least_from = np.zeros((rows, size + 1), dtype=np.int64)
    top, bottom = _by_slot(coefs, allowed)
    best, worst = _ranked(coefs, size)
    first, slot = _members(weights)
    start = 0
    while start < len(terms):
        end = start + 1
        r = terms[start, 0]
        while end < len(terms) and terms[end, 0] == r:
            end += 1
        if end == start + 1:
            c, w = terms[start, 1], terms[start, 2]
            for i in range(first[w], first[w + 1]):
                k = slot[i]
                weight = weights[w, k]
                most[r, k] = weight * (top[c, k] if weight > 0 else bottom[c, k])
                least[r, k] = weight * (bottom[c, k] if weight > 0 else top[c, k])
        else:
            _mixed(coefs, weights, terms[start:end], allowed, most[r], least[r])
        for k in range(size - 1, -1, -1):
            most_from[r, k] = most_from[r, k + 1] + most[r, k]
            least_from[r, k] = least_from[r, k + 1] + least[r, k]
        if end == start + 1:
            _different(weights[terms[start, 2]], best[c], worst[c], most_from[r], least_from[r])
        start = end
    return most, least, most_from, least_from


@kernel
def possible_cells(
    coefs: Ints,
    weights: Ints,
    terms: Ints,
    lo: Ints,
    hi: Ints,
    hard: Mask,
    most: Ints,
    least: Ints,
    allowed: Mask,
) -> Mask:
    """The cells (n, K) of `allowed` that no single hard row rules out on every page.

    With an option in slot k the other slots can add from Σ least to Σ most; what the option itself adds must
    lie within what the limits leave.
    """
    cells = allowed.copy()
    n, size = allowed.shape
    start = 0
    while start < len(terms):
        end = start + 1
        r = terms[start, 0]
        while end < len(terms) and terms[end, 0] == r:
            end += 1
        if hard[r]:
            most_sum, least_sum = most[r].sum(), least[r].sum()
            for k in range(size):
                floor = lo[r] - (most_sum - most[r, k])
                ceiling = hi[r] - (least_sum - least[r, k])
                if least[r, k] >= floor and most[r, k] <= ceiling:
                    continue
                for s in range(n):
                    total = 0
                    for t in range(start, end):
                        total += coefs[terms[t, 1], s] * weights[terms[t, 2], k]
                    if total < floor or total > ceiling:
                        cells[s, k] = False
        start = end
    return cells


@kernel
def entries(coefs: Ints, weights: Ints, terms: Ints, cells: Mask) -> tuple[Ints, Ints, Ints]:
    """What each open cell adds to which rows: `ptr` (nK + 1,) into `row` and `coef` (e,), rows ascending.

    Closed cells have no entries.
    """
    n, size = cells.shape
    start, member = _members(coefs.T)
    first, counted, weight = _counting(weights, terms, len(coefs))
    most = 0
    for s in range(n):
        for m in range(start[s], start[s + 1]):
            most += first[member[m] * size + size] - first[member[m] * size]
    ptr = np.zeros(n * size + 1, dtype=np.int64)
    row = np.empty(most, dtype=np.int64)
    coef = np.empty(most, dtype=np.int64)
    end = 0
    for s in range(n):
        for k in range(size):
            if cells[s, k]:
                begin = end
                ascending = True
                for m in range(start[s], start[s + 1]):
                    c = member[m]
                    for i in range(first[c * size + k], first[c * size + k + 1]):
                        ascending &= end == begin or row[end - 1] < counted[i]
                        row[end] = counted[i]
                        coef[end] = coefs[c, s] * weight[i]
                        end += 1
                if not ascending:
                    end = _merged(row, coef, begin, end)
            ptr[s * size + k + 1] = end
    return ptr, row[:end].copy(), coef[:end].copy()


@kernel
def _counting(weights: Ints, terms: Ints, coefs: int) -> tuple[Ints, Ints, Ints]:
    """The rows that count coefficient array c in slot k, ascending, and their weights there.

    They are `row[first[cK + k]:first[cK + k + 1]]` and `weight` alike.
    """
    size = weights.shape[1]
    start, slot = _members(weights)
    first = np.zeros(coefs * size + 1, dtype=np.int64)
    for t in range(len(terms)):
        for i in range(start[terms[t, 2]], start[terms[t, 2] + 1]):
            first[terms[t, 1] * size + slot[i] + 1] += 1
    first = np.cumsum(first)
    row = np.empty(first[-1], dtype=np.int64)
    weight = np.empty(first[-1], dtype=np.int64)
    end = first[:-1].copy()
    for t in range(len(terms)):
        for i in range(start[terms[t, 2]], start[terms[t, 2] + 1]):
            at = terms[t, 1] * size + slot[i]
            row[end[at]] = terms[t, 0]
            weight[end[at]] = weights[terms[t, 2], slot[i]]
            end[at] += 1
    return first, row, weight


@kernel
def _merged(row: Ints, coef: Ints, begin: int, end: int) -> int:
    """Sort the entries from `begin` to `end` by row, those of one row added up; returns where they end."""
    for i in range(begin + 1, end):
        r, c = row[i], coef[i]
        at = i
        while at > begin and row[at - 1] > r:
            row[at] = row[at - 1]
            coef[at] = coef[at - 1]
            at -= 1
        row[at] = r
        coef[at] = c
    kept = begin
    i = begin
    while i < end:
        r, total = row[i], 0
        while i < end and row[i] == r:
            total += coef[i]
            i += 1
        if total != 0:
            row[kept] = r
            coef[kept] = total
            kept += 1
    return kept


@kernel
def _members(coefs: Ints) -> tuple[Ints, Ints]:
    """What each array counts, options or slots: `member[start[c]:start[c + 1]]`, ascending."""
    start = np.zeros(len(coefs) + 1, dtype=np.int64)
    member = np.empty(coefs.size, dtype=np.int64)
    found = 0
    for c in range(len(coefs)):
        for s in range(coefs.shape[1]):
            if coefs[c, s] != 0:
                member[found] = s
                found += 1
        start[c + 1] = found
    return start, member


@kernel
def _by_slot(coefs: Ints, allowed: Mask) -> tuple[Ints, Ints]:
    """Largest and smallest of each coefficient array over the options allowed in each slot: (c, K) both."""
    n, size = allowed.shape
    top = np.full((len(coefs), size), -_MANY, dtype=np.int64)
    bottom = np.full((len(coefs), size), _MANY, dtype=np.int64)
    different = 1  # slots from there on allow what the slot before allows, as they all do on most grids
    for k in range(1, size):
        for s in range(n):
            if allowed[s, k] != allowed[s, k - 1]:
                different = k + 1
    for c in range(len(coefs)):
        for s in range(n):
            value = coefs[c, s]
            for k in range(different):
                if allowed[s, k]:
                    top[c, k] = max(top[c, k], value)
                    bottom[c, k] = min(bottom[c, k], value)
        for k in range(different):
            if top[c, k] < bottom[c, k]:
                top[c, k] = 0
                bottom[c, k] = 0
        for k in range(different, size):
            top[c, k] = top[c, k - 1]
            bottom[c, k] = bottom[c, k - 1]
    return top, bottom


@kernel
def _mixed(coefs: Ints, weights: Ints, terms: Ints, allowed: Mask, most: Ints, least: Ints) -> None:
    """Fill `most` and `least` (K,) of one row of several terms."""
    n, size = allowed.shape
    total = np.zeros((n, size), dtype=np.int64)
    for t in range(len(terms)):
        coef, weight = coefs[terms[t, 1]], weights[terms[t, 2]]
        for s in range(n):
            if coef[s] != 0:
                for k in range(size):
                    total[s, k] += coef[s] * weight[k]
    most[:] = -_MANY
    least[:] = _MANY
    for s in range(n):
        for k in range(size):
            if allowed[s, k]:
                most[k] = max(most[k], total[s, k])
                least[k] = min(least[k], total[s, k])
    for k in range(size):
        if most[k] < least[k]:
            most[k] = 0
            least[k] = 0


@kernel
def _ranked(coefs: Ints, size: int) -> tuple[Ints, Ints]:
    """Sums of the j largest and the j smallest of each coefficient array, j = 0..K: (c, K + 1) both."""
    n = coefs.shape[1]
    best = np.zeros((len(coefs), size + 1), dtype=np.int64)
    worst = np.zeros((len(coefs), size + 1), dtype=np.int64)
    for c in range(len(coefs)):
        ones = _ones(coefs[c])
        if ones >= 0:
            for j in range(size + 1):
                best[c, j] = min(j, ones)
                worst[c, j] = min(max(j - (n - ones), 0), ones)
            continue
        order = np.sort(coefs[c])
        for j in range(size):
            best[c, j + 1] = best[c, j] + (order[n - 1 - j] if j < n else 0)
            worst[c, j + 1] = worst[c, j] + (order[j] if j < n else 0)
    return best, worst


@kernel
def _ones(coef: Ints) -> int:
    """How many of the coefficients (n,) are 1 when all others are 0, which needs no sorting; else −1."""
    ones = 0
    for value in coef:
        if value == 1:
            ones += 1
        elif value != 0:
            return -1
    return ones


@kernel
def _different(weight: Ints, best: Ints, worst: Ints, most_from: Ints, least_from: Ints) -> None:
    """Tighten one row's bounds where it counts every slot that it counts by the same positive weight."""
    size = len(weight)
    common = 0
    for k in range(size):
        if weight[k] != 0:
            if weight[k] < 0 or (common != 0 and weight[k] != common):
                return
            common = weight[k]
    counted = 0
    for k in range(size - 1, -1, -1):
        counted += weight[k] != 0
        most_from[k] = min(most_from[k], best[counted] * common)
        least_from[k] = max(least_from[k], worst[counted] * common)
