"""Drawing the page to serve, and checking it; if either fails, a valid page that says it fell back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bandits.page import AnchoredMixture, Draw, certain
from bandits.types import Probabilities
from layout.lookahead import LookAhead
from layout.solve import effective
from layout.types import Page, Problem, Result, Status
from layout.validate import Violation, violations


@dataclass(frozen=True, slots=True)
class Exploration:
    """How much pages explore: `epsilon` of them do, with `floor` uniform mass in each slot's choice."""

    epsilon: float
    floor: float


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A page to serve, and the problem it is a page of.

    `propensity` is None when a fallback made it unknowable; `fallback` then says why.
    """

    draw: Draw
    problem: Problem
    result: Result
    propensity: float | None
    fallback: str = ""


def draw_page(
    problem: Problem, result: Result, pmf: Probabilities, exploration: Exploration, seed: int
) -> Drawn:
    """Draw a page around the solver's; `problem` is the one that `result` solves.

    When the draw fails, the solver's page is served instead, as `fall_back` does.
    """
    try:
        mixture = AnchoredMixture(
            result.page, pmf, LookAhead(problem, result.page), exploration.epsilon, exploration.floor
        )
        drawn = mixture.draw(np.random.default_rng(seed))
    except Exception as error:  # the page must be served whatever goes wrong in the draw
        return fall_back(problem, result, f"draw: {type(error).__name__}: {error}")
    return Drawn(drawn, problem, result, drawn.propensity)


def checked(drawn: Drawn) -> tuple[Drawn, tuple[Violation, ...]]:
    """Have the independent checker go over a drawn page; what it objects to is not served.

    Returns the page to serve, as `fall_back` makes it where the checker objects, and the objections.
    """
    broken = violations(drawn.problem, drawn.draw.page)
    if not broken:
        return drawn, ()
    why = f"check: the page broke {', '.join(violation.rule_id for violation in broken)}"
    return fall_back(drawn.problem, drawn.result, why), broken


def fall_back(problem: Problem, result: Result, why: str) -> Drawn:
    """The longest valid beginning of the solver's page, served without a draw and without a propensity."""
    for length in range(len(result.page), 0, -1):
        page = result.page[:length]
        shorter = replace(result, page=page, status=Status.FALLBACK, relaxed=())
        kept = effective(problem, shorter)
        if not violations(kept, page):
            return Drawn(certain(page), kept, shorter, None, why)
    return _without_rules(problem, result, why)


def greedy(problem: Problem) -> Page:
    """Slot by slot what is worth most of the options that fit; no rule is asked, so none can fail."""
    page: Page = ()
    for k, slot in enumerate(problem.grid.slots):
        taken = {problem.shelves[option].group for option in page}
        fitting = [
            option
            for option, shelf in enumerate(problem.shelves)
            if shelf.group not in taken
            and (not slot.presentations or shelf.presentation in slot.presentations)
        ]
        if not fitting:
            break
        page = (*page, max(fitting, key=lambda option: int(problem.values[option, k])))
    return page


def _without_rules(problem: Problem, result: Result, why: str) -> Drawn:
    """One shelf and no rules: nothing can be wrong with it, and an empty page would be worse."""
    first = greedy(problem)[:1]
    dropped = tuple(rule.id for rule in problem.rules)
    single = replace(result, page=first, status=Status.FALLBACK, relaxed=dropped)
    return Drawn(certain(first), effective(problem, single), single, None, why)
