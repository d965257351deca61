"""One request as one readable function: shelves propose, a policy scores, layout arranges, the draw explores.

Here and in `home.draw`, and nowhere else, `bandits` and `layout` meet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from bandits.page import Draw
from bandits.policy import Policy
from bandits.portfolio import Portfolio
from bandits.position import looks_at
from bandits.types import Features, Scores
from home.deal import deal_page
from home.draw import Exploration, checked, draw_page, greedy
from home.errors import NothingEligibleError, UnknownSurfaceError
from home.grids import Surface
from home.options import Option, features_of, layout_shelves, options_of, prominence_of, worth
from home.page_context import page_context
from layout.objective import page_values
from layout.rules import BaseRule, applicable
from layout.solve import effective, solve
from layout.types import Grid, LayoutShelf, Page, PageContext, Problem, Result, Status
from layout.validate import Violation, paid
from layout.why import SlotReason, why
from shelves.build import Builder, Built, DroppedSource
from shelves.last_resort import last_resort
from shelves.types import Context, Item, Shelf

DETERMINISTIC_TIME = 0.5
"""How long the exact solver may work on a page, in its own reproducible units, about seconds."""


@dataclass(frozen=True, slots=True)
class LivePolicy:
    """A policy and the version of the model snapshot it was loaded from."""

    version: int
    policy: Policy


@dataclass(frozen=True, slots=True, eq=False)
class Tools:
    """The collaborators of a request, chosen once in `home.bootstrap`; `rulebook` is the text of `rules`."""

    builder: Builder
    surfaces: Mapping[str, Surface]
    rules: tuple[BaseRule, ...]
    rules_version: str
    exploration: Exploration
    layout_deadline_s: float
    rulebook: str = ""

    def surface(self, name: str) -> Surface:
        """A surface by its name. Raises UnknownSurfaceError."""
        if name not in self.surfaces:
            raise UnknownSurfaceError(name, tuple(self.surfaces))
        return self.surfaces[name]


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """A shelf in its slot, in one presentation, with the items it shows.

    `value` is the predicted reward if examined; `conditional` the probability with which the draw put this
    shelf here given the shelves above it.
    """

    slot: int
    shelf: Shelf
    presentation: str
    items: tuple[Item, ...]
    value: float
    conditional: float
    reason: SlotReason


@dataclass(frozen=True, slots=True, eq=False)
class ComposedPage:
    """A page as served, and everything that led to it.

    `grid` is cut to the page's length. `propensity` is exact, or None when a fallback made it unknowable;
    `fallback` names what fell back; `violations` are what the checker objected to in a page that was
    therefore not served. `result` is the page at its optimum, which pays `paid` for the soft rules it breaks.
    `least_value` and `portfolio` are those of `home.draw.Drawn`.
    `options` are what was scored (`features`, `scores`), laid out and drawn: pages are
    made of their indices. `documents` holds the texts of the rulebook and grid by kind, `limits` what
    the solver and the dealing of items were given. `about` is what layout rules knew of the request,
    `seconds` wall-clock time by stage.
    """

    decision_id: str
    context: Context
    context_features: Features
    about: PageContext
    grid: Grid
    placements: tuple[Placement, ...]
    shelves: tuple[Shelf, ...]
    options: tuple[Option, ...]
    features: Sequence[Features]
    scores: Scores
    result: Result
    paid: Mapping[str, int]
    draw: Draw
    propensity: float | None
    exploration: Exploration
    least_value: int | None
    portfolio: Portfolio | None
    policy_version: int
    rules_version: str
    effective_rules: tuple[str, ...]
    seed: int
    dropped: tuple[DroppedSource, ...]
    violations: tuple[Violation, ...]
    fallback: str
    seconds: Mapping[str, float]
    documents: Mapping[str, str]
    limits: Mapping[str, float]

    @property
    def examination(self) -> tuple[float, ...]:
        """How likely each slot is looked at, top slot first."""
        return tuple(slot.examination for slot in self.grid.slots)

    @property
    def looks(self) -> tuple[float, ...]:
        """How likely each shelf is looked at, by its slot and presentation."""
        prominence = prominence_of([placement.presentation for placement in self.placements], self.grid)
        return looks_at(self.examination, prominence.tolist())

    @property
    def content_types(self) -> tuple[str, ...]:
        """The content type of each shelf, top slot first; "" for one without."""
        return tuple(str(placement.shelf.attributes.get("content_type", "")) for placement in self.placements)


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """What a page can be made of: shelves in their options, and the policy's scores of each.

    `about` is what layout rules know of the request; `fault` says what failed in the policy, if it did.
    """

    built: Built
    shelves: tuple[Shelf, ...]
    options: tuple[Option, ...]
    context_features: Features
    features: Sequence[Features]
    scores: Scores
    about: PageContext
    grid: Grid
    fault: str

    def problem(self, rules: Sequence[BaseRule]) -> Problem:
        """The layout problem of these options, under those of the rules that apply to the request."""
        values = worth(self.scores.values, [option.presentation for option in self.options], self.grid)
        return layout_problem(layout_shelves(self.options), self.grid, rules, values, self.about)


class _Stopwatch:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._started = self._last = perf_counter()

    def lap(self, stage: str) -> None:
        now = perf_counter()
        self.seconds[stage] = now - self._last
        self._last = now
        self.seconds["total"] = now - self._started


def compose(
    context: Context,
    live: LivePolicy,
    tools: Tools,
    *,
    decision_id: str,
    seed: int,
    explained: bool = True,
) -> ComposedPage:
    """Compose one page. Pure but for the wall clock: the same inputs and seed give the same page.

    Without `explained` it is the same page, but its placements say nothing of why they are where they are.
    Raises UnknownSurfaceError and NothingEligibleError. A failing source, policy or solver costs its
    contribution, never the page.
    """
    watch = _Stopwatch()
    proposal = propose(context, live.policy, tools, watch.lap)
    options, scores, grid = proposal.options, proposal.scores, proposal.grid

    problem = proposal.problem(tools.rules)
    result, fault_of_layout = lay_out(problem, tools.layout_deadline_s, DETERMINISTIC_TIME)
    feasible = effective(problem, result)
    watch.lap("layout")

    drawn = draw_page(feasible, result, scores.pmf, tools.exploration, seed)
    watch.lap("draw")

    drawn, broken = checked(drawn)
    watch.lap("check")

    reasons = (
        why(drawn.problem, drawn.draw.page) if explained else _unexplained(drawn.problem, drawn.draw.page)
    )
    items = proposal.built.view.catalog.items
    placements = _place(items, options, scores, drawn.draw, reasons, grid, tools.builder.min_items)
    watch.lap("fill")

    return ComposedPage(
        decision_id=decision_id,
        context=context,
        context_features=proposal.context_features,
        about=proposal.about,
        grid=drawn.problem.grid,
        placements=placements,
        shelves=proposal.shelves,
        options=options,
        features=proposal.features,
        scores=scores,
        result=drawn.result,
        paid=paid(drawn.problem, drawn.result.page),
        draw=drawn.draw,
        propensity=drawn.propensity,
        exploration=tools.exploration,
        least_value=drawn.least_value,
        portfolio=drawn.portfolio,
        policy_version=live.version,
        rules_version=tools.rules_version,
        effective_rules=tuple(rule.id for rule in drawn.problem.rules),
        seed=seed,
        dropped=proposal.built.dropped,
        violations=broken,
        fallback="; ".join(filter(None, (proposal.fault, fault_of_layout, drawn.fallback))),
        seconds=watch.seconds,
        documents={"rulebook": tools.rulebook, "grid": tools.surface(context.surface).text},
        limits={
            "deadline_s": tools.layout_deadline_s,
            "deterministic_time": DETERMINISTIC_TIME,
            "min_items": tools.builder.min_items,
        },
    )


def propose(
    context: Context, policy: Policy, tools: Tools, lap: Callable[[str], None] = lambda _: None
) -> Proposal:
    """The first half of a page: shelves and their scores. `lap` hears the name of each stage at its end.

    Raises UnknownSurfaceError and NothingEligibleError.
    """
    surface = tools.surface(context.surface)
    built = tools.builder.build(context)
    shelves = built.shelves or _popular(built)
    lap("shelves")
    options = options_of(shelves, surface)
    about_context, about_options = features_of(shelves, options, built.view)
    scores, fault = scored(policy, about_context, about_options, len(surface.grid.slots))
    lap("score")
    about = page_context(context, built.view)
    return Proposal(built, shelves, options, about_context, about_options, scores, about, surface.grid, fault)


def lay_out(problem: Problem, deadline_s: float, deterministic_time: float) -> tuple[Result, str]:
    """The solver's page, or a greedy one and what failed in the solver."""
    try:
        result = solve(problem, deadline_s=deadline_s, deterministic_time=deterministic_time)
    except Exception as error:  # the page must be served whatever goes wrong in the solver
        page = greedy(problem)
        objective = int(problem.values[list(page), range(len(page))].sum())
        bound = max(objective, int(problem.values.max(axis=0).sum()))
        return Result(page, Status.FALLBACK, objective, bound), f"layout: {type(error).__name__}: {error}"
    return result, f"layout: {result.proof}" if result.status is Status.FALLBACK else ""


def layout_problem(
    shelves: tuple[LayoutShelf, ...],
    grid: Grid,
    rules: Sequence[BaseRule],
    values: NDArray[np.float64],
    context: PageContext,
) -> Problem:
    """The layout problem of options worth `values` (n,) or (n, slots) if examined, under what rules apply."""
    page = page_values(values, grid, tuple(shelf.id for shelf in shelves))
    return Problem(shelves, grid, applicable(rules, context.facts), page.values, page.unit, context)


def _popular(built: Built) -> tuple[Shelf, ...]:
    shelf = last_resort(built.view)
    if shelf is None:
        raise NothingEligibleError(built.view.context.listener.id)
    return (shelf,)


def scored(policy: Policy, context: Features, options: Sequence[Features], slots: int) -> tuple[Scores, str]:
    """The policy's scores, or source order and what failed in the policy."""
    try:
        scores = policy.score(context, options, slots)
    except Exception as error:  # the page must be served whatever the learner's state
        return source_order(len(options)), f"policy: {type(error).__name__}: {error}"
    if np.isfinite(scores.values).all() and np.isfinite(scores.pmf).all():
        return scores, ""
    return source_order(len(options)), "policy: scores that are not finite"


def source_order(options: int) -> Scores:
    """What is served without a policy: options in the order of their sources."""
    return Scores(np.linspace(1.0, 0.5, options), np.full(options, 1.0 / options))


def _unexplained(problem: Problem, page: Page) -> tuple[SlotReason, ...]:
    return tuple(
        SlotReason(
            slot, problem.shelves[option].id, int(problem.values[option, slot]), None, None, (), None, ""
        )
        for slot, option in enumerate(page)
    )


def _place(
    items: Sequence[Item],
    options: Sequence[Option],
    scores: Scores,
    drawn: Draw,
    reasons: Sequence[SlotReason],
    grid: Grid,
    min_items: int,
) -> tuple[Placement, ...]:
    dealt = deal_page(options, drawn.page, grid, min_items)
    return tuple(
        Placement(
            slot=slot,
            shelf=options[index].shelf,
            presentation=options[index].presentation,
            items=tuple(items[row] for row in rows),
            value=float(scores.values[index] if scores.values.ndim == 1 else scores.values[index, slot]),
            conditional=float(drawn.conditionals[slot]),
            reason=reason,
        )
        for slot, (index, rows, reason) in enumerate(zip(drawn.page, dealt, reasons, strict=True))
    )
