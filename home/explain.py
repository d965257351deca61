"""Explaining a page that was served: its layout problem is put together again from the log."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

from home.compose import Tools, layout_problem
from home.configuration import Setup, setup_here
from home.errors import NotExplainableError
from home.options import option_id, worth
from home.records import DecisionRecord
from layout.conflict import conflict
from layout.errors import InvalidProblemError, SolverError
from layout.explain import explain
from layout.explanation import Explanation
from layout.relax import variant
from layout.types import LayoutShelf, Problem
from layout.validate import objective_of


def explain_decision(record: DecisionRecord, setup: Setup, budget_s: float) -> Explanation:
    """What each shelf of a served page brings, what each absent one would cost, what each rule costs.

    As far as it is found out in `budget_s` seconds, up to half of them for rules that contradict each other.

    Raises NotExplainableError when the page breaks a rule, as one does whose layout failed.
    """
    end = perf_counter() + budget_s
    try:
        problem = problem_under(record, setup)
        contradicting = _contradicting(record, setup, budget_s / 2)
        found = explain(problem, record.page, budget_s=max(0.0, end - perf_counter()))
    except InvalidProblemError as error:
        raise NotExplainableError(record.id, str(error)) from error
    return replace(found, contradicting=contradicting)


def _contradicting(record: DecisionRecord, setup: Setup, budget_s: float) -> tuple[str, ...]:
    """The rules for whose sake others were dropped or the page is short; none where time does not suffice."""
    whole = whole_problem(record, setup)
    shelves = len({shelf.group for shelf in whole.shelves})
    full = min(shelves, len(whole.grid.slots))
    if not record.relaxed_rules and len(record.page) == full:
        return ()
    try:
        return conflict(variant(whole, full, ()), seconds=budget_s) or ()
    except SolverError:
        return ()


def problem_of(record: DecisionRecord, tools: Tools) -> Problem:
    """The layout problem that a decision solved, under the rules and grid that `tools` has.

    Raises NotExplainableError when those are others than the decision's, and what `problem_under` raises.
    """
    return problem_under(record, setup_here(record, tools))


def problem_under(record: DecisionRecord, setup: Setup) -> Problem:
    """The layout problem that a decision solved, as long as its page and without the rules it dropped.

    Raises NotExplainableError when it cannot be put together exactly.
    """
    problem = variant(whole_problem(record, setup), len(record.page), record.relaxed_rules)
    if not record.fallback and objective_of(problem, record.anchor) != record.solver.objective:
        raise NotExplainableError(record.id, "this version of the service values its page otherwise")
    return problem


def whole_problem(record: DecisionRecord, setup: Setup) -> Problem:
    """The layout problem as it was put to the solver, with every rule that applied and every slot."""
    values = worth(record.values, [option.presentation for option in record.options], setup.grid)
    return layout_problem(_shelves(record), setup.grid, setup.rules, values, record.about)


def _shelves(record: DecisionRecord) -> tuple[LayoutShelf, ...]:
    numbers: dict[str, int] = {}
    items = [
        tuple(numbers.setdefault(item, len(numbers)) for item in shelf.item_ids) for shelf in record.shelves
    ]
    return tuple(
        LayoutShelf(
            option_id(record.shelf(index).id, option.presentation),
            record.shelf(index).attributes,
            items[option.shelf],
            option.presentation,
            record.shelf(index).id,
        )
        for index, option in enumerate(record.options)
    )
