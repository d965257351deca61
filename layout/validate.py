"""The independent checker: what is wrong with a page, by the rules' meaning and never by their rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import index
from types import MappingProxyType

import numpy as np

from layout.inputs import Inputs
from layout.objective import penalties
from layout.types import Page, Problem, Result, Rule

STRUCTURE = "structure"
"""The rule id of violations of what makes a page a page."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A hard rule that a page breaks, why that rule exists, and by how much it is broken."""

    rule_id: str
    reason: str
    excess: int = 1


def inputs_of(problem: Problem) -> Inputs:
    """What the problem's rules read."""
    return Inputs.of(problem)


def violations(problem: Problem, page: Page) -> tuple[Violation, ...]:
    """Everything that is wrong with a page; empty for a valid one.

    A page that is none (wrong length, unknown or repeated shelves, presentations where they do not fit) is
    not checked against the rules.
    """
    broken = tuple(Violation(STRUCTURE, fault) for fault in _structure(problem, page))
    if broken:
        return broken
    inputs, batch = inputs_of(problem), np.array([page], dtype=np.int64)
    excess = [(rule, int(rule.excess(inputs, batch)[0])) for rule in problem.rules if rule.weight is None]
    return tuple(Violation(rule.id, _reason(rule), much) for rule, much in excess if much)


def broken_rules_of(problem: Problem, pages: Sequence[Page]) -> tuple[str, ...]:
    """The ids of what any of the `pages` breaks, hard rules and `STRUCTURE`; empty when all are valid.

    As `violations` says of each, in one go.
    """
    if any(next(iter(_structure(problem, page)), None) for page in pages):
        return (STRUCTURE,)
    inputs, batch = inputs_of(problem), np.array(pages, dtype=np.int64)
    hard = [rule for rule in problem.rules if rule.weight is None]
    return tuple(rule.id for rule in hard if rule.excess(inputs, batch).any())


def paid(problem: Problem, page: Page) -> Mapping[str, int]:
    """What the page pays for each soft rule that it breaks, in units of `Problem.values`."""
    soft = [(r, price) for r, price in zip(problem.rules, penalties(problem), strict=True) if price]
    if not soft:
        return MappingProxyType({})
    inputs, batch = inputs_of(problem), np.array([page], dtype=np.int64)
    each = {rule.id: price * int(rule.excess(inputs, batch)[0]) for rule, price in soft}
    return MappingProxyType({rule_id: cost for rule_id, cost in each.items() if cost})


def objective_of(problem: Problem, page: Page) -> int:
    """What a page is worth less what it pays, added up anew."""
    value = sum(int(problem.values[shelf, slot]) for slot, shelf in enumerate(page))
    return value - sum(paid(problem, page).values())


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
    size = len(problem.grid.slots)
    if len(page) != size:
        return [f"the page has {len(page)} shelves for {size} slots"]
    unknown = [shelf for shelf in page if not 0 <= index(shelf) < len(problem.shelves)]
    if unknown:
        return [f"shelf {unknown[0]} is not one of the {len(problem.shelves)} proposed"]
    return [*_repeated(problem, page), *_misfits(problem, page)]


def _repeated(problem: Problem, page: Page) -> list[str]:
    names = [problem.shelves[shelf].group for shelf in page]
    return [
        f"shelf {name!r} is on the page {names.count(name)} times"
        for name in sorted(set(names))
        if names.count(name) > 1
    ]


def _misfits(problem: Problem, page: Page) -> list[str]:
    faults = []
    for k, (shelf, slot) in enumerate(zip(page, problem.grid.slots, strict=True), start=1):
        shown = problem.shelves[shelf].presentation
        if slot.presentations and shown not in slot.presentations:
            faults.append(f"slot {k} cannot hold the presentation {shown!r} of shelf {shelf}")
    return faults


def _reason(rule: Rule) -> str:
    return str(getattr(rule, "reason", "")) or f"the page breaks rule {rule.id!r}"
