"""What the rows of a problem add up to on a page."""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.types import Ints


@kernel
def sums(page: Ints, ptr: Ints, row: Ints, coef: Ints, size: int, rows: int) -> Ints:
    """Row sums (rows,) of a page or prefix (k,) of `size` slots, given each cell's entries."""
    total = np.zeros(rows, dtype=np.int64)
    for k in range(len(page)):
        cell = page[k] * size + k
        for e in range(ptr[cell], ptr[cell + 1]):
            total[row[e]] += coef[e]
    return total
