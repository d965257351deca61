"""Provable pruning: shelves and shelf-slot cells that some optimal page does without."""

from __future__ import annotations

import numpy as np

from layout.bound import Bound
from layout.compiled import Compiled
from layout.types import Ints, Mask


def worthwhile(rows: Compiled, values: Ints, bound: Bound, target: int) -> Mask:
    """Cells (n, K) that suffice to find the best page, if any page is worth `target` or more.

    Three reasons leave a cell out. A single row forbids it on every page. Or its `slack` exceeds
    `bound.total` − `target`: a page with it is worth at most `bound.total` − slack < `target`. Or its shelf
    is `dispensable`. The last reason holds together with the others, because the exchange in its proof
    leads from a page worth at least `target` to another, whose cells then fail neither of the first two.
    """
    cells = rows.cells & (bound.slack <= bound.total - target)
    cells[dispensable(rows, values)] = False
    return cells


def dispensable(rows: Compiled, values: Ints) -> Mask:
    """Shelves that an optimal page can do without: (n,).

    Shelf t beats s when no row tells them apart and t is worth at least as much in every slot (among
    equals in all of them, the one first in order). If as many shelves beat s as shelves of its kind fit on
    a page, s is dispensable: a feasible page with s leaves at least one t out of those, and with t in
    place of s it obeys the same rows and is worth no less. Beating is a strict partial order within a
    kind, so repeated exchanges only move up in it and end at a page without any dispensable shelf.
    """
    alike = rows.kinds[:, None] == rows.kinds
    fits = capacity(rows)
    crowded = np.flatnonzero(alike.sum(axis=0) > fits)
    dispensed = np.zeros(rows.n, dtype=np.bool_)
    if len(crowded):
        worth = values[crowded]
        at_least = (worth[:, None, :] >= worth).all(axis=2)
        first = crowded[:, None] < crowded
        beats = alike[np.ix_(crowded, crowded)] & at_least & (~at_least.T | first)
        dispensed[crowded] = beats.sum(axis=0) >= fits[crowded]
    return dispensed


def capacity(rows: Compiled) -> Ints:
    """At most this many shelves of each shelf's kind fit on one page: (n,).

    A row that counts m slots, with coefficient c > 0 for the kind and none below zero, has room for hi / c
    of them there, and the other K − m slots have room for one each.
    """
    some = (rows.coef >= 0).all(axis=1)
    coef = rows.coef[some]
    outside = (~rows.slots[some]).sum(axis=1)
    room = np.maximum(rows.hi[some][:, None] // np.maximum(coef, 1), 0) + outside[:, None]
    fits: Ints = np.where(coef > 0, room, rows.size).min(axis=0, initial=rows.size)
    return fits
