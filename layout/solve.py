"""From a problem to a page with a certificate.

The steps, each of which may end the search: a feasible page by a dive, the assignment without rows, the
linear relaxation, whose solutions are often pages themselves, better pages by a dive along its prices and
local search from there, a complete enumeration of what the bound leaves open, branch and bound where that is
too much, and in the end CP-SAT on the same cells. All run on the options in order of their ids, so that the
input order does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from time import perf_counter
from types import MappingProxyType
from typing import Final

import numpy as np

from layout.bound import Bound, upper_bound
from layout.branch import ENUMERATED_NODES, BranchAndBound
from layout.compiled import Compiled, compiled
from layout.completion import dived, ranked
from layout.cpsat import Answer, model_seconds, solve_best
from layout.errors import InvalidProblemError, SolverError
from layout.growing import ROUNDS
from layout.linear import Relaxation
from layout.reduce import worthwhile
from layout.relax import Relaxed, relaxed, variant
from layout.search import improved, promising
from layout.types import Page, Problem, Result, Status

_IMPROVING_STEPS: Final = 12
_CLIMBING_STEPS: Final = 20
_BOUNDS: Final = 400
"""Bounds that branch and bound may take before CP-SAT is asked."""

_CUT = 1
"""Nodes are divided by it: tests raise it to send problems on to CP-SAT."""

_WIDTH: Final = 8
"""Local search tries that many options of a slot, those that prices favour."""

_CELLS_PER_SLOT: Final = 6

_LEFT_OUT: Final = "bound without all rows of shared items"
_NO_BOUND: Final = 1 << 62

_FIRST: Final = 3
"""Cells of each slot that the linear relaxation begins with."""


def solve(
    problem: Problem, *, deadline_s: float = 0.05, deterministic_time: float = 0.5, hint: Page | None = None
) -> Result:
    """The best page for a problem, with what is proven about it.

    With fewer shelves than slots the page is that much shorter. When no page obeys every hard rule, rules are
    dropped in order of `relaxation` (lowest first, then in rulebook order), then the page is shortened slot
    by slot; at one slot that no shelf may take even rules that never yield are dropped, as few as can be, see
    `layout.relax.relaxed`. Rules that turn out not to have been in the way are taken back.

    `deterministic_time` limits the solver reproducibly (its units are about seconds on a fast core) and ends
    in FEASIBLE with a gap. `deadline_s` limits wall time from the call on: once it has passed the answer is
    FALLBACK, the page in hand before the step that took too long; it never changes any other answer. `hint`
    is a page to start from, ignored when it is not feasible. Raises InvalidProblemError for duplicate ids, an
    empty grid, unknown presentations or misfit values, and for limits that are no numbers.
    """
    for name, limit in (("deadline_s", deadline_s), ("deterministic_time", deterministic_time)):
        if isnan(limit):
            raise InvalidProblemError(f"{name} = {limit}: give seconds; 0 or less is to answer at once")
    watch = _Stopwatch(deadline_s)
    rows = compiled(problem)
    watch.lap("compile")
    if not problem.shelves:
        return Result((), Status.INFEASIBLE, 0, 0, proof="no shelves")
    known = rows.inward(hint) if hint and all(0 <= s < rows.n for s in hint) else None
    start = relaxed(problem, watch.left, known)
    watch.lap("start")
    if start is None:
        return Result((), Status.INFEASIBLE, 0, 0, proof="no shelf's presentation fits the first slot")
    outcome = _Search(start, watch, deterministic_time, known).run()
    status = Status.RELAXED if start.altered and outcome.status is not Status.FALLBACK else outcome.status
    status = Status.FALLBACK if start.cut else status
    return Result(
        start.rows.outward(outcome.page),
        status,
        outcome.worth,
        outcome.bound,
        start.dropped,
        outcome.proof,
        MappingProxyType(watch.seconds),
    )


def _relaxed(rows: Compiled, page: Page, assigned: Bound) -> Relaxation:
    """The linear relaxation, begun with the cells that the assignment favours and those of a page."""
    first = promising(rows, assigned, _FIRST)
    first[list(page), np.arange(rows.size)] = True
    return Relaxation.of(rows, rows.cells, first)


def effective(problem: Problem, result: Result) -> Problem:
    """The problem that the result's page solves: the kept rules, the grid cut to its length.

    The problem itself when nothing was dropped or cut. Raises InvalidProblemError when there is no page.
    """
    if not result.page:
        raise InvalidProblemError("the result has no page: there were no shelves to place")
    return variant(problem, len(result.page), result.relaxed)


class _Stopwatch:
    def __init__(self, deadline_s: float) -> None:
        self.seconds: dict[str, float] = {}
        self._last = perf_counter()
        self._end = self._last + deadline_s

    def lap(self, phase: str) -> None:
        now = perf_counter()
        self.seconds[phase] = self.seconds.get(phase, 0.0) + now - self._last
        self._last = now

    def left(self) -> float:
        return self._end - perf_counter()


@dataclass(frozen=True, slots=True)
class _Outcome:
    page: Page
    worth: int
    status: Status
    bound: int
    proof: str


class _Search:
    """The steps after the first feasible page, on options in order of ids."""

    def __init__(
        self, start: Relaxed, watch: _Stopwatch, deterministic_time: float, hint: Page | None
    ) -> None:
        self._growing = start.growing
        self._watch, self._budget = watch, deterministic_time
        self._page = start.page
        self._worth = self._rows.worth(start.page)
        self._least_bound = _NO_BOUND
        if hint is not None and self._rows.holds(hint):
            self._take(hint)

    @property
    def _rows(self) -> Compiled:
        return self._growing.rows

    def run(self) -> _Outcome:
        """The steps in turn, from the first again where a better page was none and rows were added for it.

        The worth of the page in hand is kept, and bounds hold with fewer rows as well.
        """
        for _ in range(ROUNDS):
            outcome = self._steps()
            if outcome is not None:
                return outcome
            self._climb()
        return self._feasible(self._least_bound, _LEFT_OUT)

    def _steps(self) -> _Outcome | None:
        """The answer, or None as soon as rows were added."""
        rows = self._rows
        if self._watch.left() <= 0:
            return self._fallback(upper_bound(rows, self._worth, 1).total, "deadline")
        assigned = upper_bound(rows, self._worth, 1)
        self._take(assigned.page)
        self._watch.lap("bound")
        if assigned.total <= self._worth:
            return self._optimal("assignment bound")
        relaxation = _relaxed(rows, self._page, assigned)
        bound = relaxation.bound()
        self._least_bound = min(self._least_bound, bound.total)
        self._take(bound.page)
        self._watch.lap("linear")
        if bound.total <= self._worth:
            return self._optimal("linear bound")
        if self._watch.left() <= 0:
            return self._fallback(bound.total, "deadline")
        if self._rows is rows:
            self._improve(bound)
        if bound.total <= self._worth:
            return self._optimal("linear bound")
        if self._rows is rows and (proof := self._branch(bound, relaxation)):
            return self._optimal(proof)
        return self._ask_solver(bound) if self._rows is rows else None

    def _branch(self, bound: Bound, relaxation: Relaxation) -> str:
        """What proves the page in hand, or a better one that is found, best; empty for no proof."""
        search = BranchAndBound(
            self._rows, self._page, self._worth, _BOUNDS // _CUT, ENUMERATED_NODES // _CUT, self._watch.left
        )
        rows = self._rows
        proven = search.proves(bound, rows.cells, relaxation)
        if proven or self._watch.left() > 0:
            self._take(search.page)
        self._watch.lap("branch")
        if not proven or self._rows is not rows:
            return ""
        return "branch and bound" if search.nodes else "enumeration"

    def _ask_solver(self, bound: Bound) -> _Outcome:
        """CP-SAT on the cheapest cells first, and on all open ones when they do not suffice for a proof.

        Where its page was none, it is asked again with the rows that were added for it.
        """
        before, total = (self._page, self._worth), bound.total
        floor = self._floor(bound)
        for _ in range(ROUNDS):
            rows = self._rows
            try:
                answer = self._solve(bound, floor)
            except SolverError as fault:
                return self._fallback(total, str(fault))
            self._watch.lap("cpsat")
            if answer is None or answer.cut_by_clock:
                self._page, self._worth = before
                return self._fallback(total, "deadline")
            self._take(answer.page)
            if not answer.proven:
                return self._feasible(min(total, max(answer.bound, floor)), "cp-sat bound")
            if self._rows is not rows:
                continue
            if self._worth >= floor:
                return self._optimal("cp-sat")
            total, floor = floor, self._worth
        return self._feasible(total, _LEFT_OUT)

    def _solve(self, bound: Bound, floor: int) -> Answer | None:
        cells = worthwhile(self._rows, bound, floor + 1)
        seconds = self._watch.left()
        if seconds <= model_seconds(self._rows, cells):
            return None
        return solve_best(
            self._rows,
            cells,
            self._page,
            floor=floor,
            deterministic_time=self._budget,
            seconds=seconds,
        )

    def _floor(self, bound: Bound) -> int:
        """The worth above which pages are looked for first: that of the page, or one that few cells reach.

        A search over the cells that pages above the floor can have is complete for them. It ends the whole
        search when it finds one, or when the floor is the worth of the page in hand.
        """
        few = min(_CELLS_PER_SLOT * self._rows.size, bound.slack.size) - 1
        return max(self._worth, bound.total - int(np.partition(bound.slack, few, axis=None)[few]) - 1)

    def _improve(self, bound: Bound) -> None:
        """Look for a better page, from the one that the bound's prices lead to or from the one in hand."""
        found = dived(self._rows, ranked(-bound.slack))
        start = self._page if found is None or self._rows.worth(found) < self._worth else found
        self._take(improved(self._rows, start, _IMPROVING_STEPS, promising(self._rows, bound, _WIDTH)))
        self._watch.lap("improve")

    def _climb(self) -> None:
        """Better pages from the one in hand, move by move, where those that bounds lead to were none."""
        for _ in range(_CLIMBING_STEPS):
            better = improved(self._rows, self._page, 1)
            if self._rows.worth(better) <= self._worth or self._watch.left() <= 0:
                break
            self._take(better)
        self._watch.lap("improve")

    def _take(self, page: Page | None) -> None:
        """Keep the page, if it is one and worth more than the one in hand. Rows may be added for it."""
        if page is None or (worth := self._rows.worth(page)) <= self._worth:
            return
        if self._growing.lets(page):
            self._page, self._worth = page, worth

    def _optimal(self, proof: str) -> _Outcome:
        return _Outcome(self._page, self._worth, Status.OPTIMAL, self._worth, proof)

    def _feasible(self, bound: int, proof: str) -> _Outcome:
        if bound <= self._worth:
            return self._optimal("cp-sat")
        return _Outcome(self._page, self._worth, Status.FEASIBLE, bound, proof)

    def _fallback(self, bound: int, why: str) -> _Outcome:
        return _Outcome(self._page, self._worth, Status.FALLBACK, max(bound, self._worth), why)
