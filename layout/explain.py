"""What a page is made of: what each shelf brings, what each absent one would cost, what each rule costs.

Every figure is the difference between two proven optima (`Fact.proven` says where a proof is missing), so an
explanation takes as many solutions as there are shelves and rules. `layout.why` is the cheap short form.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from layout.conflict import conflict
from layout.errors import InvalidProblemError, SolverError
from layout.inputs import Inputs
from layout.rows import NO_LIMIT, Rows, one
from layout.solve import solve
from layout.types import Ints, Page, Pages, Problem, Result, Rule, Status
from layout.validate import inputs_of, objective_of, paid, violations
from layout.why import SlotReason, alternatives, broken_rules, why


@dataclass(frozen=True, slots=True)
class PlacedShelf:
    """A shelf on the page. All worths are in units of `Problem.values`.

    `loss` is what the best page loses when the shelf may not be on it, `instead` the option that then stands
    in its slot. `loss` is None when no full page obeys the rules without the shelf.
    """

    slot: int
    shelf: str
    presentation: str
    value: int
    loss: int | None
    instead: str | None
    reason: SlotReason
    proven: bool


@dataclass(frozen=True, slots=True)
class AbsentShelf:
    """A shelf that is not on the page.

    `cost` is what the best page loses when the shelf must be on it, and `slot` (from 0) where it then
    stands; both are None when no page with it obeys the rules. `kept_out_by` are the rules that stand in its
    way: a minimal set that no page with the shelf obeys, or those that it breaks where it would gain most.
    """

    shelf: str
    cost: int | None
    slot: int | None
    kept_out_by: tuple[str, ...]
    proven: bool


@dataclass(frozen=True, slots=True)
class RulePrice:
    """What a rule does to the page.

    `price` is what the best page gains when the rule is dropped; a rule with a price is binding. `slack` is
    how far the page is from the rule's nearest limit, in the units of its rows, negative where a soft rule is
    broken, None where nothing could break it. `paid` is what the page pays for breaking it.
    """

    rule: str
    price: int
    slack: int | None
    paid: int
    proven: bool

    @property
    def binding(self) -> bool:
        """Whether the best page would be another without the rule."""
        return self.price > 0


@dataclass(frozen=True, slots=True)
class Explanation:
    """A page explained: its objective, that of the best page, its shelves, the absent ones, the rules."""

    objective: int
    best: int
    placed: tuple[PlacedShelf, ...]
    absent: tuple[AbsentShelf, ...]
    rules: tuple[RulePrice, ...]


def explain(
    problem: Problem,
    page: Page,
    *,
    deadline_s: float = 1.0,
) -> Explanation:
    """Explain a valid `page` of `problem` (see `layout.solve.effective` for relaxed or shortened ones).

    `deadline_s` limits each of the solutions behind it. Raises InvalidProblemError for a page that breaks
    the rules.
    """
    broken = violations(problem, page)
    if broken:
        raise InvalidProblemError(f"page = {page} breaks {', '.join(one.rule_id for one in broken)}")
    return _Explainer(problem, page, deadline_s).run()


@dataclass(frozen=True, slots=True)
class _OnPage:
    """The rule that one shelf is on the page `count` times: once or not at all."""

    SCALE: ClassVar[int] = 1

    shelf: str
    count: int
    id: str = "\0on page"
    weight: float | None = None
    relaxation: int | None = None

    def rows(self, inputs: Inputs) -> Rows:
        """One row over the whole page."""
        shown = np.array([shelf.group == self.shelf for shelf in inputs.shelves])
        return one(shown, np.ones(inputs.slots, dtype=np.int64), lo=self.count, hi=self.count)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How often the shelf is missing or too many on each of the `pages` (b, K): (b,)."""
        shown = np.array([shelf.group == self.shelf for shelf in inputs.shelves])
        missing: Ints = np.abs(shown[pages].sum(axis=1) - self.count)
        return missing


class _Explainer:
    def __init__(self, problem: Problem, page: Page, deadline_s: float) -> None:
        self._problem, self._page, self._deadline_s = problem, page, deadline_s
        self._inputs = inputs_of(problem)
        self._best = self._solve(problem)
        self._groups = tuple(problem.shelves[s].group for s in page)

    def run(self) -> Explanation:
        problem = self._problem
        absent = sorted({shelf.group for shelf in problem.shelves} - set(self._groups))
        cost = paid(problem, self._page)
        return Explanation(
            objective_of(problem, self._page),
            self._best.objective,
            tuple(self._placed(reason) for reason in why(problem, self._page)),
            tuple(self._absent(shelf) for shelf in absent),
            tuple(self._rule(rule, cost.get(rule.id, 0)) for rule in problem.rules),
        )

    def _placed(self, reason: SlotReason) -> PlacedShelf:
        shelf = self._problem.shelves[self._page[reason.slot]]
        other = self._with(_OnPage(shelf.group, 0))
        loss, instead = None, None
        if other is not None:
            loss = self._best.objective - other.objective
            instead = self._problem.shelves[other.page[reason.slot]].id
        return PlacedShelf(
            reason.slot,
            shelf.group,
            shelf.presentation,
            reason.value,
            loss,
            instead,
            reason,
            self._proves(other),
        )

    def _absent(self, shelf: str) -> AbsentShelf:
        other = self._with(_OnPage(shelf, 1))
        if other is None:
            return self._impossible(shelf)
        slot = next(k for k, s in enumerate(other.page) if self._problem.shelves[s].group == shelf)
        cost = self._best.objective - other.objective
        return AbsentShelf(shelf, cost, slot, self._in_its_way(shelf), self._proves(other))

    def _rule(self, rule: Rule, cost: int) -> RulePrice:
        without = tuple(one for one in self._problem.rules if one is not rule)
        other = self._solve(replace(self._problem, rules=without))
        price = other.objective - self._best.objective
        return RulePrice(rule.id, price, self._slack(rule), cost, self._proves(other))

    def _with(self, rule: _OnPage) -> Result | None:
        """The best page that obeys one more rule, or None when there is none."""
        problem = replace(self._problem, rules=(*self._problem.rules, rule))
        result = self._solve(problem)
        kept = not result.relaxed and len(result.page) == len(self._page)
        return result if kept and result.page else None

    def _solve(self, problem: Problem) -> Result:
        return solve(problem, deadline_s=self._deadline_s)

    def _proves(self, other: Result | None) -> bool:
        proven = self._best.status is Status.OPTIMAL
        return proven and (other is None or other.status is Status.OPTIMAL)

    def _impossible(self, shelf: str) -> AbsentShelf:
        """A shelf that no page has, as far as can be told, and the rules that see to it."""
        rule = _OnPage(shelf, 1)
        try:
            found = conflict(replace(self._problem, rules=(*self._problem.rules, rule))) or ()
        except SolverError:
            return AbsentShelf(shelf, None, None, (), False)
        return AbsentShelf(shelf, None, None, tuple(name for name in found if name != rule.id), True)

    def _in_its_way(self, shelf: str) -> tuple[str, ...]:
        """The rules that the page breaks with the shelf where that would gain most, if anywhere."""
        gains = alternatives(self._problem, self._page, shelf)
        if not gains:
            return ()
        return broken_rules(self._problem, self._inputs, [gains[0]])[0]

    def _slack(self, rule: Rule) -> int | None:
        rows = rule.rows(self._inputs)
        if not len(rows.lo):
            return None
        sums = rows.sums(np.array([self._page], dtype=np.int64))[0]
        room = np.minimum(rows.hi - sums, sums - rows.lo)
        nearest = int(room.min())
        return nearest if nearest < NO_LIMIT // 2 else None
