"""Which shelves may come next so that the page can still be completed.

A draw that goes down the page slot by slot needs exactly these shelves: with one too many it can dead-end,
with one too few it has no support where it claims to. Most shelves are settled by a known page that starts
like the prefix: what can replace its next shelf, or change places with it, can come next, and the changed
page proves it. Shelves that a row rules out cannot; for the last slot, what no row rules out can come. The
few in between are searched for.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from layout.compiled import compiled
from layout.completion import completion
from layout.errors import InvalidProblemError
from layout.moves import last_pairs, mend, replacements_at, swaps_at
from layout.types import Ints, Mask, Page, Problem

_FAVOUR = 1 << 50


@dataclass(frozen=True, slots=True, eq=False)
class _Near:
    """A feasible page and its row sums (R,)."""

    page: Page
    sums: Ints


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    """A prefix: a page that starts with it, its supported shelves (n,), and pages found for some of them."""

    near: _Near
    mask: Mask
    found: dict[int, Page] = field(default_factory=dict)


class LookAhead:
    """Exact look-ahead below any completable prefix of a problem's pages.

    `page` is a feasible page, around which answers are cheapest. Answers do not depend on it, nor on the
    order of the calls. Not safe for use from several threads. Raises InvalidProblemError when `page` is
    not feasible.
    """

    def __init__(self, problem: Problem, page: Page) -> None:
        self._rows = compiled(problem)
        self._values = problem.values
        if len(page) != self._rows.size or len(set(page)) != len(page) or not self._rows.holds(page):
            raise InvalidProblemError(
                f"page = {page} does not obey the problem's rules: give a feasible page"
            )
        self._anchor = self._known(tuple(int(shelf) for shelf in page))
        self._nodes: dict[Page, _Node] = {}

    def supported(self, prefix: Page) -> Mask:
        """The shelves that can take slot len(prefix) such that a feasible completion exists: (n,) bool.

        Raises InvalidProblemError when the prefix itself cannot be completed, or is a full page already.
        """
        if len(prefix) >= self._rows.size:
            raise InvalidProblemError(f"prefix = {prefix} fills the page: no slot is left")
        return self._node(tuple(prefix)).mask.copy()

    def _node(self, prefix: Page) -> _Node:
        if prefix not in self._nodes:
            self._nodes[prefix] = self._expand(prefix, self._near(prefix))
        return self._nodes[prefix]

    def _near(self, prefix: Page) -> _Near:
        if self._anchor.page[: len(prefix)] == prefix:
            return self._anchor
        parent, shelf = self._node(prefix[:-1]), prefix[-1]
        if not 0 <= shelf < self._rows.n or not parent.mask[shelf]:
            raise InvalidProblemError(
                f"prefix = {prefix} has no feasible completion: shelf {shelf} cannot come last in it"
            )
        if parent.near.page[len(prefix) - 1] == shelf:
            return parent.near
        return self._known(self._witness(parent, len(prefix) - 1, shelf))

    def _witness(self, node: _Node, slot: int, shelf: int) -> Page:
        """A feasible page that starts like the node's and has a supported `shelf` in `slot`."""
        return node.found[shelf] if shelf in node.found else _moved(node.near.page, slot, shelf)

    def _known(self, page: Page) -> _Near:
        return _Near(page, self._rows.sums(page))

    def _expand(self, prefix: Page, near: _Near) -> _Node:
        slot, rows = len(prefix), self._rows
        sums = rows.sums(prefix)
        mask = self._one_step(near, slot)
        mask[list(prefix)] = False
        open_ = rows.children(sums, slot) & rows.cells[:, slot] & ~mask
        open_[list(prefix)] = False
        node = _Node(near, mask)
        if slot == rows.size - 1:
            mask |= open_
        elif slot == rows.size - 2:
            self._pair(node, prefix, sums, open_)
        else:
            self._settle(node, prefix, sums, open_)
        return node

    def _one_step(self, near: _Near, slot: int) -> Mask:
        """Shelves that may take `slot` of the page, the placed ones among them by changing places: (n,)."""
        page = np.array(near.page)
        mask = replacements_at(self._rows, near.page[slot], near.sums, slot)
        mask[page] = swaps_at(self._rows, page, near.sums, slot)
        return mask

    def _pair(self, node: _Node, prefix: Page, sums: Ints, open_: Mask) -> None:
        """Decide the `open_` shelves (n,) of the last slot but one by all pairs with the last."""
        above, below, pairs = self._pairs(prefix, sums, open_)
        for i in np.flatnonzero(pairs.any(axis=1)).tolist():
            shelf = int(above[i])
            node.mask[shelf] = True
            node.found[shelf] = (*prefix, shelf, int(below[pairs[i].argmax()]))

    def _pairs(self, prefix: Page, sums: Ints, open_: Mask) -> tuple[Ints, Ints, Mask]:
        above = np.flatnonzero(open_)
        last = self._rows.cells[:, -1].copy()
        last[list(prefix)] = False
        below = np.flatnonzero(last)
        return above, below, last_pairs(self._rows, sums, above, below)

    def _settle(self, node: _Node, prefix: Page, sums: Ints, open_: Mask) -> None:
        """Decide the `open_` shelves (n,) one by one; each page found settles its neighbours."""
        slot, kinds, bases = len(prefix), self._rows.kinds, [node.near]
        while open_.any():
            shelf = int(open_.argmax())
            page = self._mended(bases, slot, shelf) or self._searched((*prefix, shelf), sums, node.near)
            if page is None:
                open_ &= kinds != kinds[shelf]
                continue
            base = self._known(page)
            bases = [node.near, base]
            settled = self._one_step(base, slot) & open_
            settled[shelf] = True
            for one in np.flatnonzero(settled).tolist():
                node.found[one] = _moved(page, slot, one)
            node.mask[settled] = True
            open_ &= ~settled

    def _mended(self, bases: list[_Near], slot: int, shelf: int) -> Page | None:
        """A feasible page two steps from one of the `bases`: `shelf` put in `slot`, a lower slot changed."""
        for base in bases:
            draft = _moved(base.page, slot, shelf)
            sums = self._rows.exchange(base.sums, slot, base.page[slot], shelf)
            if shelf in base.page:
                sums = self._rows.exchange(sums, base.page.index(shelf), shelf, base.page[slot])
            mended = mend(self._rows, np.array(draft), sums, slot + 1)
            if mended is not None:
                return _moved(draft, *mended)
        return None

    def _searched(self, prefix: Page, above: Ints, near: _Near) -> Page | None:
        """A feasible page that starts with `prefix`, one with row sums `above` (R,) and a shelf more."""
        sums = self._rows.extend(above, len(prefix) - 1, prefix[-1])
        if len(prefix) == self._rows.size - 2:
            free = self._rows.children(sums, len(prefix))
            free[list(prefix)] = False
            upper, lower, pairs = self._pairs(prefix, sums, free)
            if not pairs.any():
                return None
            first, second = np.unravel_index(int(pairs.argmax()), pairs.shape)
            return (*prefix, int(upper[first]), int(lower[second]))
        wish = self._values.copy()
        wish[list(near.page), np.arange(len(near.page))] += _FAVOUR
        return completion(self._rows, wish, prefix)


def _moved(page: Page, slot: int, shelf: int) -> Page:
    """The page with `shelf` in `slot`; if it stood elsewhere, the two change places."""
    changed = list(page)
    if shelf in page:
        changed[page.index(shelf)] = page[slot]
    changed[slot] = shelf
    return tuple(changed)
