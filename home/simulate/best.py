"""The best page that is known for a visit: what regret is measured against."""

from __future__ import annotations

from dataclasses import dataclass

from home.compose import ComposedPage, Tools, layout_problem
from home.options import layout_shelves, limit_of, prominence_of
from home.simulate.encounter import shown_rows
from home.simulate.expectation import Expectation
from home.simulate.listener import ListenerModel
from layout.solve import solve

_SOLVER_TIME = 0.02
"""Deterministic solver time: enough to find the optimum nearly always; proving it is not worth more here."""


@dataclass(slots=True, eq=False)
class BestKnown:
    """Lays out the true attraction of the candidate shelves with the rules and solver that serve.

    The true attraction is that over all intents, because the intent shows only after the page. The layout
    objective values a shelf by attraction × examination; it knows nothing of listeners who leave satisfied,
    nor of items that a shelf loses to those above it, so another page can be slightly better than this one.
    """

    model: ListenerModel
    tools: Tools

    def expected(self, page: ComposedPage) -> Expectation:
        """What the best known page of this page's candidates brings in expectation, exact."""
        grid, options = self.tools.surface(page.context.surface).grid, page.options
        shelves = [option.shelf for option in options]
        heads = [option.shelf.rows[: limit_of(option.presentation, grid)] for option in options]
        prominence = prominence_of([option.presentation for option in options], grid)
        attraction = self.model.meet(page.context, shelves, heads, prominence).expected_attraction
        problem = layout_problem(layout_shelves(options), grid, self.tools.rules, attraction, page.about)
        best = solve(problem, deadline_s=self.tools.layout_deadline_s, deterministic_time=_SOLVER_TIME).page
        shown = shown_rows(options, best, grid, self.tools.builder.min_items)
        placed = list(best)
        met = self.model.meet(page.context, [shelves[i] for i in placed], shown, prominence[placed])
        return self.model.expectation(met, grid)
