"""What prices prove, added up in integers: an upper bound on every page, whatever the prices come from.

Each slot takes the cell that is worth most at the prices of rows and shelves; every shelf pays its price once
at most, and a row gives back no more than its price times its limit (Lagrangian relaxation, Fisher 1981).
"""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.types import Ints

_NONE = -(1 << 61)


@kernel
def certified(
    values: Ints,
    slot: Ints,
    shelf: Ints,
    cell: Ints,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    lo: Ints,
    hi: Ints,
    prices: Ints,
    shelf_prices: Ints,
    live: Ints,
    size: int,
) -> tuple[int, Ints]:
    """A bound on all pages of the `live` (i,) columns, and how far each of these lies below it: (i,).

    Column c is cell `cell[c]` of `values` (nK,), of `shelf[c]` in `slot[c]`. `prices` (R,) are above 0 on
    upper limits, below on lower ones, `shelf_prices` (G,) at least 0. The bound is far below every value when
    some slot has no column.

    Proof: a page's value is Σ left + Σ shelf price + Σ price·coefficient over its columns. The first is at
    most what the best columns of the slots have left, the second at most Σ `shelf_prices` since no shelf
    stands twice, the third at most Σ price·limit. A soft row's price is within its penalty, so that the page
    pays more for going beyond the limit than that earns. With a column of slack d the first sum is d lower.
    """
    best = np.full(size, _NONE, dtype=np.int64)
    left = np.empty(len(live), dtype=np.int64)
    for i in range(len(live)):
        c = live[i]
        worth = values[cell[c]] - shelf_prices[shelf[c]]
        for e in range(ptr[cell[c]], ptr[cell[c] + 1]):
            worth -= prices[row[e]] * coef[e]
        left[i] = worth
        best[slot[c]] = max(best[slot[c]], worth)
    total = 0
    for k in range(size):
        if best[k] == _NONE:
            return _NONE, left
        total += best[k]
    for price in shelf_prices:
        total += price
    for r in range(len(prices)):
        if prices[r] != 0:
            total += prices[r] * (hi[r] if prices[r] > 0 else lo[r])
    for i in range(len(live)):
        left[i] = best[slot[live[i]]] - left[i]
    return total, left
