"""From a problem to a page with a certificate.

The steps, each of which may end the search: a greedy page, an upper bound whose relaxed solutions are often
pages themselves, local search, CP-SAT on the cells that the bound leaves open. All run on the shelves in
order of their ids, so the answer does not depend on the input order; all but the last have no clock in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from types import MappingProxyType

import numpy as np

from layout.bound import Bound, upper_bound
from layout.compiled import compiled, id_order, in_id_order
from layout.cpsat import Answer, solve_best
from layout.errors import InvalidProblemError, SolverError
from layout.improve import improve
from layout.objective import page_worth
from layout.reduce import worthwhile
from layout.relax import Relaxed, relaxed, variant
from layout.types import Ints, Page, Problem, Result, Status

_IMPROVING_STEPS = 12
_BOUND_STEPS = 60
_CELLS_PER_SLOT = 6


def solve(
    problem: Problem, *, deadline_s: float = 0.05, deterministic_time: float = 0.5, hint: Page | None = None
) -> Result:
    """The best page for a problem, with what is proven about it.

    With fewer shelves than slots the page is that much shorter. When no page obeys every rule, rules are
    dropped in order of `relaxation` (lowest first, then in rulebook order), then the page is shortened slot
    by slot, and at one slot that no shelf may take even the rules that never yield are dropped, because an
    empty page is worse; rules that turn out not to have been in the way are taken back.

    `deterministic_time` limits the solver reproducibly (its units are about seconds on a fast core) and ends
    in FEASIBLE with a gap. `deadline_s` limits wall time from the call on: once it has passed the answer is
    FALLBACK, the page from before the solver; it never changes any other answer. `hint` is a page to start
    from, ignored when it is not feasible. Raises InvalidProblemError for duplicate ids, an empty grid or
    misfit values.
    """
    watch = _Stopwatch(deadline_s)
    compiled(problem)
    if not problem.shelves:
        return Result((), Status.INFEASIBLE, 0, 0, proof="no shelves")
    watch.lap("compile")
    order = id_order(problem)
    start = relaxed(in_id_order(problem))
    watch.lap("greedy")
    outcome = _Search(start, watch, deterministic_time, _translate(hint, order)).run()
    page = tuple(order[list(outcome.page)].tolist())
    status = Status.RELAXED if start.altered and outcome.status is not Status.FALLBACK else outcome.status
    return Result(
        page,
        status,
        page_worth(problem.values, page),
        outcome.bound,
        start.dropped,
        outcome.proof,
        MappingProxyType(watch.seconds),
    )


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
    status: Status
    bound: int
    proof: str


class _Search:
    """The steps after the first feasible page, on shelves in id order."""

    def __init__(
        self, start: Relaxed, watch: _Stopwatch, deterministic_time: float, hint: Page | None
    ) -> None:
        self._rows, self._values = start.rows, start.problem.values
        self._watch, self._budget = watch, deterministic_time
        self._page = start.page
        self._worth = page_worth(self._values, start.page)
        self._take_hint(hint)

    def run(self) -> _Outcome:
        if self._watch.left() <= 0:
            return self._fallback(upper_bound(self._rows, self._values, self._worth, 1).total, "deadline")
        bound = upper_bound(self._rows, self._values, self._worth, _BOUND_STEPS)
        self._take(bound.page)
        self._watch.lap("bound")
        if bound.total > self._worth:
            self._take(improve(self._rows, self._values, self._page, _IMPROVING_STEPS))
            self._watch.lap("improve")
        if bound.total <= self._worth:
            return self._optimal("lagrangian bound" if bound.priced else "assignment bound")
        return self._ask_solver(bound)

    def _ask_solver(self, bound: Bound) -> _Outcome:
        """CP-SAT on the cheapest cells first, and on all open ones when they do not suffice for a proof."""
        before, total = (self._page, self._worth), bound.total
        floor = self._floor(bound)
        while True:
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
                return self._feasible(min(total, max(answer.bound, floor)))
            if self._worth >= floor:
                return self._optimal("cp-sat")
            total, floor = floor, self._worth

    def _solve(self, bound: Bound, floor: int) -> Answer | None:
        seconds = self._watch.left()
        if seconds <= 0:
            return None
        cells = worthwhile(self._rows, self._values, bound, floor + 1)
        return solve_best(
            self._rows,
            self._values,
            cells,
            self._page,
            floor=floor,
            deterministic_time=self._budget,
            seconds=seconds,
        )

    def _floor(self, bound: Bound) -> int:
        """The value above which pages are looked for first: that of the page, or one that few cells reach.

        A search over the cells that pages above the floor can have is complete for them. It ends the whole
        search when it finds one, or when the floor is the value of the page in hand.
        """
        few = min(_CELLS_PER_SLOT * self._rows.size, bound.slack.size) - 1
        return max(self._worth, bound.total - int(np.partition(bound.slack, few, axis=None)[few]) - 1)

    def _take_hint(self, hint: Page | None) -> None:
        if hint is not None and len(set(hint)) == self._rows.size == len(hint) and self._rows.holds(hint):
            self._take(hint)

    def _take(self, page: Page | None) -> None:
        """Keep the page, if it is one and worth more than the one in hand."""
        if page is not None and page_worth(self._values, page) > self._worth:
            self._page, self._worth = page, page_worth(self._values, page)

    def _optimal(self, proof: str) -> _Outcome:
        return _Outcome(self._page, Status.OPTIMAL, self._worth, proof)

    def _feasible(self, bound: int) -> _Outcome:
        return _Outcome(self._page, Status.FEASIBLE, max(bound, self._worth), "cp-sat bound")

    def _fallback(self, bound: int, why: str) -> _Outcome:
        return _Outcome(self._page, Status.FALLBACK, max(bound, self._worth), why)


def _translate(hint: Page | None, order: Ints) -> Page | None:
    if hint is None or not all(0 <= s < len(order) for s in hint):
        return None
    return tuple(np.argsort(order)[list(hint)].tolist())
