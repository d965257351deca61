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
    are not on the page.
    """
    return np.array([replacements_at(rows, int(shelf), sums, slot) for slot, shelf in enumerate(page)])


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
    coef = rows.coef[: rows.partial].take(page, axis=1)
    slots = rows.slots[: rows.partial].astype(np.int64)
    change = (coef[:, None, :] - coef[:, :, None]) * (slots[:, :, None] - slots[:, None, :])
    return _kept(rows, change, sums)


def swaps_at(rows: Compiled, page: Ints, sums: Ints, slot: int) -> Mask:
    """The row of `swaps` for one slot: (K,)."""
    coef = rows.coef[: rows.partial].take(page, axis=1)
    slots = rows.slots[: rows.partial].astype(np.int64)
    change = (coef - coef[:, slot, None]) * (slots[:, slot, None] - slots)
    return _kept(rows, change, sums)


def _kept(rows: Compiled, change: Ints, sums: Ints) -> Mask:
    """Where partial rows stay within their limits after a `change` (r, ...) of their sums: (...)."""
    shape = (-1, *([1] * (change.ndim - 1)))
    least, most = (rows.lo - sums)[: rows.partial], (rows.hi - sums)[: rows.partial]
    inside = (change >= least.reshape(shape)) & (change <= most.reshape(shape))
    kept: Mask = np.logical_and.reduce(inside, axis=0)
    return kept


def mend(rows: Compiled, page: Ints, sums: Ints, first: int) -> tuple[int, int] | None:
    """A slot from `first` on and an unplaced shelf for it that make an infeasible `page` (K,) obey every row.

    None when no single replacement does. Only slots are tried that all broken rows count and from which
    enough could be taken or gained: the first that works, and the first shelf in order.
    """
    broken = np.flatnonzero((sums < rows.lo) | (sums > rows.hi))
    coef = rows.coef[broken]
    here = coef[:, page]
    lowest = sums[broken, None] - here + coef.min(axis=1, keepdims=True)
    highest = sums[broken, None] - here + coef.max(axis=1, keepdims=True)
    reach = rows.slots[broken] & (lowest <= rows.hi[broken, None]) & (highest >= rows.lo[broken, None])
    for slot in np.flatnonzero(np.logical_and.reduce(reach, axis=0)).tolist():
        if slot >= first:
            fits = replacements_at(rows, int(page[slot]), sums, slot)
            fits[page] = False
            if fits.any():
                return slot, int(fits.argmax())
    return None


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
