"""The draw of a logged decision, put together again from its record."""

from __future__ import annotations

from bandits.page import AnchoredMixture
from bandits.portfolio import Portfolio, Weighting
from home.draw import Exploration, PortfolioDraw, source_of
from home.records import DecisionRecord
from layout.types import Problem, Result, Status


def draw_of(record: DecisionRecord, problem: Problem) -> AnchoredMixture | Portfolio:
    """What the record's page was drawn from; `problem` is the one that the decision solved.

    Raises ValueError when it is not what the record says it was, InvalidProblemError when the anchor breaks a
    rule, SolverError when a search fails.
    """
    exploration = exploration_of(record)
    least = exploration.least_value(problem, record.anchor)
    if least != record.drawing.least_value:
        raise ValueError(f"pages are worth at least {least}, but {record.drawing.least_value} was logged")
    solver = record.solver
    result = Result(record.anchor, Status(solver.status), solver.objective, solver.bound)
    source = source_of(problem, result, record.pmf, exploration, least)
    if isinstance(source, Portfolio):
        logged = (record.drawing.pages, record.drawing.probabilities)
        if logged != (source.pages, tuple(source.probabilities.tolist())):
            raise ValueError(f"the portfolio is {source.pages}, but {record.drawing.pages} was logged")
    return source


def exploration_of(record: DecisionRecord) -> Exploration:
    """How the record's page explored."""
    drawing, asked = record.drawing, None
    if drawing.method == "portfolio":
        asked = PortfolioDraw(drawing.size, Weighting(drawing.weighting), drawing.sharpness)
    return Exploration(record.epsilon, record.floor, drawing.regret_cap, asked)
