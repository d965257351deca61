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
    total = sums(page, ptr, row, coef, size, len(lo))
    for r in range(len(lo)):
        if penalty[r] == 0 and (total[r] < lo[r] or total[r] > hi[r]):
            return False
    return True


@kernel
def net_worth(
    page: Ints, values: Ints, ptr: Ints, row: Ints, coef: Ints, lo: Ints, hi: Ints, penalty: Ints
) -> int:
    """The value of a page (K,) less what it pays for each unit beyond the limits of soft rows (R,)."""
    total = sums(page, ptr, row, coef, len(page), len(lo))
    worth = 0
    for k in range(len(page)):
        worth += values[page[k], k]
    for r in range(len(lo)):
        if penalty[r] != 0:
            worth -= penalty[r] * max(0, max(total[r] - hi[r], lo[r] - total[r]))
    return worth
