"""Explaining a page that was served: its layout problem is put together again from the log."""

from __future__ import annotations

from home.compose import Tools, layout_problem
from home.errors import NotExplainableError, UnknownSurfaceError
from home.grids import MARK, regraded
from home.options import option_id, worth
from home.records import DecisionRecord
from layout.errors import InvalidProblemError
from layout.explain import Explanation, explain
from layout.relax import variant
from layout.types import Grid, LayoutShelf, Problem
from layout.validate import objective_of

_DEADLINE_S = 1.0


def explain_decision(record: DecisionRecord, tools: Tools) -> Explanation:
    """What each shelf of a served page brings, what each absent one would cost, what each rule costs.

    Raises NotExplainableError when the page was composed under another rulebook or grid than `tools` has, or
    breaks a rule, as a page does whose layout failed.
    """
    try:
        return explain(problem_of(record, tools), record.page, deadline_s=_DEADLINE_S)
    except InvalidProblemError as error:
        raise NotExplainableError(record.id, str(error)) from error


def problem_of(record: DecisionRecord, tools: Tools) -> Problem:
    """The layout problem that a decision solved, as long as its page and without the rules it dropped.

    Raises NotExplainableError when it cannot be put together exactly.
    """
    grid = _grid(record, tools)
    if record.rules_version != tools.rules_version:
        raise NotExplainableError(
            record.id,
            f"it was composed under rulebook {record.rules_version}, and this service has "
            f"{tools.rules_version}; set HOME_RULEBOOK_FILE to that one",
        )
    values = worth(record.values, [option.presentation for option in record.options], grid)
    whole = layout_problem(_shelves(record), grid, tools.rules, values, record.about)
    problem = variant(whole, len(record.page), record.relaxed_rules)
    if not record.fallback and objective_of(problem, record.anchor) != record.solver.objective:
        raise NotExplainableError(record.id, "this version of the service values its page otherwise")
    return problem


def _grid(record: DecisionRecord, tools: Tools) -> Grid:
    try:
        grid = tools.surface(record.surface).grid
    except UnknownSurfaceError as error:
        raise NotExplainableError(record.id, str(error)) from error
    version = f"{grid.surface}@{grid.version}"
    if record.grid_version == version:
        return grid
    if record.grid_version.partition(MARK)[0] == version.partition(MARK)[0]:
        # The same grid file under another estimate of examination, and the record holds that.
        return regraded(grid, record.examination, record.grid_version.partition("@")[2])
    raise NotExplainableError(
        record.id, f"it was composed on grid {record.grid_version}, and this service has {version}"
    )


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
