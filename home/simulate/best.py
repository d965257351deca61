"""The best page that is known for a visit: what regret is measured against."""

from __future__ import annotations

from home.compose import ComposedPage, Tools, layout_problem
from home.options import layout_shelves, limit_of
from home.simulate.encounter import Display, shown_rows
from home.simulate.expectation import Expectation
from home.simulate.listener import ListenerModel
from home.simulate.memory import Memory
from home.simulate.truth import Truth
from layout.solve import solve

_SOLVER_TIME = 0.02
"""Deterministic solver time: enough to find the optimum nearly always; proving it is not worth more here."""


def best_known(
    model: ListenerModel, tools: Tools, page: ComposedPage, truth: Truth, memory: Memory
) -> Expectation:
    """What the best known page of this page's candidates brings in expectation, exact.

    Lays out the true attraction of the candidate shelves with the rules and solver that serve. The true
    attraction is that over all intents, because the intent shows only after the page. The layout objective
    values a shelf by attraction × examination; it knows nothing of listeners who leave satisfied, nor of
    items that a shelf loses to those above it, so another page can be slightly better than this one.
    """
    grid, options, context = tools.surface(page.context.surface).grid, page.options, page.context
    shelves = [option.shelf for option in options]
    heads = [option.shelf.rows[: limit_of(option.presentation, grid)] for option in options]
    presentations = [option.presentation for option in options]
    weariness = memory.weariness(model.parameters, shelves, context.now)
    everything = Display(shelves, heads, presentations, grid)
    attraction = model.expected_attraction(truth, context, everything, weariness)
    problem = layout_problem(layout_shelves(options), grid, tools.rules, attraction, page.about)
    best = solve(problem, deadline_s=tools.layout_deadline_s, deterministic_time=_SOLVER_TIME).page
    placed = list(best)
    shown = shown_rows(options, best, grid, tools.builder.min_items)
    display = Display([shelves[i] for i in placed], shown, [presentations[i] for i in placed], grid)
    return model.expectation(model.meet(truth, context, display, weariness[placed]), grid)
