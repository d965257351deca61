"""The pages that are worth enough: a least value as rows of their own, and exact search above it.

Whether a beginning of a page can still be worth enough is an optimisation, not a feasibility question, so
bounds decide it: what prices rule out cannot be, what a page along them reaches can.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from layout.appended import with_rows
from layout.bound import Bound, upper_bound
from layout.branch import ENUMERATED_NODES, BranchAndBound
from layout.compiled import Compiled
from layout.completion import completion, dived, ranked
from layout.errors import InvalidProblemError
from layout.objective import page_worth
from layout.rows import NO_LIMIT
from layout.search import improved
from layout.types import Ints, Mask, Page

_ROOT_STEPS: Final = 20
_STEPS: Final = 6
_ROUNDS: Final = 3
_IMPROVING_STEPS: Final = 6
_BOUNDS: Final = 40
_FAR: Final = np.iinfo(np.int64).max


class Floor:
    """The pages of a problem whose value Σ values[page[k], k] is at least `least`; `page` is one of them.

    Values are without what soft rules cost. Raises InvalidProblemError when `page` is worth less.
    """

    def __init__(self, rows: Compiled, page: Page, least: int) -> None:
        value = page_worth(rows.values, page)
        if value < least:
            raise InvalidProblemError(f"least value = {least}: page is worth {value} only, give at most that")
        self._least = least
        self._values = _without_soft_rows(rows)
        self._root = upper_bound(self._values, value, _ROOT_STEPS)
        self.rows = _above(rows, self._root, least)

    def narrowed(self, prefix: Page) -> Bound:
        """A bound on the pages that start with the prefix."""
        return upper_bound(
            self._values, self._least - 1, _STEPS, self._root, _below(self.rows, self.rows.cells, prefix)
        )

    def ruled_out(self, bound: Bound, slot: int) -> Mask:
        """The options (n,) with which in the slot no page that the bound is for is worth enough."""
        out: Mask = bound.slack[:, slot] > bound.total - self._least
        return out

    def completion(self, order: Ints, prefix: Page, bound: Bound) -> Page | None:
        """A page worth enough that starts with `prefix`, or None when there is none.

        `bound` is one on pages that start so; what it leaves open, a search in `order` (K, n) settles, which
        raises SolverError when even the solver cannot tell.
        """
        cells = _below(self.rows, self.rows.cells, prefix)
        for attempt in range(_ROUNDS):
            bound = upper_bound(self._values, self._least - 1, _STEPS, bound, cells)
            if bound.total < self._least:
                return None
            cells &= bound.slack <= bound.total - self._least
            if attempt in (0, _ROUNDS - 1) and (page := self._along(bound, cells)) is not None:
                return page
        page, proven = self._branch(bound, cells)
        return page if page is not None or proven else completion(self.rows, order, prefix)

    def _branch(self, bound: Bound, cells: Mask) -> tuple[Page | None, bool]:
        """A page worth enough on the `cells` (n, K), if one is found, and otherwise whether there is none."""

        def goes_on() -> float:
            return 1.0 if search.worth < self._least else 0.0

        search = BranchAndBound(self._values, (), self._least - 1, _BOUNDS, ENUMERATED_NODES, goes_on)
        proven = search.proves(bound, cells)
        return (search.page or None), proven

    def _along(self, bound: Bound, cells: Mask) -> Page | None:
        """A page worth enough that the bound's prices lead to, if they do."""
        for start in (bound.page, dived(replace(self._values, cells=cells), ranked(-bound.slack))):
            if start is None:
                continue
            page = improved(self._values, start, _IMPROVING_STEPS, cells)
            if page_worth(self._values.values, page) >= self._least:
                return page
        return None


def _without_soft_rows(rows: Compiled) -> Compiled:
    """Soft rows decide what a page pays, not what it is worth to a listener."""
    lo, hi = np.where(rows.hard, rows.lo, -NO_LIMIT), np.where(rows.hard, rows.hi, NO_LIMIT)
    return replace(rows, lo=lo, hi=hi, penalty=np.zeros_like(rows.penalty))


def _below(rows: Compiled, cells: Mask, prefix: Page) -> Mask:
    """The cells (n, K) of pages that start with the prefix."""
    kept = cells.copy()
    for slot, option in enumerate(prefix):
        kept[rows.group == rows.group[option]] = False
        kept[:, slot] = False
    kept[list(prefix), np.arange(len(prefix))] = True
    return kept


def _above(rows: Compiled, bound: Bound, least: int) -> Compiled:
    """The rows that allow exactly the pages worth `least`.

    Two rows are added: the value itself, and what it implies together with the bound, that the slacks of a
    page's cells add up to no more than the bound leaves (reduced costs, Balas and Zemel 1980). The second
    rules out no page that the first allows, but sees far earlier that a beginning is not worth enough.
    """
    room = bound.total - least
    kept = rows.cells & (bound.slack <= room)
    most = int(np.where(kept, rows.values, -_FAR).max(axis=0).sum())
    added = np.stack([np.where(kept, rows.values, 0), np.where(kept, bound.slack, 0)], axis=2)
    lo, hi = np.array([[least, 0], [most, room]], dtype=np.int64)
    return with_rows(replace(rows, cells=kept), added, lo, hi)
