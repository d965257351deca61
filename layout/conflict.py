"""Which rules contradict each other: a minimal set that already leaves no page."""

from __future__ import annotations

from dataclasses import replace

from layout.compiled import compiled
from layout.completion import completion, ranked
from layout.rules.item_overlap import widened
from layout.types import Problem, Rule


def feasible(problem: Problem) -> bool:
    """Whether some full page obeys every hard rule.

    Where a rule's rows keep out pages that it allows, and no page obeys them, the answer is about the rows
    that are certain: False is always true, True may not be. Raises SolverError when even the solver cannot
    tell.
    """
    rows = compiled(problem)
    if rows.groups < rows.size:
        return False
    if completion(rows, ranked(rows.values)) is not None:
        return True
    return rows.narrow and feasible(widened(problem))


def conflict(problem: Problem) -> tuple[str, ...] | None:
    """The ids of a minimal set of hard rules that no full page obeys together; None when some page does.

    Minimal: without any one of them a page obeys the others. Found by leaving out one rule after the other
    for good where the rest still conflicts (the deletion filter of Chinneck and Dravnieks 1991), rules that
    may be relaxed first, so that what remains is as little negotiable as can be. Empty when the shelves alone
    cannot fill the grid. Raises SolverError when even the solver cannot tell.
    """
    if feasible(problem):
        return None
    kept = [rule for rule in problem.rules if rule.weight is None]
    for rule in sorted(kept, key=_yields_first):
        fewer = [one for one in kept if one is not rule]
        if not feasible(replace(problem, rules=tuple(fewer))):
            kept = fewer
    return tuple(rule.id for rule in kept)


def _yields_first(rule: Rule) -> float:
    return float("inf") if rule.relaxation is None else rule.relaxation
