"""The independent checker: what is wrong with a page, by the rules' meaning and never by their rows."""

from __future__ import annotations

from dataclasses import dataclass
from operator import index

import numpy as np

from layout.types import Page, Problem, Result, Rule

STRUCTURE = "structure"
"""The rule id of violations of what makes a page a page."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a page breaks, and why that rule exists."""

    rule_id: str
    reason: str


def violations(problem: Problem, page: Page) -> tuple[Violation, ...]:
    """Everything that is wrong with a page; empty for a valid one.

    A page that is none (wrong length, unknown or repeated shelves) is not checked against the rules.
    """
    broken = tuple(Violation(STRUCTURE, fault) for fault in _structure(problem, page))
    if broken:
        return broken
    batch = np.array([page], dtype=np.int64)
    failed = (rule for rule in problem.rules if not rule.check(problem.shelves, problem.grid, batch)[0])
    return tuple(Violation(rule.id, _reason(rule)) for rule in failed)


def objective_of(problem: Problem, page: Page) -> int:
    """What a page is worth, added up anew."""
    return sum(int(problem.values[shelf, slot]) for slot, shelf in enumerate(page))


def misreported(problem: Problem, result: Result) -> tuple[Violation, ...]:
    """What is wrong with a result's own account of its page: objective, bound or status."""
    worth = objective_of(problem, result.page)
    faults = []
    if worth != result.objective:
        faults.append(f"objective = {result.objective}, but the page is worth {worth}")
    if result.bound < worth:
        faults.append(f"bound = {result.bound} lies below the page's worth {worth}")
    if result.status == "optimal" and result.bound != worth:
        faults.append(f"status is optimal, but bound = {result.bound} and the page is worth {worth}")
    return tuple(Violation(STRUCTURE, fault) for fault in faults)


def _structure(problem: Problem, page: Page) -> list[str]:
    faults = []
    if len(page) != len(problem.grid.slots):
        faults.append(f"the page has {len(page)} shelves for {len(problem.grid.slots)} slots")
    unknown = [shelf for shelf in page if not 0 <= index(shelf) < len(problem.shelves)]
    if unknown:
        faults.append(f"shelf {unknown[0]} is not one of the {len(problem.shelves)} proposed")
    repeated = sorted(shelf for shelf in set(page) if page.count(shelf) > 1)
    if repeated:
        faults.append(f"shelf {repeated[0]} is on the page {page.count(repeated[0])} times")
    return faults


def _reason(rule: Rule) -> str:
    return str(getattr(rule, "reason", "")) or f"the page breaks rule {rule.id!r}"
