"""Whether pages exist under a rulebook, and what each of its rules does to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from home.rules.corpus import Case
from layout.conflict import conflict
from layout.errors import SolverError
from layout.implied import implied
from layout.rules import BaseRule
from layout.solve import solve
from layout.types import Problem, Result, Rule, Status
from layout.validate import inputs_of, paid

GUARD: Final = "never binding"
"""The verdict on a rule that keeps out pages which exist, though none of them is ever the best."""

_DEADLINE_S = 5.0


@dataclass(slots=True)
class RuleReport:
    """What one rule does on a corpus.

    `applies` counts contexts whose facts meet its `when` and that have a page; `prices` has one share for
    each of them: what the best page gains when the rule is dropped, as a share of that page's objective.
    `payments` are the same shares of what pages pay for breaking a soft rule. `idle` counts contexts in which
    it limits nothing that is proposed, `implied` those in which the other rules make it superfluous,
    `unproven` those with a price that is not proven, and `blocked` those whose facts meet its `when` but that
    have no page.
    """

    rule: BaseRule
    applies: int = 0
    prices: list[float] = field(default_factory=list)
    payments: list[float] = field(default_factory=list)
    idle: int = 0
    implied: int = 0
    unproven: int = 0
    blocked: int = 0

    @property
    def binding(self) -> int:
        """In how many contexts the best page would be another without the rule."""
        return sum(price > 0 for price in self.prices)

    @property
    def verdict(self) -> str:
        """What an author may want to look at.

        "never applies", "no page to judge by" (wherever it applies, rules contradict), "nothing to limit",
        "redundant" (the others say as much), "never binding" (pages that break it exist, and are never the
        best), or nothing.
        """
        if not self.applies:
            return "no page to judge by" if self.blocked else "never applies"
        if self.idle == self.applies:
            return "nothing to limit"
        if self.implied == self.applies:
            return "redundant"
        return "" if self.binding else GUARD


@dataclass(slots=True)
class CheckReport:
    """A rulebook on a corpus.

    `conflicts` counts contexts by the minimal set of rules that leaves no page there; `examples` names the
    first context of each. `undecided` names contexts for which not even the solver could tell.
    """

    contexts: int = 0
    rules: list[RuleReport] = field(default_factory=list)
    conflicts: Counter[tuple[str, ...]] = field(default_factory=Counter)
    examples: dict[tuple[str, ...], str] = field(default_factory=dict)
    undecided: list[str] = field(default_factory=list)

    @property
    def satisfiable(self) -> bool:
        """Whether every context is proven to have a page that obeys all hard rules."""
        return not self.conflicts and not self.undecided

    @property
    def faults(self) -> list[str]:
        """The ids of rules that can be left out without loss, or that there is nothing to say about.

        A rule that never binds is none: it is there for pages that other scores or shelves may bring up.
        """
        return [report.rule.id for report in self.rules if report.verdict not in ("", GUARD)]

    @property
    def guards(self) -> list[str]:
        """The ids of rules that never bind."""
        return [report.rule.id for report in self.rules if report.verdict == GUARD]


def check(rules: Sequence[BaseRule], cases: Iterable[Case]) -> CheckReport:
    """Check rules on a corpus: a page for every context, and a price for every rule."""
    checker = _Checker(rules)
    for case in cases:
        checker.add(case)
    return checker.report


class _Checker:
    def __init__(self, rules: Sequence[BaseRule]) -> None:
        self._rules = rules
        self._by_id = {rule.id: RuleReport(rule) for rule in rules}
        self._needed: set[str] = set()
        self.report = CheckReport(rules=list(self._by_id.values()))

    def add(self, case: Case) -> None:
        self.report.contexts += 1
        problem = case.problem(self._rules)
        try:
            conflicting = conflict(problem)
        except SolverError:
            self.report.undecided.append(case.name)
            return
        if conflicting is not None:
            self.report.conflicts[conflicting] += 1
            self.report.examples.setdefault(conflicting, case.name)
            self._block(problem)
            return
        best = solve(problem, deadline_s=_DEADLINE_S)
        if best.status is Status.RELAXED:  # nothing contradicts for certain, and no whole page was found
            self.report.undecided.append(case.name)
            self._block(problem)
            return
        payments = paid(problem, best.page)
        for rule in problem.rules:
            self._price(problem, rule, best, payments.get(rule.id, 0))

    def _block(self, problem: Problem) -> None:
        for rule in problem.rules:
            self._by_id[rule.id].blocked += 1

    def _price(self, problem: Problem, rule: Rule, best: Result, payment: int) -> None:
        report = self._by_id[rule.id]
        without = _without(problem, rule)
        other = solve(without, deadline_s=_DEADLINE_S)
        whole = max(1, abs(best.objective))
        report.applies += 1
        report.prices.append(max(0, other.objective - best.objective) / whole)
        report.payments.append(payment / whole)
        rows = rule.rows(inputs_of(problem))
        report.idle += not len(rows.lo) and not rows.partial
        report.unproven += {best.status, other.status} != {Status.OPTIMAL}
        if rule.weight is None and rule.id not in self._needed:
            self._look_for_need(problem, rule, report)

    def _look_for_need(self, problem: Problem, rule: Rule, report: RuleReport) -> None:
        """One context in which some page obeys the others alone shows that a rule is not redundant."""
        try:
            superfluous = not report.prices[-1] and implied(problem, rule)
        except SolverError:
            superfluous = False
        report.implied += superfluous
        if not superfluous:
            self._needed.add(rule.id)


def _without(problem: Problem, rule: Rule) -> Problem:
    return replace(problem, rules=tuple(one for one in problem.rules if one is not rule))
