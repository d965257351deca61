"""Every page one step away from a page: which of them obey the rules.

Both neighbourhoods come from the row sums alone: a changed page has the old sums less what left plus what
came, so no page is ever summed anew.
"""

from __future__ import annotations

import numpy as np

from layout.compiled import Compiled
from layout.types import Ints, Mask


def replacements(rows: Compiled, page: Ints, sums: Ints, first: int = 0) -> Mask:
    """Which shelves may take each slot of `page` (K,) with row `sums` (R,), from slot `first` on: (K, n).

    Entry (k, s) says that the page with s instead of page[k] obeys every row; False for slots above `first`.
    Meaningful for shelves that are not on the page. The page itself may break rows: then only slots that all
    broken rows count can mend it.
    """
    fits = np.zeros((rows.size, rows.n), dtype=np.bool_)
    broken: Mask = (sums < rows.lo) | (sums > rows.hi)
    mendable = np.logical_and.reduce(rows.slots[broken], axis=0)
    for slot in range(first, rows.size):
        if mendable[slot]:
            fits[slot] = replacements_at(rows, int(page[slot]), sums, slot)
    return fits


def replacements_at(rows: Compiled, shelf: int, sums: Ints, slot: int) -> Mask:
    """Which shelves may replace `shelf` in `slot` as far as the rows that count it say: (n,)."""
    counted = rows.by_slot[slot]
    rest = counted.coef[:, shelf] - sums[counted.index]
    inside = counted.coef >= (rest + counted.lo)[:, None]
    inside &= counted.coef <= (rest + counted.hi)[:, None]
    fits: Mask = np.logical_and.reduce(inside, axis=0)
    return fits


def swaps(rows: Compiled, page: Ints, sums: Ints) -> Mask:
    """Which pairs of slots of a feasible `page` (K,) may change places: (K, K), symmetric.

    Swapping j and k changes the sum of a row by (coef[page[k]] − coef[page[j]]) · (slots[j] − slots[k]);
    rows that count every slot do not change.
    """
    some = rows.partial
    coef = rows.coef[some][:, page]
    slots = rows.slots[some].astype(np.int64)
    change = (coef[:, None, :] - coef[:, :, None]) * (slots[:, :, None] - slots[:, None, :])
    change += sums[some][:, None, None]
    inside = (change >= rows.lo[some][:, None, None]) & (change <= rows.hi[some][:, None, None])
    fits: Mask = np.logical_and.reduce(inside, axis=0)
    return fits


def last_pairs(rows: Compiled, sums: Ints, above: Ints, below: Ints) -> Mask:
    """Which two shelves may fill the last two slots under a prefix with row `sums` (R,): (a, b).

    `above` (a,) are the shelves tried in the last slot but one, `below` (b,) those in the last. No shelf goes
    with itself.
    """
    some = np.flatnonzero(rows.slots[:, -2] | rows.slots[:, -1])
    upper = rows.coef[some][:, above] * rows.slots[some, -2, None]
    lower = rows.coef[some][:, below] * rows.slots[some, -1, None]
    least, most = rows.lo[some] - sums[some], rows.hi[some] - sums[some]
    both = upper[:, :, None] + lower[:, None, :]
    inside = (both >= least[:, None, None]) & (both <= most[:, None, None])
    inside[:, above[:, None] == below] = False
    fits: Mask = np.logical_and.reduce(inside, axis=0)
    return fits
