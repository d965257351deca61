"""Provable pruning: options and cells that some optimal page does without."""

from __future__ import annotations

import numpy as np

from layout.bound import Bound
from layout.compiled import Compiled
from layout.types import Mask


def worthwhile(rows: Compiled, bound: Bound, target: int) -> Mask:
    """Cells (n, K) that suffice to find the best page, if any page is worth `target` or more.

    Three reasons leave a cell out. A single row forbids it on every page. Or its `slack` exceeds
    `bound.total` − `target`: a page with it is worth at most `bound.total` − slack < `target`. Or its option
    is `dispensable`. The last reason holds together with the others, because the exchange in its proof
    leads from a page worth at least `target` to another, whose cells then fail neither of the first two.
    """
    cells = rows.cells & (bound.slack <= bound.total - target)
    cells[dispensable(rows)] = False
    return cells


def dispensable(rows: Compiled) -> Mask:
    """Options that an optimal page can do without: (n,).

    Of shelves with a single option each, t beats s when no row tells them apart and t is worth at least as
    much in every slot (among equals in all of them, the one first in order). If as many shelves beat s as
    shelves of its kind fit on a page, s is dispensable: a feasible page with s leaves at least one t out of
    those, and with t in place of s it obeys the same rows, pays the same and is worth no less. Beating is a
    strict partial order within a kind, so repeated exchanges only move up in it and end at a page without
    any dispensable option.
    """
    single = np.bincount(rows.group, minlength=rows.groups)[rows.group] == 1
    dispensed = np.zeros(rows.n, dtype=np.bool_)
    for kind in np.flatnonzero(np.bincount(rows.kinds[single], minlength=1) > 1).tolist():
        alike = np.flatnonzero(single & (rows.kinds == kind))
        fits = _capacity(rows, int(alike[0]))
        if len(alike) <= fits:
            continue
        worth = rows.values[alike]
        at_least = (worth[:, None, :] >= worth).all(axis=2)
        beats = at_least & (~at_least.T | (alike[:, None] < alike))
        dispensed[alike] = beats.sum(axis=0) >= fits
    return dispensed


def _capacity(rows: Compiled, s: int) -> int:
    """At most this many shelves of the kind of option `s` fit on one page.

    A hard row without negative coefficients has room for them only where their coefficients, taken in the
    slots where they are smallest, stay within its upper limit.
    """
    start, end = rows.ptr[s * rows.size], rows.ptr[(s + 1) * rows.size]
    slot = np.repeat(np.arange(rows.size), np.diff(rows.ptr[s * rows.size : (s + 1) * rows.size + 1]))
    coef = np.zeros((len(rows.lo), rows.size), dtype=np.int64)
    coef[rows.row[start:end], slot] = rows.coef[start:end]
    limiting = rows.hard & ~_negative(rows)
    ranked = np.sort(coef[limiting][:, rows.cells[s]], axis=1).cumsum(axis=1)
    fitting = (ranked <= rows.hi[limiting][:, None]).sum(axis=1)
    return int(fitting.min(initial=int(rows.cells[s].sum())))


def _negative(rows: Compiled) -> Mask:
    """The rows with a negative coefficient anywhere: (R,)."""
    negative = np.zeros(len(rows.lo), dtype=np.bool_)
    negative[rows.row[rows.coef < 0]] = True
    return negative
