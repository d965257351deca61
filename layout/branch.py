"""Branch and bound over cells, on the linear relaxation.

What one bound and the enumeration below it leave open is split at the cell that the relaxation is most
undecided about: its slot is given the option, and once that is settled the option is closed there. Each node
goes on from the basis of the one above, which few pivots adapt.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Final

import numpy as np

from layout.bound import Bound
from layout.compiled import Compiled
from layout.kernels.simplex.program import SOLVED
from layout.linear import Relaxation
from layout.search import best_within
from layout.types import Ints, Mask, Page

CELLS_TO_ENUMERATE: Final = 8
"""Enumeration is tried as soon as so many cells per slot are left open."""

ENUMERATED_NODES: Final = 400

_CELLS_PER_SLOT: Final = 6
_WIDER: Final = 2
_FAR: Final = 1 << 62
_DIVES: Final = 60
_WHOLE: Final = 1.0 - 1e-6


class BranchAndBound:
    """A search for pages worth more than `worth`, the worth of `page`; it replaces both as it finds them.

    `bounds` limits how many nodes are bounded, `enumerated` an enumeration, and the search ends early without
    a proof once `time_left` is not above 0. `nodes` counts those bounded so far.
    """

    def __init__(
        self,
        rows: Compiled,
        page: Page,
        worth: int,
        bounds: int,
        enumerated: int,
        time_left: Callable[[], float],
    ) -> None:
        self.page, self.worth = page, worth
        self.nodes = 0
        self._floor = worth
        self._rows = rows
        self._bounds, self._enumerated, self._time_left = bounds, enumerated, time_left
        self._open: list[tuple[int, int, Relaxation, bool]] = []

    def proves(self, bound: Bound, cells: Mask, root: Relaxation | None = None) -> bool:
        """Whether the page in hand is now proven best of those on the `cells` (n, K) that `bound` is for.

        `root` is a relaxation over cells of which these are a part.

        Pages are looked for above a floor first: such a page has no cell whose slack exceeds what the bound
        leaves above the floor, so that few cells suffice, and the best page found there is best of all. When
        there is none, the floor is lowered until twice as many cells are open.
        """
        cells = cells & (bound.slack < bound.total - self.worth)
        if bound.total <= self.worth or not cells.any(axis=0).all() or self._enumerates(bound, cells):
            return True
        if root is None:
            return self._settles(Relaxation.of(self._rows, cells))
        self._dive(root.only(np.sort(root.live)))
        slack = np.sort(bound.slack[cells])
        few = _CELLS_PER_SLOT * self._rows.size
        while True:
            self._floor = max(
                self.worth, bound.total - int(slack[few]) - 1 if few < len(slack) else self.worth
            )
            near = cells & (bound.slack < bound.total - self._floor)
            if not self._settles(root.only(np.flatnonzero(near[root.option, root.slot]))):
                return False
            if self.worth >= self._floor:
                return True
            few *= _WIDER

    def _dive(self, node: Relaxation) -> None:
        """Follow the solution down to a page: the largest undecided share becomes whole, one at a time."""
        for _ in range(_DIVES):
            if node.solve(self.worth) != SOLVED:
                return
            column, share = node.shares()
            share = np.where(share > _WHOLE, 0.0, share)
            if not len(column) or share.max() <= 0.0:
                self._take(node.page())
                return
            node.choose(column[[share.argmax()]])

    def _settles(self, root: Relaxation) -> bool:
        """Whether no page of the root's live columns is worth more than the page in hand, then."""
        self._open.clear()
        self._bound(root)
        while self._open:
            total, _, node, solved = heappop(self._open)
            if -total <= self._least:
                return True
            if self._bounds <= 0 or self._time_left() <= 0:
                return False
            self._divide(node, _split(node, solved))
        return True

    def _divide(self, node: Relaxation, columns: Ints | None) -> None:
        """Bound the pages of the node with these columns, and those without; the only one where none are."""
        if columns is None:
            self._take(_only_page(node, self._rows))
            return
        child = node.copy()
        child.choose(columns)
        self._bound(child)
        node.drop(columns)
        self._bound(node)

    def _bound(self, node: Relaxation) -> None:
        """Bound a node, and keep it for later if a page worth more can be below it."""
        self._bounds -= 1
        self.nodes += 1
        solved = node.solve(self._least) == SOLVED
        self._take(node.page() if solved else None)
        found = node.certificate()
        if found.total <= self._least:
            return
        node.keep(node.live[found.slack < found.total - self._least])
        heappush(self._open, (-found.total, self.nodes, node, solved))

    @property
    def _least(self) -> int:
        """What pages that are looked for must be worth more than."""
        return max(self.worth, self._floor)

    def _enumerates(self, bound: Bound, cells: Mask) -> bool:
        if int(cells.sum()) > CELLS_TO_ENUMERATE * self._rows.size:
            return False
        page, proven = best_within(self._rows, bound, self.worth, self._enumerated)
        self._take(page)
        return proven

    def _take(self, page: Page | None) -> None:
        if page is not None and (worth := self._rows.worth(page)) > self.worth:
            self.page, self.worth = page, worth


def _split(node: Relaxation, solved: bool) -> Ints | None:
    """Columns to set against the others of their slot: as the solution says, or one where it is whole.

    None when each slot has one column left.
    """
    if solved and len(columns := node.split()):
        return columns
    slot = node.slot[node.live]
    count = np.bincount(slot)
    several = np.flatnonzero(count > 1)
    if not len(several):
        return None
    fewest = several[count[several].argmin()]
    first: Ints = node.live[slot == fewest][:1]
    return first


def _only_page(node: Relaxation, rows: Compiled) -> Page | None:
    """The page of the live columns, one in each slot, if it obeys the rules."""
    page = np.full(rows.size, -1, dtype=np.int64)
    page[node.slot[node.live]] = node.option[node.live]
    found = tuple(page.tolist())
    return found if page.min() >= 0 and rows.holds(found) else None
