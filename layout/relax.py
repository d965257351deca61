"""What to give up when no page obeys every hard rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from layout.compiled import Compiled, compiled
from layout.completion import completion, ranked
from layout.errors import SolverError
from layout.types import Page, Problem

_PER_ATTEMPT: Final = 0.5
"""Deterministic time to find a page; an attempt that takes longer counts as having none."""


@dataclass(frozen=True, slots=True, eq=False)
class Relaxed:
    """A problem that has a feasible page, that page, and what it took: dropped rules or a shorter page.

    `page` is of the options in order of ids. `altered` is False when the shelves alone limited its length.
    """

    problem: Problem
    rows: Compiled
    page: Page
    dropped: tuple[str, ...]
    altered: bool


def relaxed(problem: Problem) -> Relaxed | None:
    """The least altered version of a problem that has a feasible page.

    Hard rules go in order of `relaxation`, lowest first, then in rulebook order; then slots from the bottom;
    with one slot left even rules that never yield. Afterwards each dropped rule is taken back, the last
    dropped first, if a page remains feasible with it. None when nothing fits the first slot at all.
    """
    full = min(compiled(problem).groups, len(problem.grid.slots))
    for size, dropped in _attempts(problem, full):
        found = _attempt(problem, size, dropped)
        if found is not None:
            return _take_back(problem, found) if dropped else replace(found, altered=size < full)
    return None


def variant(problem: Problem, size: int, dropped: tuple[str, ...]) -> Problem:
    """The problem on its first `size` slots without the `dropped` rules; itself when that changes nothing."""
    if size == len(problem.grid.slots) and not dropped:
        return problem
    return replace(
        problem,
        grid=replace(problem.grid, slots=problem.grid.slots[:size]),
        rules=tuple(rule for rule in problem.rules if rule.id not in dropped),
        values=problem.values[:, :size],
    )


def _attempts(problem: Problem, full: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    hard = [rule for rule in problem.rules if rule.weight is None]
    yielding = sorted((r for r in hard if r.relaxation is not None), key=lambda r: r.relaxation or 0)
    order = tuple(rule.id for rule in yielding)
    for count in range(len(order) + 1):
        yield full, order[:count]
    for size in range(full - 1, 0, -1):
        yield size, order
    yield 1, order + tuple(rule.id for rule in hard if rule.relaxation is None)


def _attempt(problem: Problem, size: int, dropped: tuple[str, ...]) -> Relaxed | None:
    trial = variant(problem, size, dropped)
    rows = compiled(trial)
    try:
        page = completion(rows, ranked(rows.values), deterministic_time=_PER_ATTEMPT)
    except SolverError:
        return None
    return None if page is None else Relaxed(trial, rows, page, dropped, altered=True)


def _take_back(problem: Problem, found: Relaxed) -> Relaxed:
    for rule_id in reversed(found.dropped):
        fewer = tuple(one for one in found.dropped if one != rule_id)
        found = _attempt(problem, len(found.page), fewer) or found
    return found
