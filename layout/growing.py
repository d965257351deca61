"""Rows that pages which break a rule add to: for shared items of which not every row can be listed.

A page that obeys every row there is may still break the rule. Then rows are added that it breaks and that no
page which obeys the rule does, and whoever found it looks again. What rows without some of the rule's prove,
that no page is worth more or that there is none, holds for the rule: fewer rows let in more pages. So each
answer is exact once its page obeys the rule, whichever rows were added before.
"""

from __future__ import annotations

from time import perf_counter
from typing import Final

import numpy as np

from layout.appended import with_rows
from layout.compiled import Compiled, compiled
from layout.completion import completion, ranked
from layout.dealing import Dealing
from layout.errors import ClockError, SolverError
from layout.rows import NO_LIMIT
from layout.rules.item_overlap import ItemOverlap
from layout.types import Ints, Mask, Page, Pages, Problem
from layout.validate import inputs_of

ROUNDS: Final = 100
"""So often rows may be added before a question is given up."""


class Growing:
    """A problem's `rows`, and what they leave out. Pages are of the options in order of ids."""

    def __init__(self, problem: Problem) -> None:
        self.rows: Compiled = compiled(problem)
        self._dealings: tuple[Dealing, ...] = ()
        if self.rows.partial:
            inputs = inputs_of(problem).ordered(self.rows.order)
            hard = (rule for rule in problem.rules if isinstance(rule, ItemOverlap))
            self._dealings = tuple(Dealing(rule, inputs) for rule in hard)

    def lets(self, page: Page) -> bool:
        """Whether a page that obeys the rows obeys the rules; if not, rows are added that it breaks."""
        if not self._dealings:
            return True
        sets, most = zip(*(dealing.against(page) for dealing in self._dealings), strict=True)
        self._add(np.concatenate(sets), np.concatenate(most))
        return not any(map(len, most))

    def breaks(self, pages: Pages) -> Mask:
        """Which of the pages (b, K) that obey the rows break a rule all the same: (b,)."""
        broken = np.zeros(len(pages), dtype=np.bool_)
        for dealing in self._dealings:
            broken |= dealing.breaks(pages)
        return broken

    def completion(
        self,
        order: Ints,
        prefix: Page = (),
        *,
        deterministic_time: float = 60.0,
        seconds: float | None = None,
    ) -> Page | None:
        """A page that obeys the rules and starts with `prefix`, or None when there is none.

        As `layout.completion.completion`, and raises as it does. Options whose items few others have are
        tried first once a page in `order` (K, n) broke a rule: such pages can mostly be dealt out.
        """
        end = None if seconds is None else perf_counter() + seconds
        for attempt in range(ROUNDS):
            page = completion(
                self.rows, order, prefix, deterministic_time=deterministic_time, seconds=_left(end)
            )
            if page is None or self.lets(page):
                return page
            order = self._spread()
            if end is not None and perf_counter() > end and attempt:
                raise ClockError("no page whose items can be dealt out was found in time")
        raise SolverError(f"no page of {ROUNDS} could be dealt out, and none is proven impossible")

    def _spread(self) -> Ints:
        """The options in each slot, those whose items few others have first: (K, n)."""
        rarity = np.sum([dealing.rarity for dealing in self._dealings], axis=0)
        return ranked(np.repeat(rarity[:, None], self.rows.size, axis=1))

    def _add(self, sets: Mask, most: Ints) -> None:
        if len(most):
            each = np.repeat(sets.T[:, None, :].astype(np.int64), self.rows.size, axis=1)
            self.rows = with_rows(self.rows, each, np.full(len(most), -NO_LIMIT), most)


def _left(end: float | None) -> float | None:
    return None if end is None else max(0.0, end - perf_counter())
