"""What the rows of a problem add up to on a page."""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.types import Ints, Mask


@kernel
def sums(page: Ints, ptr: Ints, row: Ints, coef: Ints, size: int, rows: int) -> Ints:
    """Row sums (rows,) of a page or prefix (k,) of `size` slots, given each cell's entries."""
    total = np.zeros(rows, dtype=np.int64)
    for k in range(len(page)):
        cell = page[k] * size + k
        for e in range(ptr[cell], ptr[cell + 1]):
            total[row[e]] += coef[e]
    return total


@kernel
def obeys(
    page: Ints,
    cells: Mask,
    group: Ints,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    lo: Ints,
    hi: Ints,
    penalty: Ints,
) -> bool:
    """Whether a page (K,) takes open cells (n, K), no shelf twice, and keeps the limits of hard rows (R,)."""
    size = len(page)
    for k in range(size):
        if not cells[page[k], k]:
            return False
        for j in range(k):
            if group[page[j]] == group[page[k]]:
                return False
    return within_limits(sums(page, ptr, row, coef, size, len(lo)), lo, hi, penalty)


@kernel
def net_worth(
    page: Ints, values: Ints, ptr: Ints, row: Ints, coef: Ints, lo: Ints, hi: Ints, penalty: Ints
) -> int:
    """The value of a page (K,) less what it pays for each unit beyond the limits of soft rows (R,)."""
    total = sums(page, ptr, row, coef, len(page), len(lo))
    worth = 0
    for k in range(len(page)):
        worth += values[page[k], k]
    return worth - paid(total, lo, hi, penalty)


@kernel
def within_limits(sums: Ints, lo: Ints, hi: Ints, penalty: Ints) -> bool:
    """Whether the row sums (R,) of a page keep the limits of all hard rows."""
    for r in range(len(lo)):
        if penalty[r] == 0 and (sums[r] < lo[r] or sums[r] > hi[r]):
            return False
    return True


@kernel
def paid(sums: Ints, lo: Ints, hi: Ints, penalty: Ints) -> int:
    """What a page with these row sums (R,) pays for each unit beyond the limits of soft rows."""
    total = 0
    for r in range(len(lo)):
        total += penalty[r] * max(0, max(sums[r] - hi[r], lo[r] - sums[r]))
    return total
