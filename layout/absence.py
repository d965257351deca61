"""Why a shelf is not on the best page: the rules without which it would be."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from layout.explanation import Absence
from layout.growing import Growing
from layout.types import Page, Problem, Status
from layout.validate import inputs_of, paid, violations
from layout.whatif import WhatIf
from layout.why import broken_rules, exchanges, gaining


class Absences:
    """Finds the rules that keep shelves off the best page of a problem.

    Whether a shelf is on the best page does not fall or rise steadily with the rules: some keep it out,
    others bring it in. A set of rules without which it is on the page is looked for in this order: single
    rules; the rules that the best page without any rules breaks, if the shelf is on that one (it stays the
    best as long as all that it breaks are gone); the rules that the shelf runs into one after the other, as
    those before are dropped. What is found is cut down by letting rules hold again one by one (the deletion
    filter of Chinneck and Dravnieks 1991), until each that is left is needed.
    """

    def __init__(self, what_if: WhatIf) -> None:
        self._what_if = what_if
        self._problem = what_if.problem
        self._rules = tuple(rule.id for rule in what_if.problem.rules)
        self._proven = True

    def reason(self, shelf: str) -> tuple[Absence, tuple[str, ...], bool]:
        """Why a shelf that some page could have is not on the best one, and whether that is proven.

        It is when every page that was compared is proven to be the best under its rules. Raises
        OutOfTimeError.
        """
        self._proven = True
        absence, rules = self._found(shelf)
        return absence, rules, self._proven

    def _found(self, shelf: str) -> tuple[Absence, tuple[str, ...]]:
        if self._lets_on(shelf, ()):
            return Absence.BY_CHANCE, ()
        found = self._single(shelf) or self._minimal(shelf, self._without_any(shelf) or self._chased(shelf))
        return (Absence.KEPT_OUT, found) if found else (Absence.WORTH_LESS, ())

    def _lets_on(self, shelf: str, dropped: Collection[str]) -> bool:
        best = self._what_if.without(dropped)
        self._proven &= best.status is Status.OPTIMAL
        return shelf in (self._problem.shelves[option].group for option in best.page)

    def _single(self, shelf: str) -> tuple[str, ...]:
        """The rule without which alone the best page has the shelf and changes least, if there is one."""
        alone = [rule for rule in self._rules if self._lets_on(shelf, (rule,))]
        return tuple(sorted(alone, key=lambda rule: self._what_if.without((rule,)).objective)[:1])

    def _without_any(self, shelf: str) -> tuple[str, ...]:
        """What the best page without any rules breaks or pays for, if the shelf is on it."""
        if not self._lets_on(shelf, self._rules):
            return ()
        page = self._what_if.without(self._rules).page
        broken = {*(one.rule_id for one in violations(self._problem, page)), *paid(self._problem, page)}
        return tuple(rule for rule in self._rules if rule in broken)

    def _chased(self, shelf: str) -> tuple[str, ...]:
        """What the shelf runs into where it would gain most, until the best page has it.

        Empty when it would gain nowhere.
        """
        dropped: list[str] = []
        while not self._lets_on(shelf, dropped):
            freer = self._what_if.freed(dropped)
            page = self._what_if.without(dropped).page
            met = next(iter(_met(freer, page, shelf)), ())
            if not met:
                return ()
            dropped += met
        return tuple(rule for rule in self._rules if rule in dropped)

    def _minimal(self, shelf: str, dropped: tuple[str, ...]) -> tuple[str, ...]:
        for rule in dropped:
            fewer = tuple(one for one in dropped if one != rule)
            if fewer and self._lets_on(shelf, fewer):
                return self._minimal(shelf, fewer)
        return dropped


def _met(problem: Problem, page: Page, shelf: str) -> Iterator[tuple[str, ...]]:
    """What each page breaks or pays more for that has the shelf where it is worth more, the best first."""
    inputs, before = inputs_of(problem), paid(problem, page)
    for other in gaining(problem, page, shelf):
        after = paid(problem, other)
        dearer = tuple(rule for rule, cost in after.items() if cost > before.get(rule, 0))
        yield (*broken_rules(problem, inputs, [other])[0], *dearer)


def nearest(problem: Problem, page: Page, shelf: str) -> Page | None:
    """The best feasible page with the shelf in place of another one of a feasible `page`, if there is one."""
    growing = Growing(problem)
    rows = growing.rows
    inward = (rows.inward(one) for one in exchanges(problem, page, shelf))
    known = [one for one in inward if rows.holds(one) and not growing.breaks(np.array([one])).any()]
    return rows.outward(max(known, key=rows.worth)) if known else None
