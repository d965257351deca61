"""Drawing the page to serve, and checking it; if either fails, a valid page that says it fell back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from bandits.page import AnchoredMixture, Draw, certain
from bandits.portfolio import Portfolio, Weighting, weighted
from bandits.types import Probabilities
from layout.errors import SolverError
from layout.lookahead import LookAhead
from layout.objective import page_worth
from layout.portfolio import portfolio
from layout.solve import effective
from layout.types import Page, Problem, Result, Status
from layout.validate import Violation, broken_rules_of, violations


@dataclass(frozen=True, slots=True)
class PortfolioDraw:
    """Pages are drawn from a portfolio of `size`: see `bandits.portfolio.weighted`."""

    size: int
    weighting: Weighting
    sharpness: float


@dataclass(frozen=True, slots=True)
class Exploration:
    """How pages explore.

    `epsilon` of them do, with `floor` uniform mass in each slot's choice. With a `portfolio` every page is
    drawn from it instead, with `floor` uniform mass over its pages. `regret_cap` in [0, 1] is the largest
    share of the value of the solver's page that a drawn page may lose.
    """

    epsilon: float
    floor: float
    regret_cap: float | None = None
    portfolio: PortfolioDraw | None = None

    def least_value(self, problem: Problem, page: Page) -> int | None:
        """The value, in units of `Problem.values`, that a drawn page has at least; None without a cap."""
        if self.regret_cap is None:
            return None
        value = page_worth(problem.values, page)
        # In exact arithmetic, so that no platform rounds a page in or out.
        return value - int(Fraction(self.regret_cap) * abs(value))


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A page to serve, and the problem it is a page of.

    `propensity` is None when a fallback made it unknowable; `fallback` then says why. `least_value` is what
    the page had to be worth, if there was a limit, `portfolio` what it was drawn from, if it was from one.
    """

    draw: Draw
    problem: Problem
    result: Result
    propensity: float | None
    fallback: str = ""
    least_value: int | None = None
    portfolio: Portfolio | None = None


def draw_page(
    problem: Problem, result: Result, pmf: Probabilities, exploration: Exploration, seed: int
) -> Drawn:
    """Draw a page around the solver's; `problem` is the one that `result` solves.

    When the draw fails, the solver's page is served instead, as `fall_back` does.
    """
    try:
        least = exploration.least_value(problem, result.page)
        source = source_of(problem, result, pmf, exploration, least)
        drawn = source.draw(np.random.default_rng(seed))
    except Exception as error:  # the page must be served whatever goes wrong in the draw
        return fall_back(problem, result, f"draw: {type(error).__name__}: {error}")
    chosen = source if isinstance(source, Portfolio) else None
    return Drawn(drawn, problem, result, drawn.propensity, least_value=least, portfolio=chosen)


def source_of(
    problem: Problem, result: Result, pmf: Probabilities, exploration: Exploration, least: int | None = None
) -> AnchoredMixture | Portfolio:
    """What the page is drawn from: the distribution over pages of `least` value that is logged.

    Raises InvalidProblemError when the solver's page breaks a rule, SolverError when a search fails or the
    checker objects to a page of a portfolio.
    """
    if exploration.portfolio is None:
        look_ahead = LookAhead(problem, result.page, least)
        return AnchoredMixture(result.page, pmf, look_ahead, exploration.epsilon, exploration.floor)
    chosen = exploration.portfolio
    pages, worth = portfolio(problem, result.page, chosen.size, least)
    if broken := broken_rules_of(problem, pages):
        raise SolverError(f"a page of the portfolio breaks {', '.join(broken)}")
    expected = np.array(worth, dtype=np.float64) / problem.unit
    return weighted(pages, expected, chosen.weighting, chosen.sharpness, exploration.floor)


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
