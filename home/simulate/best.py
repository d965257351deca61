"""The best page that is known for a visit: what regret is measured against."""

from __future__ import annotations

from home.compose import ComposedPage, Tools, layout_problem
from home.options import layout_shelves, limit_of
from home.simulate.encounter import Display, Encounter, shown_rows
from home.simulate.expectation import Expectation
from home.simulate.listener import ListenerModel
from home.simulate.memory import Memory
from home.simulate.truth import Probabilities, Truth
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
    everything, weariness = _everything(model, tools, page, memory)
    attraction = model.expected_attraction(truth, context, everything, weariness)
    problem = layout_problem(layout_shelves(options), grid, tools.rules, attraction, page.about)
    best = solve(problem, deadline_s=tools.layout_deadline_s, deterministic_time=_SOLVER_TIME).page
    shown = shown_rows(options, best, grid, tools.builder.min_items)
    placed = [options[i] for i in best]
    shelves = [option.shelf for option in placed]
    display = Display(shelves, shown, [option.presentation for option in placed], grid)
    weariness = memory.weariness(model.parameters, shelves, context.now)
    return model.expectation(model.meet(truth, context, display, weariness), grid)


def meet_options(
    model: ListenerModel, tools: Tools, page: ComposedPage, truth: Truth, memory: Memory
) -> Encounter:
    """How the listener would meet each option that a page was made of, if they looked at it."""
    everything, weariness = _everything(model, tools, page, memory)
    return model.meet(truth, page.context, everything, weariness)


def _everything(
    model: ListenerModel, tools: Tools, page: ComposedPage, memory: Memory
) -> tuple[Display, Probabilities]:
    """All options (n,) that a page was made of, and what they have lost to earlier visits."""
    grid = tools.surface(page.context.surface).grid
    shelves = [option.shelf for option in page.options]
    heads = [option.shelf.rows[: limit_of(option.presentation, grid)] for option in page.options]
    everything = Display(shelves, heads, [option.presentation for option in page.options], grid)
    return everything, memory.weariness(model.parameters, shelves, page.context.now)
