"""Which rules the others make superfluous."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from layout.conflict import feasible
from layout.errors import SolverError
from layout.inputs import Inputs
from layout.rows import NO_LIMIT, Rows
from layout.types import Ints, Pages, Problem, Rule
from layout.validate import inputs_of


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """A hard rule of rows that are known already, for options in order of ids."""

    SCALE: ClassVar[int] = 1

    given: Rows
    id: str = "\0given"
    weight: float | None = None
    relaxation: int | None = None

    def rows(self, inputs: Inputs) -> Rows:  # noqa: ARG002 - the rows were made for the same options
        """The given rows."""
        return self.given

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:  # noqa: ARG002 - as above
        """By how much each of the `pages` (b, K) breaks the rows: (b,)."""
        return self.given.excess(pages)


def implied(problem: Problem, rule: Rule) -> bool:
    """Whether every full page that obeys the other hard rules obeys this one of the problem's rules too.

    Exact: for each limit of the rule a page is looked for that obeys the others and lies beyond it. Raises
    SolverError when even the solver cannot tell, or where not all limits of the rule are listed.
    """
    ordered = _by_id(problem)
    others = tuple(one for one in problem.rules if one is not rule and one.weight is None)
    rows = rule.rows(inputs_of(ordered))
    if any(feasible(replace(ordered, rules=(*others, _Given(broken)))) for broken in _beyond(rows)):
        return False
    if rows.partial:
        raise SolverError(f"rule {rule.id!r} has more limits than are listed")
    return True


def _by_id(problem: Problem) -> Problem:
    """The problem with its options in the order in which rules are asked for their rows."""
    order = sorted(range(len(problem.shelves)), key=lambda s: problem.shelves[s].id)
    shelves = tuple(problem.shelves[s] for s in order)
    return replace(problem, shelves=shelves, values=problem.values[order])


def _beyond(rows: Rows) -> Iterator[Rows]:
    """One row for each limit of the rows: to lie beyond it."""
    for row, (lo, hi) in enumerate(zip(rows.lo.tolist(), rows.hi.tolist(), strict=True)):
        terms = rows.terms[rows.terms[:, 0] == row] * np.array([0, 1, 1])
        if hi < NO_LIMIT:
            yield Rows(rows.coefs, rows.weights, terms, _limit(hi + 1), _limit(NO_LIMIT))
        if lo > -NO_LIMIT:
            yield Rows(rows.coefs, rows.weights, terms, _limit(-NO_LIMIT), _limit(lo - 1))


def _limit(value: int) -> Ints:
    return np.array([value], dtype=np.int64)
