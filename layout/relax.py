"""What to give up when no page obeys every rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from layout.compiled import Compiled, compiled
from layout.completion import completion
from layout.errors import SolverError
from layout.types import Page, Problem


@dataclass(frozen=True, slots=True, eq=False)
class Relaxed:
    """A problem that has a feasible page, that page, and what it took: dropped rules or a shorter page.

    `altered` is False when the shelves alone limited the page's length.
    """

    problem: Problem
    rows: Compiled
    page: Page
    dropped: tuple[str, ...]
    altered: bool


def relaxed(problem: Problem) -> Relaxed:
    """The least altered version of a problem (with at least one shelf) that has a feasible page.

    Rules go in order of `relaxation`, lowest first, then in rulebook order; then slots from the bottom; with
    one slot left even rules that never yield. Afterwards each dropped rule is taken back, the last dropped
    first, if a page remains feasible with it.
    """
    full = min(len(problem.shelves), len(problem.grid.slots))
    for size, dropped in _attempts(problem, full):
        found = _attempt(problem, size, dropped)
        if found is not None:
            return _take_back(problem, found) if dropped else replace(found, altered=size < full)
    raise AssertionError("a page of one slot without rules is always feasible")


def variant(problem: Problem, size: int, dropped: tuple[str, ...]) -> Problem:
    """The problem on its first `size` slots without the `dropped` rules; itself when that changes nothing."""
    if size == len(problem.grid.slots) and not dropped:
        return problem
    return Problem(
        problem.shelves,
        replace(problem.grid, slots=problem.grid.slots[:size]),
        tuple(rule for rule in problem.rules if rule.id not in dropped),
        problem.values[:, :size],
    )


def _attempts(problem: Problem, full: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    yielding = sorted((r for r in problem.rules if r.relaxation is not None), key=lambda r: r.relaxation or 0)
    order = tuple(rule.id for rule in yielding)
    for count in range(len(order) + 1):
        yield full, order[:count]
    for size in range(full - 1, 0, -1):
        yield size, order
    yield 1, order + tuple(rule.id for rule in problem.rules if rule.relaxation is None)


def _attempt(problem: Problem, size: int, dropped: tuple[str, ...]) -> Relaxed | None:
    trial = variant(problem, size, dropped)
    rows = compiled(trial)
    try:
        page = completion(rows, trial.values)
    except SolverError:
        return None
    return None if page is None else Relaxed(trial, rows, page, dropped, altered=True)


def _take_back(problem: Problem, found: Relaxed) -> Relaxed:
    for rule_id in reversed(found.dropped):
        fewer = tuple(one for one in found.dropped if one != rule_id)
        found = _attempt(problem, len(found.page), fewer) or found
    return found
