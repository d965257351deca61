"""What a page is made of: what each shelf brings, what each absent one would cost, what each rule costs.

Every figure is the difference between two optima (`proven` says where a proof is missing), so an explanation
takes as many solutions as there are shelves and rules, and more where several rules keep a shelf out.
`layout.why` is the cheap short form.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from layout.absence import Absences, nearest
from layout.errors import InvalidProblemError, SolverError
from layout.explanation import Absence, AbsentShelf, Explanation, PlacedShelf, RulePrice
from layout.rows import NO_LIMIT
from layout.types import Ints, Page, Problem, Rule
from layout.validate import inputs_of, objective_of, paid, violations
from layout.whatif import Budget, OutOfTimeError, WhatIf
from layout.why import SlotReason, why


def explain(problem: Problem, page: Page, *, budget_s: float = 10.0) -> Explanation:
    """Explain a valid `page` of `problem` (see `layout.solve.effective` for relaxed or shortened ones).

    `budget_s` limits wall time altogether. Rules come first, then the shelves of the page, then why the
    others are not on it, and last what these would cost, in the order of what they seem to be worth; what
    there was no time for says so, and `Explanation.left_out` names it. Raises InvalidProblemError for a page
    that breaks the rules.
    """
    broken = violations(problem, page)
    if broken:
        raise InvalidProblemError(f"page = {page} breaks {', '.join(one.rule_id for one in broken)}")
    return _Explainer(problem, page, budget_s).run()


class _Explainer:
    def __init__(self, problem: Problem, page: Page, budget_s: float) -> None:
        self._problem, self._page = problem, page
        self._groups = tuple(problem.shelves[s].group for s in page)
        self._absent = sorted({shelf.group for shelf in problem.shelves} - set(self._groups))
        questions = len(problem.rules) + len(page) + 2 * len(self._absent)
        self._what_if = WhatIf(problem, page, Budget(budget_s, questions))
        self._absences = Absences(self._what_if)

    def run(self) -> Explanation:
        problem, cost = self._problem, paid(self._problem, self._page)
        rules = tuple(self._rule(rule, cost.get(rule.id, 0)) for rule in problem.rules)
        placed = tuple(self._placed(reason) for reason in why(problem, self._page))
        hopeful = sorted(self._absent, key=self._shortfall)
        reasons = {shelf: self._reason(shelf) for shelf in hopeful}
        absent = {shelf: self._priced(reasons[shelf]) for shelf in hopeful}
        best = self._what_if.best.objective
        return Explanation(
            objective_of(problem, self._page),
            best,
            placed,
            tuple(absent[name] for name in self._absent),
            rules,
        )

    def _rule(self, rule: Rule, cost: int) -> RulePrice:
        slack = self._slack(rule)
        try:
            other = self._what_if.without((rule.id,))
        except OutOfTimeError:
            return RulePrice(rule.id, None, slack, cost, proven=False)
        price = max(0, other.objective - self._what_if.best.objective)
        return RulePrice(rule.id, price, slack, cost, self._what_if.proves(other))

    def _placed(self, reason: SlotReason) -> PlacedShelf:
        option = self._problem.shelves[self._page[reason.slot]]
        shown = (reason.slot, option.group, option.presentation, reason.value)
        try:
            if not self._what_if.possible(option.group, 0):
                return PlacedShelf(*shown, None, None, needed=True, reason=reason, proven=True)
            other = self._what_if.having(option.group, 0)
        except (OutOfTimeError, SolverError):
            return PlacedShelf(*shown, None, None, needed=False, reason=reason, proven=False)
        proven = self._what_if.proves(other)
        loss = max(0, self._what_if.best.objective - other.objective)
        instead = self._problem.shelves[other.page[reason.slot]].id
        return PlacedShelf(*shown, loss, instead, needed=False, reason=reason, proven=proven)

    def _reason(self, shelf: str) -> AbsentShelf:
        """Why a shelf is not on the page, as far as can be told without the best page that has it.

        `proven` is about that alone.
        """
        try:
            if self._hint(shelf) is None and not self._what_if.possible(shelf, 1):
                rules = self._what_if.blocking(shelf)
                return AbsentShelf(shelf, Absence.IMPOSSIBLE, None, None, None, rules, proven=True)
            absence, rules, proven = self._absences.reason(shelf)
        except (OutOfTimeError, SolverError):
            absence, rules, proven = Absence.UNKNOWN, (), True
        return AbsentShelf(shelf, absence, None, None, None, rules, proven)

    def _priced(self, found: AbsentShelf) -> AbsentShelf:
        """The same with the best page that has the shelf, if there is one and time to find it."""
        what_if, best = self._what_if, self._what_if.best
        if found.absence is Absence.IMPOSSIBLE:
            return found
        if found.absence is Absence.BY_CHANCE:
            return self._with_page(found, best.page, 0, what_if.proves(best))
        near = self._hint(found.shelf)
        try:
            other = what_if.having(found.shelf, 1, near)
        except (OutOfTimeError, SolverError):
            if near is None:
                return replace(found, proven=False)
            return self._with_page(found, near, best.objective - objective_of(self._problem, near), False)
        cost = max(0, best.objective - other.objective)
        if not cost and found.absence is Absence.WORTH_LESS:
            found = replace(found, absence=Absence.BY_CHANCE)
        return self._with_page(found, other.page, cost, what_if.proves(other))

    def _with_page(self, found: AbsentShelf, page: Page, cost: int, proven: bool) -> AbsentShelf:
        groups = [self._problem.shelves[option].group for option in page]
        return replace(
            found, page=page, cost=cost, slot=groups.index(found.shelf), proven=proven and found.proven
        )

    def _hint(self, shelf: str) -> Page | None:
        return nearest(self._problem, self._what_if.best.page, shelf)

    def _shortfall(self, shelf: str) -> int:
        """By how much a shelf is worth less than what stands where it comes nearest."""
        mine = [option for option, one in enumerate(self._problem.shelves) if one.group == shelf]
        there: Ints = self._problem.values[list(self._page), np.arange(len(self._page))]
        return int((there - self._problem.values[mine]).min())

    def _slack(self, rule: Rule) -> int | None:
        rows = rule.rows(inputs_of(self._problem))
        if rows.partial or not len(rows.lo):
            return None
        sums = rows.sums(np.array([self._page], dtype=np.int64))[0]
        room = np.minimum(rows.hi - sums, sums - rows.lo)
        nearest_limit = int(room.min())
        return nearest_limit if nearest_limit < NO_LIMIT // 2 else None
