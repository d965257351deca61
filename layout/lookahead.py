"""Which options may come next so that the page can still be completed.

A draw that goes down the page slot by slot needs exactly these: with one too many it can dead-end, with one
too few it has no support where it claims to. Most are settled by a known page that starts like the prefix:
what can replace its next option, or change places with it, can come next, and the changed page proves it;
what a row rules out cannot. The few in between are searched for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layout.compiled import compiled
from layout.completion import completion, ranked
from layout.errors import InvalidProblemError
from layout.kernels.support import candidates, settle
from layout.types import Ints, Mask, Page, Problem


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    """A prefix's supported options (n,), and for each a page (n, K) that starts like it and goes on so."""

    mask: Mask
    pages: Ints


class LookAhead:
    """Exact look-ahead below any completable prefix of a problem's pages.

    `page` is a feasible page, around which answers are cheapest. Answers do not depend on it, nor on the
    order of the calls. Not safe for use from several threads. Raises InvalidProblemError when `page` is
    not feasible.
    """

    def __init__(self, problem: Problem, page: Page) -> None:
        self._rows = compiled(problem)
        known = all(0 <= s < self._rows.n for s in page)
        if not known or not self._rows.holds(self._rows.inward(page)):
            raise InvalidProblemError(
                f"page = {page} does not obey the problem's rules: give a feasible page"
            )
        self._anchor = np.array(self._rows.inward(page), dtype=np.int64)
        self._order: Ints | None = None
        self._nodes: dict[Page, _Node] = {}

    def supported(self, prefix: Page) -> Mask:
        """The options that can take slot len(prefix) such that a feasible completion exists: (n,) bool.

        Raises InvalidProblemError when the prefix itself cannot be completed, or is a full page already.
        """
        if len(prefix) >= self._rows.size:
            raise InvalidProblemError(f"prefix = {prefix} fills the page: no slot is left")
        if not all(0 <= s < self._rows.n for s in prefix):
            raise InvalidProblemError(f"prefix = {prefix} names a shelf that is not proposed")
        supported = np.empty(self._rows.n, dtype=np.bool_)
        supported[self._rows.order] = self._node(self._rows.inward(prefix)).mask
        return supported

    def _node(self, prefix: Page) -> _Node:
        if prefix not in self._nodes:
            self._nodes[prefix] = self._expand(prefix, self._base(prefix))
        return self._nodes[prefix]

    def _base(self, prefix: Page) -> Ints:
        """A feasible page that starts like the prefix."""
        if tuple(self._anchor[: len(prefix)].tolist()) == prefix:
            return self._anchor
        parent, option = self._node(prefix[:-1]), prefix[-1]
        if not parent.mask[option]:
            raise InvalidProblemError(
                f"prefix = {self._rows.outward(prefix)} has no feasible completion: "
                f"shelf {self._rows.order[option]} cannot come last in it"
            )
        page: Ints = parent.pages[option]
        return page

    def _expand(self, prefix: Page, base: Ints) -> _Node:
        rows, slot = self._rows, len(prefix)
        open_options = candidates(
            np.array(prefix, dtype=np.int64),
            rows.cells,
            rows.ptr,
            rows.row,
            rows.coef,
            rows.floor,
            rows.ceiling,
            rows.slot_ptr,
            rows.slot_row,
            rows.group,
        )
        node = _Node(np.zeros(rows.n, dtype=np.bool_), np.empty((rows.n, rows.size), dtype=np.int64))
        for mend in (False, True):
            self._settle(node, slot, base, open_options, mend=mend)
        while open_options.any():
            option = int(open_options.argmax())
            page = completion(rows, self._wish(), (*prefix, option))
            if page is None:
                open_options &= rows.kinds != rows.kinds[option]
            else:
                node.mask[option], node.pages[option] = True, page
                open_options[option] = False
                self._settle(node, slot, node.pages[option], open_options, mend=False)
        return node

    def _settle(self, node: _Node, slot: int, base: Ints, open_options: Mask, *, mend: bool) -> None:
        """Move to the node those of the `open_options` (n,) that pages near the `base` prove."""
        rows = self._rows
        if not open_options.any():
            return
        settled = settle(
            base,
            slot,
            open_options,
            rows.cells,
            rows.ptr,
            rows.row,
            rows.coef,
            rows.lo,
            rows.hi,
            rows.hard,
            rows.group,
            mend,
            node.pages,
        )
        node.mask[settled] = True
        open_options &= ~settled

    def _wish(self) -> Ints:
        """The order in which completions try options: the anchor's first, then by value."""
        if self._order is None:
            wish = self._rows.values.copy()
            wish[self._anchor, np.arange(self._rows.size)] = np.iinfo(np.int64).max // 2
            self._order = ranked(wish)
        return self._order
