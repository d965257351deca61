"""One request as one readable function: shelves propose, a policy scores, layout arranges, the draw explores.

Here and in `home.draw`, and nowhere else, `bandits` and `layout` meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from bandits.features import context_features, shelf_features
from bandits.page import Draw
from bandits.policy import Policy
from bandits.types import Features, Scores
from home.deal import deal_page
from home.draw import Exploration, checked, draw_page
from home.errors import NothingEligibleError, UnknownSurfaceError
from layout.explain import SlotReason, why
from layout.objective import page_values
from layout.solve import effective, solve
from layout.types import Grid, LayoutShelf, Problem, Result, Rule, Status
from layout.validate import Violation
from shelves.build import Builder, Built, DroppedSource
from shelves.last_resort import last_resort
from shelves.types import Context, Item, Shelf


@dataclass(frozen=True, slots=True)
class LivePolicy:
    """A policy and the version of the model snapshot it was loaded from."""

    version: int
    policy: Policy


@dataclass(frozen=True, slots=True, eq=False)
class Tools:
    """The collaborators of a request, chosen once in `home.bootstrap`."""

    builder: Builder
    grids: Mapping[str, Grid]
    rules: tuple[Rule, ...]
    rules_version: str
    exploration: Exploration
    layout_deadline_s: float

    def grid(self, surface: str) -> Grid:
        """The grid of a surface. Raises UnknownSurfaceError."""
        if surface not in self.grids:
            raise UnknownSurfaceError(surface, tuple(self.grids))
        return self.grids[surface]


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """A shelf in its slot, with the items it shows.

    `value` is the predicted reward if examined; `conditional` the probability with which the draw put this
    shelf here given the shelves above it.
    """

    slot: int
    shelf: Shelf
    items: tuple[Item, ...]
    value: float
    conditional: float
    reason: SlotReason


@dataclass(frozen=True, slots=True, eq=False)
class ComposedPage:
    """A page as served, and everything that led to it.

    `grid` is cut to the page's length. `propensity` is exact, or None when a fallback made it unknowable;
    `fallback` names what fell back; `violations` are what the checker objected to in a page that was
    therefore not served. `seconds` is wall-clock time by stage.
    """

    decision_id: str
    context: Context
    context_features: Features
    grid: Grid
    placements: tuple[Placement, ...]
    shelves: tuple[Shelf, ...]
    features: tuple[Features, ...]
    scores: Scores
    result: Result
    draw: Draw
    propensity: float | None
    exploration: Exploration
    policy_version: int
    rules_version: str
    effective_rules: tuple[str, ...]
    seed: int
    dropped: tuple[DroppedSource, ...]
    violations: tuple[Violation, ...]
    fallback: str
    seconds: Mapping[str, float]


class _Stopwatch:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._started = self._last = perf_counter()

    def lap(self, stage: str) -> None:
        now = perf_counter()
        self.seconds[stage] = now - self._last
        self._last = now
        self.seconds["total"] = now - self._started


def compose(context: Context, live: LivePolicy, tools: Tools, *, decision_id: str, seed: int) -> ComposedPage:
    """Compose one page. Pure but for the wall clock: the same inputs and seed give the same page.

    Raises UnknownSurfaceError and NothingEligibleError. A failing source, policy or solver costs its
    contribution, never the page.
    """
    watch = _Stopwatch()
    grid = tools.grid(context.surface)

    built = tools.builder.build(context)
    shelves = built.shelves or _popular(built)
    watch.lap("shelves")

    about_context = context_features(context)
    about_shelves = tuple(shelf_features(shelf) for shelf in shelves)
    scores, fault_of_policy = _score(live.policy, about_context, about_shelves, len(grid.slots))
    watch.lap("score")

    problem = layout_problem(shelves, grid, tools.rules, scores.values)
    result, fault_of_layout = _lay_out(problem, tools.layout_deadline_s)
    feasible = effective(problem, result)
    watch.lap("layout")

    drawn = draw_page(feasible, result, scores.pmf, tools.exploration, seed)
    watch.lap("draw")

    drawn, broken = checked(drawn)
    watch.lap("check")

    reasons = why(drawn.problem, drawn.draw.page)
    items = built.view.catalog.items
    placements = _place(items, shelves, scores, drawn.draw, reasons, grid, tools.builder.min_items)
    watch.lap("fill")

    return ComposedPage(
        decision_id=decision_id,
        context=context,
        context_features=about_context,
        grid=drawn.problem.grid,
        placements=placements,
        shelves=shelves,
        features=about_shelves,
        scores=scores,
        result=drawn.result,
        draw=drawn.draw,
        propensity=drawn.propensity,
        exploration=tools.exploration,
        policy_version=live.version,
        rules_version=tools.rules_version,
        effective_rules=tuple(rule.id for rule in drawn.problem.rules),
        seed=seed,
        dropped=built.dropped,
        violations=broken,
        fallback="; ".join(filter(None, (fault_of_policy, fault_of_layout, drawn.fallback))),
        seconds=watch.seconds,
    )


def _lay_out(problem: Problem, deadline_s: float) -> tuple[Result, str]:
    try:
        return solve(problem, deadline_s=deadline_s), ""
    except Exception as error:  # the page must be served whatever goes wrong in the solver
        slots = min(problem.values.shape)
        page = tuple(np.argsort(-problem.values[:, 0], kind="stable")[:slots].tolist())
        worth = sum(int(problem.values[shelf, slot]) for slot, shelf in enumerate(page))
        bound = int(problem.values[:, :slots].max(axis=0).sum())
        return Result(page, Status.FALLBACK, worth, bound), f"layout: {type(error).__name__}: {error}"


def layout_problem(
    shelves: Sequence[Shelf], grid: Grid, rules: tuple[Rule, ...], values: NDArray[np.float64]
) -> Problem:
    """The layout problem of shelves worth `values` (n,) or (n, slots) if examined."""
    facts = tuple(LayoutShelf(s.id, s.attributes, tuple(s.rows.tolist())) for s in shelves)
    return Problem(facts, grid, rules, page_values(values, grid, tuple(shelf.id for shelf in shelves)))


def _popular(built: Built) -> tuple[Shelf, ...]:
    shelf = last_resort(built.view)
    if shelf is None:
        raise NothingEligibleError(built.view.context.listener.id)
    return (shelf,)


def _score(policy: Policy, context: Features, shelves: Sequence[Features], slots: int) -> tuple[Scores, str]:
    try:
        scores = policy.score(context, shelves, slots)
    except Exception as error:  # the page must be served whatever the learner's state
        return _source_order(len(shelves)), f"policy: {type(error).__name__}: {error}"
    if np.isfinite(scores.values).all() and np.isfinite(scores.pmf).all():
        return scores, ""
    return _source_order(len(shelves)), "policy: scores that are not finite"


def _source_order(shelves: int) -> Scores:
    return Scores(np.linspace(1.0, 0.5, shelves), np.full(shelves, 1.0 / shelves))


def _place(
    items: Sequence[Item],
    shelves: Sequence[Shelf],
    scores: Scores,
    drawn: Draw,
    reasons: Sequence[SlotReason],
    grid: Grid,
    min_items: int,
) -> tuple[Placement, ...]:
    dealt = deal_page(shelves, drawn.page, grid, min_items)
    return tuple(
        Placement(
            slot=slot,
            shelf=shelves[index],
            items=tuple(items[row] for row in rows),
            value=float(scores.values[index] if scores.values.ndim == 1 else scores.values[index, slot]),
            conditional=float(drawn.conditionals[slot]),
            reason=reason,
        )
        for slot, (index, rows, reason) in enumerate(zip(drawn.page, dealt, reasons, strict=True))
    )
