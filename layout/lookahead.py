"""Which options may come next so that the page can still be completed.

A draw that goes down the page slot by slot needs exactly these: with one too many it can dead-end, with one
too few it has no support where it claims to. Most are settled by a known page that starts like the prefix:
what can replace its next option, or change places with it, can come next, and the changed page proves it;
what a row rules out cannot. The few in between are searched for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from layout.bound import Bound
from layout.completion import ranked
from layout.errors import InvalidProblemError, SolverError
from layout.floor import Floor
from layout.growing import ROUNDS, Growing
from layout.kernels.support import NO, UNKNOWN, YES, supports
from layout.search import improved
from layout.types import Ints, Mask, Page, Problem

_FEW: Final = 100
"""Steps of a dive before anything else is tried; above a floor bounds tell more at once."""


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    """A prefix's supported options (n,), and for each a page (n, K) that starts like it and goes on so."""

    mask: Mask
    pages: Ints


class LookAhead:
    """Exact look-ahead below any completable prefix of a problem's pages.

    `page` is a feasible page, around which answers are cheapest; answers do not depend on it, nor on the
    order of the calls. With `least_value` only pages count whose value, Σ values[page[k], k], is that much.
    Not safe for use from several threads. Raises InvalidProblemError when `page` is not feasible or is worth
    less.
    """

    def __init__(self, problem: Problem, page: Page, least_value: int | None = None) -> None:
        self._growing, self._least = Growing(problem), least_value
        rows = self._growing.rows
        known = all(0 <= s < rows.n for s in page)
        if not known or not self._obeys(rows.inward(page)):
            raise InvalidProblemError(
                f"page = {page} does not obey the problem's rules: give a feasible page"
            )
        self._anchor = np.array(rows.inward(page), dtype=np.int64)
        self._renew()
        self._order = self._wish()
        self._nodes: dict[Page, _Node] = {}

    def supported(self, prefix: Page) -> Mask:
        """The options that can take slot len(prefix) such that a feasible completion exists: (n,) bool.

        Raises InvalidProblemError when the prefix itself cannot be completed, or is a full page already.
        """
        if len(prefix) >= self._rows.size:
            raise InvalidProblemError(f"prefix = {prefix} fills the page: no slot is left")
        self._check(prefix)
        return self._outward(self._node(self._rows.inward(prefix)).mask)

    def along(self, page: Page) -> Mask:
        """`supported` of each beginning of a page, from the empty one on: (K, n) bool.

        All False below an option that has no feasible completion. Cheap for a feasible page.
        """
        self._check(page)
        inward = self._rows.inward(page)
        base = np.array(inward, dtype=np.int64)
        if np.array_equal(base, self._anchor) or (self._rows.holds(inward) and self._lets(inward)):
            self._know(inward, base, 0)
        masks = np.zeros((len(page), self._rows.n), dtype=np.bool_)
        for k, option in enumerate(inward):
            masks[k] = self._node(inward[:k]).mask
            if not masks[k, option]:
                break
        return self._outward(masks)

    def completion(self, prefix: Page) -> Page:
        """Some page that starts with a prefix which `supported` allows; it is not the best that does.

        Raises InvalidProblemError when there is none.
        """
        self._check(prefix)
        return self._rows.outward(tuple(self._base(self._rows.inward(prefix)).tolist()))

    def improved(self, page: Page, steps: int, closed: Mask) -> Page:
        """A feasible page after at most `steps` best moves, none of them to a `closed` cell (n, K)."""
        start = self._rows.inward(page)
        for _ in range(ROUNDS):
            rows = self._rows
            better = improved(rows, start, steps, rows.cells & ~closed[rows.order])
            if self._lets(better):
                return rows.outward(better)
        return page

    def _obeys(self, page: Page) -> bool:
        return self._growing.rows.holds(page) and self._growing.lets(page)

    def _lets(self, page: Page) -> bool:
        """Whether a page that obeys the rows obeys the rules; if not, rows are added that it breaks."""
        lets = self._growing.lets(page)
        if not lets:
            self._renew()
        return lets

    def _renew(self) -> None:
        """Search in the rows that there are now."""
        anchor = tuple(self._anchor.tolist())
        self._floor = None if self._least is None else Floor(self._growing.rows, anchor, self._least)
        self._rows = self._growing.rows if self._floor is None else self._floor.rows

    def _check(self, prefix: Page) -> None:
        if not all(0 <= s < self._rows.n for s in prefix):
            raise InvalidProblemError(f"prefix = {prefix} names a shelf that is not proposed")

    def _outward(self, masks: Mask) -> Mask:
        """Masks (…, n) of the options in order of ids as masks of the problem's options."""
        outward = np.empty_like(masks)
        outward[..., self._rows.order] = masks
        return outward

    def _node(self, prefix: Page) -> _Node:
        if prefix not in self._nodes:
            base = self._base(prefix)
            self._know((*prefix, int(base[len(prefix)])), base, len(prefix))
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

    def _know(self, path: Page, base: Ints, first: int) -> None:
        """Learn what can follow each beginning of the `path` of `first` shelves or more; all are `base`'s."""
        if all(path[:k] in self._nodes for k in range(first, len(path))):
            return
        answers, pages = self._supports(base, first, len(path), _FEW if self._floor is None else 0)
        unsure = (answers == UNKNOWN).any(axis=1).tolist()
        masks = answers == YES
        for at, answer in enumerate(answers):
            prefix = path[: first + at]
            if unsure[at]:
                self._search(prefix, answer, pages[at])
                masks[at] = answer == YES
            self._nodes[prefix] = _Node(masks[at], pages[at])

    def _search(self, prefix: Page, answers: Ints, pages: Ints) -> None:
        """Settle what a short dive left open among the `answers` (n,), with `pages` (n, K) as proofs."""
        bound = self._bound(prefix)
        if self._floor is not None and bound is not None:
            answers[self._floor.ruled_out(bound, len(prefix)) & (answers == UNKNOWN)] = NO
        while (unknown := answers == UNKNOWN).any():
            option = int(unknown.argmax())
            rows = self._rows
            page = self._completion((*prefix, option), bound)
            if self._rows is not rows:
                bound = self._bound(prefix)
            if page is None:
                answers[unknown & self._alike(option)] = NO
            else:
                answers[option], pages[option] = YES, page
                self._near(len(prefix), page, answers, pages)

    def _bound(self, prefix: Page) -> Bound | None:
        return None if self._floor is None else self._floor.narrowed(prefix)

    def _alike(self, option: int) -> Mask:
        """The options (n,) that no row tells apart from this one; values do, where they are in rows."""
        kinds = np.arange(self._rows.n) if self._floor else self._rows.kinds
        alike: Mask = kinds == kinds[option]
        return alike

    def _near(self, slot: int, page: Page, answers: Ints, pages: Ints) -> None:
        """Settle what pages near a `page` just found tell of the UNKNOWN among the `answers` (n,)."""
        (found,), (proofs,) = self._supports(np.array(page, dtype=np.int64), slot, slot + 1, 0)
        new = (answers == UNKNOWN) & (found == YES)
        answers[new], pages[new] = YES, proofs[new]

    def _supports(self, base: Ints, first: int, last: int, nodes: int) -> tuple[Ints, Ints]:
        """As the kernel says; UNKNOWN where the page that proves an answer breaks a rule."""
        answers, pages = self._supported(base, first, last, nodes)
        yes = answers == YES
        answers[yes] = np.where(self._growing.breaks(pages[yes]), UNKNOWN, YES)
        return answers, pages

    def _supported(self, base: Ints, first: int, last: int, nodes: int) -> tuple[Ints, Ints]:
        rows = self._rows
        return supports(
            base,
            first,
            last,
            rows.cells,
            rows.ptr,
            rows.row,
            rows.coef,
            rows.lo,
            rows.hi,
            rows.hard,
            rows.floor,
            rows.ceiling,
            rows.slot_ptr,
            rows.slot_row,
            rows.group,
            self._order,
            nodes,
        )

    def _completion(self, prefix: Page, bound: Bound | None) -> Page | None:
        if self._floor is None or bound is None:
            page = self._growing.completion(self._order, prefix)
            self._renew()
            return page
        for _ in range(ROUNDS):
            page = self._floor.completion(self._order, prefix, bound)
            if page is None or self._lets(page):
                return page
            bound = self._floor.narrowed(prefix[:-1])
        raise SolverError(f"no page worth enough of {ROUNDS} could be dealt out, and none is impossible")

    def _wish(self) -> Ints:
        """The order in which completions try options: the anchor's first, then by value."""
        wish = self._rows.values.copy()
        wish[self._anchor, np.arange(self._rows.size)] = np.iinfo(np.int64).max // 2
        return ranked(wish)
