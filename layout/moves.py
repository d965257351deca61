"""Every page one step away from a page: which of them obey the rules.

Both neighbourhoods come from the row sums alone: a changed page has the old sums less what left plus what
came, so no page is ever summed anew.
"""

from __future__ import annotations

import numpy as np

from layout.compiled import Compiled
from layout.types import Ints, Mask


def replacements(rows: Compiled, page: Ints, sums: Ints) -> Mask:
    """Which shelves may take each slot of a feasible `page` (K,) with row `sums` (R,): (K, n).

    Entry (k, s) says that the page with s instead of page[k] obeys every row. Meaningful for shelves that
    are not on the page; True for page[k] itself.
    """
    fits = np.empty((rows.size, rows.n), dtype=np.bool_)
    for k, counted in enumerate(rows.by_slot):
        rest = counted.coef[:, page[k]] - sums[counted.index]
        inside = counted.coef >= (rest + counted.lo)[:, None]
        inside &= counted.coef <= (rest + counted.hi)[:, None]
        np.logical_and.reduce(inside, axis=0, out=fits[k])
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
    return np.logical_and.reduce(inside, axis=0)
