"""Branch and bound over slots, with a bound that is tightened at every node.

What one bound and the enumeration below it leave open is split at the cell that the prices are most undecided
about: its slot is given the option, and once that is settled the option is closed there. Either way prices
move again, which few fixed cells make far more telling than at the root.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from layout.bound import Bound, upper_bound
from layout.compiled import Compiled
from layout.search import best_within
from layout.types import Floats, Ints, Mask, Page

CELLS_TO_ENUMERATE: Final = 8
"""Enumeration is tried as soon as so many cells per slot are left open."""

ENUMERATED_NODES: Final = 400
_STEPS: Final = 20
_PACE: Final = 0.1
"""Prices that had settled at the node above move at least that fast."""

_CLOSED: Final = 1 << 60
_MEMORY: Final = 0.8
_LOWER: Final = 0.9
_DECIDED: Final = 0.005
"""Undecided cells count by this factor less in each slot further down, and no more below this share."""


class BranchAndBound:
    """A search for pages worth more than `worth`, the worth of `page`; it replaces both as it finds them.

    `bounds` limits how many nodes are bounded, `nodes` each enumeration, and the search ends early without a
    proof once `time_left` is not above 0.
    """

    def __init__(
        self, rows: Compiled, page: Page, worth: int, bounds: int, nodes: int, time_left: Callable[[], float]
    ) -> None:
        self.page, self.worth = page, worth
        self._rows = rows
        self._bounds, self._nodes, self._time_left = bounds, nodes, time_left

    def proves(self, bound: Bound, cells: Mask) -> bool:
        """Whether the page in hand is now proven best of those on the `cells` (n, K) that `bound` is for."""
        while bound.total > self.worth:
            cells = cells & (bound.slack < bound.total - self.worth)
            if self._enumerates(bound, cells):
                return True
            if self._bounds <= 0 or self._time_left() <= 0:
                return False
            option, slot = _split(bound, cells)
            if not self._proves_with(option, slot, bound, cells):
                return False
            cells = cells & (bound.slack < bound.total - self.worth)
            cells[option, slot] = False
            bound = self._bound(bound, cells)
        return True

    def _proves_with(self, option: int, slot: int, bound: Bound, cells: Mask) -> bool:
        chosen = cells.copy()
        chosen[:, slot] = False
        chosen[option, slot] = True
        return self.proves(self._bound(bound, chosen), chosen)

    def _enumerates(self, bound: Bound, cells: Mask) -> bool:
        if int(cells.sum()) > CELLS_TO_ENUMERATE * self._rows.size:
            return False
        page, proven = best_within(self._rows, bound, self.worth, self._nodes)
        self._take(page)
        return proven

    def _bound(self, before: Bound, cells: Mask) -> Bound:
        self._bounds -= 1
        awake = replace(before, pace=max(before.pace, _PACE))
        bound = upper_bound(self._rows, self.worth, _STEPS, awake, cells)
        self._take(bound.page)
        return bound

    def _take(self, page: Page | None) -> None:
        if page is not None and (worth := self._rows.worth(page)) > self.worth:
            self.page, self.worth = page, worth


def _split(bound: Bound, cells: Mask) -> tuple[int, int]:
    """The option and slot to split at: the cell that prices are most undecided about, high slots first."""
    count, size = cells.sum(axis=0), cells.shape[1]
    share = _shares(bound.assigned, cells.shape)
    undecided = np.where(cells & (count > 1), np.minimum(share, 1.0 - share), -1.0) * _LOWER ** np.arange(
        size
    )
    option, slot = divmod(int(undecided.argmax()), size)
    return (option, slot) if undecided[option, slot] > _DECIDED else _dearest(bound, cells, count)


def _shares(assigned: Ints, shape: tuple[int, ...]) -> Floats:
    """How often each cell was assigned (n, K), the latest rounds counting most.

    Such averages of the pages that prices lead to come near a solution of the linear relaxation (Barahona and
    Anbil 2000).
    """
    weight = _MEMORY ** np.arange(len(assigned))[::-1]
    share = np.zeros(shape)
    slots = np.broadcast_to(np.arange(shape[1]), assigned.shape)
    np.add.at(share, (assigned, slots), (weight / max(weight.sum(), 1.0))[:, None])
    return share


def _dearest(bound: Bound, cells: Mask, count: Ints) -> tuple[int, int]:
    """The cheapest option of the slot where closing it raises the bound most, per option there."""
    slack = np.where(cells, bound.slack, _CLOSED)
    second = np.partition(slack, min(1, len(slack) - 1), axis=0)[min(1, len(slack) - 1)]
    slot = int(np.where(count > 1, second / np.maximum(count, 1), -1.0).argmax())
    return int(slack[:, slot].argmin()), slot
