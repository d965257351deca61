"""Depth-first search for a page, slot by slot, best shelf first; exact unless it runs out of nodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layout.compiled import Compiled
from layout.types import Ints, Mask, Page


@dataclass(frozen=True, slots=True)
class Dive:
    """What a dive found. With no `page`, `exhausted` says that none exists; otherwise nodes ran out."""

    page: Page | None
    exhausted: bool


def dive(rows: Compiled, wish: Ints, prefix: Page, nodes: int) -> Dive:
    """The first feasible page below `prefix`, trying shelves in order of `wish` (n, K), highest first.

    Looks at up to `nodes` prefixes and depends on nothing but its arguments. `prefix` must be one that no
    row rules out by itself, for rows that count no later slot are not looked at again. When the subtree of a
    shelf holds no page, neither does that of another shelf of its kind in the same slot: their pages
    correspond one to one by exchanging the two shelves, so the kind is skipped.
    """
    if not rows.possible or (len(prefix) == rows.size and not rows.holds(prefix)):
        return Dive(None, True)
    free = np.ones(rows.n, dtype=np.bool_)
    free[list(prefix)] = False
    search = _Search(rows, wish, list(prefix), free, nodes)
    found = search.down(rows.sums(prefix))
    return Dive(tuple(search.page) if found else None, not found and search.nodes > 0)


@dataclass(slots=True)
class _Search:
    rows: Compiled
    wish: Ints
    page: list[int]
    free: Mask
    nodes: int

    def down(self, sums: Ints) -> bool:
        slot = len(self.page)
        if slot == self.rows.size:
            return True
        if self.nodes <= 0:
            return False
        self.nodes -= 1
        fits = np.flatnonzero(self.rows.children(sums, slot) & self.free)
        failed: set[int] = set()
        for shelf in fits[np.argsort(-self.wish[fits, slot], kind="stable")].tolist():
            kind = int(self.rows.kinds[shelf])
            if kind in failed:
                continue
            if self._place(sums, slot, shelf):
                return True
            if self.nodes <= 0:
                return False
            failed.add(kind)
        return False

    def _place(self, sums: Ints, slot: int, shelf: int) -> bool:
        self.page.append(shelf)
        self.free[shelf] = False
        if self.down(self.rows.extend(sums, slot, shelf)):
            return True
        self.page.pop()
        self.free[shelf] = True
        return False
