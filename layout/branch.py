"""Branch and bound over the few pages that an upper bound leaves open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layout.bound import Bound
from layout.compiled import Compiled
from layout.types import Ints, Mask, Page


@dataclass(frozen=True, slots=True)
class Branched:
    """The best page found above the floor, if any, and whether the search ended before nodes ran out."""

    page: Page | None
    complete: bool


def branch(rows: Compiled, values: Ints, bound: Bound, cells: Mask, floor: int, nodes: int) -> Branched:
    """The best page worth more than `floor` over `cells` (n, K), looking at up to `nodes` prefixes.

    The slacks of a page's cells add up to at most `bound.total` − its value, so a prefix that has spent as
    much as `bound.total` − the best value so far is left, counting the least that each slot below will spend.
    """
    slack = np.where(cells, bound.slack, _CLOSED)
    least = np.minimum(slack.min(axis=0), _CLOSED // len(slack[0]))
    below = np.append(np.cumsum(least[::-1])[::-1], 0)
    search = _Search(rows, values, slack, below, bound.total, floor, nodes)
    search.down((), rows.sums(()), 0)
    return Branched(search.page, search.nodes > 0)


_CLOSED = 1 << 58


@dataclass(slots=True)
class _Search:
    rows: Compiled
    values: Ints
    slack: Ints
    below: Ints
    total: int
    best: int
    nodes: int
    page: Page | None = None

    def down(self, prefix: Page, sums: Ints, spent: int) -> None:
        slot = len(prefix)
        if slot == self.rows.size:
            self._keep(prefix)
            return
        if self.nodes <= 0:
            return
        self.nodes -= 1
        cost = self.slack[:, slot] + (spent + int(self.below[slot + 1]))
        for shelf in self._open(prefix, sums, cost):
            if cost[shelf] >= self.total - self.best:
                return
            self.down(
                (*prefix, shelf), self.rows.extend(sums, slot, shelf), spent + int(self.slack[shelf, slot])
            )

    def _open(self, prefix: Page, sums: Ints, cost: Ints) -> list[int]:
        cheap = cost < self.total - self.best
        cheap[list(prefix)] = False
        left = np.flatnonzero(cheap)
        if len(left):
            left = left[self.rows.children(sums, len(prefix))[left]]
        return [int(shelf) for shelf in left[np.argsort(cost[left], kind="stable")]]

    def _keep(self, page: Page) -> None:
        worth = page_worth(self.values, page)
        if worth > self.best:
            self.page, self.best = page, worth


def page_worth(values: Ints, page: Page) -> int:
    """The value of a page: Σ over slots of values[page[k], k]."""
    return int(values[list(page), np.arange(len(page))].sum())
