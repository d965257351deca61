"""The best pages of a problem's variants, each found once, in a time that all of them share."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import ClassVar, Final

import numpy as np

from layout.conflict import conflict, feasible
from layout.errors import LayoutError, SolverError
from layout.inputs import Inputs
from layout.rows import Rows, one
from layout.solve import solve
from layout.types import Ints, Page, Pages, Problem, Result, Status

_SHARES: Final = 3.0
"""One question may take that many times what is left for each: most take far less."""

_LEAST_S: Final = 0.02


class OutOfTimeError(LayoutError):
    """There is no time left to answer another question."""


@dataclass(frozen=True, slots=True)
class OnPage:
    """The rule that one shelf is on the page `count` times: once or not at all."""

    SCALE: ClassVar[int] = 1

    shelf: str
    count: int
    id: str = "\0on page"
    weight: float | None = None
    relaxation: int | None = None

    def rows(self, inputs: Inputs) -> Rows:
        """One row over the whole page."""
        shown = np.array([shelf.group == self.shelf for shelf in inputs.shelves])
        return one(shown, np.ones(inputs.slots, dtype=np.int64), lo=self.count, hi=self.count)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How often the shelf is missing or too many on each of the `pages` (b, K): (b,)."""
        shown = np.array([shelf.group == self.shelf for shelf in inputs.shelves])
        missing: Ints = np.abs(shown[pages].sum(axis=1) - self.count)
        return missing


@dataclass(slots=True)
class Budget:
    """Seconds from now on, to be shared by so many `questions`."""

    seconds: float
    questions: int
    _end: float = field(init=False)

    def __post_init__(self) -> None:
        self._end = perf_counter() + self.seconds

    @property
    def left(self) -> float:
        """Seconds until there is no time."""
        return self._end - perf_counter()

    def share(self) -> float:
        """Seconds that the next question may take. Raises OutOfTimeError when there are none."""
        left = self.left
        if left <= 0.0:
            raise OutOfTimeError("the time for this explanation is up")
        self.questions -= 1
        return min(left, max(_LEAST_S, _SHARES * left / max(1, self.questions + 1)))


class WhatIf:
    """What the best page would be if rules did not hold, or if a shelf had to be on it or off it.

    `page` obeys all rules, so that answers without a proof are no worse than it. The best page itself is
    found first, however little time there is.
    """

    def __init__(self, problem: Problem, page: Page, budget: Budget) -> None:
        self.problem = problem
        self._budget = budget
        self._without: dict[frozenset[str], Result] = {}
        self.best = solve(problem, deadline_s=max(_LEAST_S, budget.left), hint=page)

    def without(self, rules: Collection[str]) -> Result:
        """The best page when the named rules do not hold. Raises OutOfTimeError."""
        dropped = frozenset(rules)
        if not dropped:
            return self.best
        if dropped not in self._without:
            seconds = self._budget.share()
            freer = self.freed(dropped)
            self._without[dropped] = solve(freer, deadline_s=seconds, hint=self.best.page)
        return self._without[dropped]

    def freed(self, dropped: Collection[str]) -> Problem:
        """The problem without the named rules."""
        return replace(
            self.problem, rules=tuple(rule for rule in self.problem.rules if rule.id not in dropped)
        )

    def possible(self, shelf: str, count: int) -> bool:
        """Whether some full page has the shelf (`count` 1) or does without it (0).

        Raises OutOfTimeError, and SolverError when not even the solver can tell.
        """
        return feasible(self._with(OnPage(shelf, count)), seconds=self._budget.share())

    def having(self, shelf: str, count: int, hint: Page | None = None) -> Result:
        """The best of the pages that are `possible`, from a `hint` on.

        Raises OutOfTimeError, and SolverError when no page is found.
        """
        problem = self._with(OnPage(shelf, count))
        result = solve(problem, deadline_s=self._budget.share(), hint=hint)
        if result.relaxed or len(result.page) < len(problem.grid.slots):
            raise SolverError("no page was found, and none is proven impossible")
        return result

    def blocking(self, shelf: str) -> tuple[str, ...]:
        """A minimal set of rules that no full page with the shelf obeys.

        Raises OutOfTimeError, and SolverError when not even the solver can tell.
        """
        seconds = self._budget.share()
        rule = OnPage(shelf, 1)
        found = conflict(self._with(rule), seconds=seconds) or ()
        return tuple(name for name in found if name != rule.id)

    def proves(self, other: Result) -> bool:
        """Whether the difference between the best page and another is proven."""
        return self.best.status is other.status is Status.OPTIMAL

    def _with(self, rule: OnPage) -> Problem:
        return replace(self.problem, rules=(*self.problem.rules, rule))
