"""Better pages from a page in hand, and the best of all that a bound leaves open."""

from __future__ import annotations

import numpy as np

from layout.bound import Bound
from layout.compiled import Compiled
from layout.kernels import search as kernels
from layout.kernels.within import FOUND, OUT_OF_NODES, enumerate_within
from layout.types import Mask, Page


def improved(rows: Compiled, page: Page, steps: int, cells: Mask | None = None) -> Page:
    """The page after at most `steps` best moves: an option replaced, or two shelves changing places.

    Moves lead to `cells` (n, K) alone, by default all that single rows allow.
    """
    better, _ = kernels.improve(
        np.array(page, dtype=np.int64),
        rows.values,
        rows.cells if cells is None else cells,
        rows.ptr,
        rows.row,
        rows.coef,
        rows.lo,
        rows.hi,
        rows.penalty,
        rows.group,
        steps,
    )
    return tuple(better.tolist())


def best_within(rows: Compiled, bound: Bound, worth: int, nodes: int) -> tuple[Page | None, bool]:
    """The best page worth more than `worth`, if any, and whether the search saw all of them.

    It looks at no more than `nodes` options.
    """
    ended, page, _ = enumerate_within(
        bound.total - worth - 1,
        bound.slack,
        rows.ptr,
        rows.row,
        rows.coef,
        rows.lo,
        rows.hi,
        rows.penalty,
        bound.prices,
        rows.group,
        bound.shelf_prices,
        nodes,
    )
    found = ended == FOUND or (ended == OUT_OF_NODES and page[0] >= 0)
    return (tuple(page.tolist()) if found else None), ended != OUT_OF_NODES


def promising(rows: Compiled, bound: Bound, width: int) -> Mask:
    """The `width` open cells of each slot that the bound's prices favour: (n, K)."""
    if rows.n <= width:
        return rows.cells.copy()
    cheap: Mask = rows.cells & (bound.slack <= np.partition(bound.slack, width - 1, axis=0)[width - 1])
    return cheap
