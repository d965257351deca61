"""An upper bound on every page's worth, and what it says about each cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layout.compiled import Compiled
from layout.kernels.price import price, slacks
from layout.types import Ints, Mask, Page


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """No page is worth more than `total`, none with cell (s, k) more than `total` − `slack[s, k]`.

    `total` is far below every value when there is no page at all.

    `slack` is (n, K), at least 0. `prices` (R,) are per unit of each row, above 0 on its upper limit, below
    on its lower one; `shelf_prices` (G,) are lost by pages that leave the shelf out. `page` is the best page
    found on the way, if any, and `pace` how far prices still move in a step, from 1 down.
    """

    total: int
    slack: Ints
    prices: Ints
    shelf_prices: Ints
    page: Page | None
    pace: float

    @property
    def priced(self) -> bool:
        """Whether some row had to be priced: without prices the bound is that of the plain assignment."""
        return bool(self.prices.any())


def upper_bound(
    rows: Compiled, target: int, steps: int, start: Bound | None = None, cells: Mask | None = None
) -> Bound:
    """The least bound of `steps` rounds of pricing, or of fewer if no page can beat `target`.

    `start` is a bound to go on from; without it rows are free. With `cells` (n, K) the bound holds for
    the pages on these cells alone.
    """
    cells = rows.cells if cells is None else cells
    first = np.zeros(len(rows.lo), dtype=np.int64) if start is None else start.prices
    entries = (rows.ptr, rows.row, rows.coef)
    total, prices, slot_prices, shelf_prices, page, _, pace = price(
        rows.values,
        cells,
        *entries,
        rows.lo,
        rows.hi,
        rows.penalty,
        rows.cap,
        rows.group,
        rows.groups,
        target,
        steps,
        first,
        1.0 if start is None else start.pace,
    )
    slack = slacks(rows.values, cells, *entries, prices, slot_prices, shelf_prices, rows.group)
    found = tuple(page.tolist()) if page[0] >= 0 and rows.possible else None
    return Bound(int(total), slack, prices, shelf_prices, found, pace)
