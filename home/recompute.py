"""Computing a logged page again from its record and what the record refers to, stage by stage, bit for bit.

Each stage starts from what was logged, so a difference is named where it arose. What depends on the wall
clock or on a fault of the moment cannot come out again: such a page is a fallback, its anchor is taken as
logged, and the stage says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from bandits.policy import Policy
from home.compose import lay_out, scored, source_order
from home.configuration import Setup
from home.deal import deal
from home.draw import Drawn, checked, draw_page, fall_back
from home.errors import HomeError, NotExplainableError
from home.explain import whole_problem
from home.grids import MARK
from home.logbook import drawing_of
from home.options import limit_of
from home.records import DecisionRecord
from home.redraw import exploration_of
from layout.solve import effective
from layout.types import Problem, Result, Status
from layout.validate import objective_of, paid

_PATIENCE_S = 60.0
"""More wall time than the page had; it changes no answer but that of a fallback."""

_FAULTY_DRAW = "draw: "
"""Begins what a record says of a draw that failed."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: `differences` name each field with its logged and its computed value; `note` a limit."""

    name: str
    differences: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Recomputation:
    """What came of computing a page again."""

    decision_id: str
    stages: tuple[Stage, ...] = field(default=())

    @property
    def identical(self) -> bool:
        """True when no stage differs."""
        return not any(stage.differences for stage in self.stages)

    @property
    def fallback(self) -> bool:
        """True when part of the page had to be taken as logged, because the clock or a fault made it."""
        return any(stage.name in ("layout", "draw") and stage.note for stage in self.stages)


def recompute(record: DecisionRecord, setup: Setup, load: Callable[[int], Policy | None]) -> Recomputation:
    """Compute a logged page again under `setup`; `load` gives the policy of a model version, None if gone.

    Raises NotExplainableError for a decision from before limits were logged.
    """
    if not record.limits:
        raise NotExplainableError(record.id, "it was logged before pages could be computed again")
    solved = cache(lambda: _solved(record, setup))
    judges: dict[str, Callable[[], Stage]] = {
        "scores": lambda: _scores(record, setup, load),
        "layout": lambda: _layout(record, *solved()),
        "draw": lambda: _draw(record, solved()[0]),
        "items": lambda: _items(record, setup),
        "record": lambda: _consistency(record, setup),
    }
    stages = []
    for name, judge in judges.items():
        try:
            stages.append(judge())
        except (HomeError, ValueError, IndexError, KeyError, TypeError) as error:
            stages.append(Stage(name, (f"cannot be computed: {type(error).__name__}: {error}",)))
    return Recomputation(record.id, tuple(stages))


def _scores(record: DecisionRecord, setup: Setup, load: Callable[[int], Policy | None]) -> Stage:
    if "policy: " in record.fallback:
        found = source_order(len(record.options))
    else:
        policy = load(record.policy_version)
        if policy is None:
            return Stage("scores", note=f"model {record.policy_version} is not stored any more: as logged")
        features = [option.features for option in record.options]
        found, _ = scored(policy, record.context, features, len(setup.grid.slots))
    pairs = (("values", record.values, found.values), ("pmf", record.pmf, found.pmf))
    return Stage("scores", tuple(_arrays(pairs)))


def _arrays(pairs: Any) -> Iterator[str]:
    for name, logged, found in pairs:
        if logged.shape != found.shape:
            yield f"{name}: shape {logged.shape} logged, {found.shape} computed"
        elif logged.tobytes() != np.ascontiguousarray(found, "<f8").tobytes():
            yield f"{name}: {int((logged != found).sum())} of {logged.size} numbers differ"


def _solved(record: DecisionRecord, setup: Setup) -> tuple[Drawn, str]:
    """The page drawn and checked, and why the anchor is as logged, if it is."""
    whole = whole_problem(record, setup)
    note = _of_the_moment(record, len(setup.grid.slots))
    if note:
        result = _logged_result(record)
    else:
        result, fault = lay_out(whole, _PATIENCE_S, record.limits["deterministic_time"])
        if fault:
            raise ValueError(fault)
    return checked(_drawn(record, effective(whole, result), result))[0], note


def _drawn(record: DecisionRecord, problem: Problem, result: Result) -> Drawn:
    if _FAULTY_DRAW in record.fallback:
        return fall_back(problem, result, _part_of_the_draw(record.fallback))
    return draw_page(problem, result, record.pmf, exploration_of(record), record.seed)


def _of_the_moment(record: DecisionRecord, slots: int) -> str:
    if "layout: deadline" in record.fallback:
        return "fallback by wall clock: the anchor is taken as logged"
    if "layout: " in record.fallback:
        return "fallback by a fault in the solver: the anchor is taken as logged"
    if MARK in record.grid_version and len(record.examination) < slots:
        return "the estimate of slots below the page is not logged: the anchor is taken as logged"
    return ""


def _logged_result(record: DecisionRecord) -> Result:
    solver = record.solver
    return Result(
        record.anchor,
        Status(solver.status),
        solver.objective,
        solver.bound,
        record.relaxed_rules,
        solver.proof,
    )


def _layout(record: DecisionRecord, drawn: Drawn, note: str) -> Stage:
    result, solver = drawn.result, record.solver
    worth = result.objective
    if note and solver.proof and not _part_of_the_draw(record.fallback):
        worth = objective_of(drawn.problem, result.page)  # a fault in the solver leaves no proof
    pairs = (
        ("anchor", record.anchor, result.page),
        ("status", solver.status, result.status.value),
        ("objective", solver.objective, worth),
        ("bound", solver.bound, max(result.bound, worth)),
        ("proof", solver.proof, result.proof),
        ("relaxed_rules", record.relaxed_rules, result.relaxed),
        ("paid", dict(solver.paid), dict(paid(drawn.problem, result.page))),
        ("effective_rules", record.effective_rules, tuple(rule.id for rule in drawn.problem.rules)),
    )
    return Stage("layout", tuple(_differences(pairs)), note)


def _draw(record: DecisionRecord, drawn: Drawn) -> Stage:
    draw = drawn.draw
    pairs = (
        ("page", record.page, draw.page),
        ("explored", record.explored, draw.explored),
        ("propensity", record.propensity, drawn.propensity),
        ("conditionals", record.conditionals, tuple(draw.conditionals)),
        ("exploration_conditionals", record.exploration_conditionals, tuple(draw.exploration_conditionals)),
        ("anchor_exploration", record.anchor_exploration, draw.anchor_exploration),
        ("support_sizes", record.support_sizes, tuple(draw.support_sizes)),
        ("drawing", record.drawing, drawing_of(exploration_of(record), drawn.least_value, drawn.portfolio)),
        ("fallback", _part_of_the_draw(record.fallback), drawn.fallback),
    )
    note = "fallback by a fault in the draw: taken as logged" if _FAULTY_DRAW in record.fallback else ""
    return Stage("draw", tuple(_differences(pairs)), note)


def _part_of_the_draw(fallback: str) -> str:
    starts = [at for marker in (_FAULTY_DRAW, "check: ") if (at := fallback.find(marker)) >= 0]
    return fallback[min(starts) :] if starts else ""


def _items(record: DecisionRecord, setup: Setup) -> Stage:
    grid, whole = setup.grid, whole_problem(record, setup)
    names = list(dict.fromkeys(item for shelf in record.shelves for item in shelf.item_ids))
    limits = [limit_of(record.options[option].presentation, grid) for option in record.page]
    least = int(record.limits["min_items"])
    dealt = deal([whole.shelves[option].items for option in record.page], limits, least)
    shown = tuple(tuple(names[row] for row in rows) for rows in dealt)
    return Stage("items", tuple(_differences((("shown", record.shown, shown),))))


def _consistency(record: DecisionRecord, setup: Setup) -> Stage:
    """What the record says twice must be the same."""
    slots = setup.grid.slots[: len(record.page)]
    pairs = (
        ("examination", record.examination, tuple(slot.examination for slot in slots)),
        ("listener_id", record.listener_id, record.context["user"]["id"]),
        ("surface", record.surface, record.context["context"]["surface"]),
    )
    return Stage("record", tuple(_differences(pairs)))


def _differences(pairs: tuple[tuple[str, object, object], ...]) -> Iterator[str]:
    for name, logged, found in pairs:
        if logged != found:
            yield f"{name}: {logged!r} logged, {found!r} computed"
