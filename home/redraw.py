"""What a logged page was drawn from, put together again from its record."""

from __future__ import annotations

from bandits.page import AnchoredMixture
from bandits.portfolio import Portfolio, Weighting
from home.draw import Exploration, PortfolioDraw, source_of
from home.records import DecisionRecord
from layout.types import Problem, Result, Status


def exploration_of(record: DecisionRecord) -> Exploration:
    """How the page of a record explored."""
    drawing, asked = record.drawing, None
    if drawing.method == "portfolio":
        asked = PortfolioDraw(drawing.size, Weighting(drawing.weighting), drawing.sharpness)
    return Exploration(record.epsilon, record.floor, drawing.regret_cap, asked)


def source_of_record(record: DecisionRecord, problem: Problem) -> AnchoredMixture | Portfolio:
    """The distribution over pages of `problem`, the record's, that its page was drawn from.

    Raises InvalidProblemError when the anchor breaks a rule, SolverError when a search fails.
    """
    exploration, solver = exploration_of(record), record.solver
    anchor = Result(record.anchor, Status(solver.status), solver.objective, solver.bound)
    least = exploration.least_value(problem, record.anchor)
    return source_of(problem, anchor, record.pmf, exploration, least)
