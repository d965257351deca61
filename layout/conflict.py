"""Which rules contradict each other: a minimal set that already leaves no page."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

from layout.completion import ranked
from layout.errors import SolverError
from layout.growing import Growing
from layout.types import Problem, Rule


def feasible(problem: Problem, *, seconds: float | None = None) -> bool:
    """Whether some full page obeys every hard rule.

    Raises SolverError when even the solver cannot tell, or not within that many `seconds`.
    """
    growing = Growing(problem)
    rows = growing.rows
    if rows.groups < rows.size:
        return False
    return growing.completion(ranked(rows.values), seconds=seconds) is not None


def conflict(problem: Problem, *, seconds: float | None = None) -> tuple[str, ...] | None:
    """The ids of a minimal set of hard rules that no full page obeys together; None when some page does.

    Minimal: without any one of them a page obeys the others. Found by leaving out one rule after the other
    for good where the rest still conflicts (the deletion filter of Chinneck and Dravnieks 1991), rules that
    may be relaxed first, so that what remains is as little negotiable as can be. Empty when the shelves alone
    cannot fill the grid. Raises SolverError when even the solver cannot tell, or not within that many
    `seconds` altogether.
    """
    end = None if seconds is None else perf_counter() + seconds
    if feasible(problem, seconds=seconds):
        return None
    kept = [rule for rule in problem.rules if rule.weight is None]
    for rule in sorted(kept, key=_yields_first):
        fewer = [one for one in kept if one is not rule]
        if not feasible(replace(problem, rules=tuple(fewer)), seconds=_until(end)):
            kept = fewer
    return tuple(rule.id for rule in kept)


def _until(end: float | None) -> float | None:
    """Seconds left until the `end`, if there is one. Raises SolverError when there are none."""
    if end is None:
        return None
    left = end - perf_counter()
    if left <= 0.0:
        raise SolverError("time ran out before a minimal set of rules was found")
    return left


def _yields_first(rule: Rule) -> float:
    return float("inf") if rule.relaxation is None else rule.relaxation
