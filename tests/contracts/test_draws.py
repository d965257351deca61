"""The battery that every draw goes through under every kind of rule, with the real look-ahead.

Problems are small enough to list every page. A registered kind of rule without an entry in
`tests.layout.small.RULES` fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandits.page import AnchoredMixture
from bandits.portfolio import Portfolio, Weighting
from bandits.types import Page, Probabilities
from home.draw import Exploration, PortfolioDraw, draw_page, source_of
from layout.rules import RULE_KINDS
from layout.solve import solve
from layout.types import Problem, Result
from layout.validate import inputs_of
from tests.layout import small
from tests.layout.instances import every_page, feasible_pages

EXACT = 1e-12
MOST = 8
KINDS = pytest.mark.parametrize("kind", sorted(RULE_KINDS))
EXPLORATIONS = {
    "anchored": Exploration(0.3, 0.2),
    "always exploring": Exploration(1.0, 0.05),
    "regret-capped": Exploration(0.4, 0.1, regret_cap=0.15),
    "portfolio": Exploration(0.1, 0.1, portfolio=PortfolioDraw(4, Weighting.INVERSE_GAP, 0.5)),
    "regret-capped portfolio": Exploration(
        0.1, 0.1, regret_cap=0.1, portfolio=PortfolioDraw(3, Weighting.SOFTMAX, 0.5)
    ),
}
DRAWS = pytest.mark.parametrize("draw", EXPLORATIONS)


@dataclass(frozen=True)
class Case:
    """A problem that has a page, its result, what the draw draws from, and the pages it may draw."""

    problem: Problem
    result: Result
    exploration: Exploration
    pmf: Probabilities
    source: AnchoredMixture | Portfolio
    feasible: tuple[Page, ...]
    seed: int

    @property
    def allowed(self) -> tuple[Page, ...]:
        """The feasible pages that the cap leaves."""
        least = self.exploration.least_value(self.problem, self.result.page)
        return tuple(page for page in self.feasible if least is None or self.value(page) >= least)

    @property
    def support(self) -> tuple[Page, ...]:
        """The pages that can be drawn."""
        return self.source.pages if isinstance(self.source, Portfolio) else self.allowed

    def value(self, page: Page) -> int:
        return sum(int(self.problem.values[option, slot]) for slot, option in enumerate(page))


@st.composite
def problems(draw: st.DrawFn, kind: str) -> Problem:
    """A few options on up to three slots under one rule of the kind."""
    shelves, grid = draw(small.shelves(4, 5)), draw(small.grids(3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = rng.integers(-5, 50, size=(len(shelves), len(grid.slots))).astype(np.int64)
    rules = (draw(small.RULES[kind]),)
    return Problem(shelves, grid, rules, values, int(rng.integers(1, 9)), draw(small.contexts()))


@cache
def solved(kind: str) -> tuple[tuple[Problem, Result, tuple[Page, ...]], ...]:
    """Problems in which a rule of the kind is at work, their results, and their feasible pages."""
    made: list[tuple[Problem, Result, tuple[Page, ...]]] = []

    @settings(max_examples=100, deadline=None, derandomize=True, database=None)
    @given(problems(kind))
    def add(problem: Problem) -> None:
        if len(made) < MOST and at_work(problem):
            result = solve(problem, deadline_s=60.0)
            pages = tuple(map(tuple, feasible_pages(problem).tolist()))
            if len(pages) > 1:
                made.append((problem, result, pages))

    add()
    return tuple(made)


def at_work(problem: Problem) -> bool:
    """Whether the rule rules some page out, or has some page pay."""
    pages = every_page(len(problem.shelves), len(problem.grid.slots))
    return bool((problem.rules[0].excess(inputs_of(problem), pages) > 0).any())


@cache
def cases(kind: str, draw: str) -> tuple[Case, ...]:
    """The draw on each of these problems, with a policy of its own."""
    return tuple(
        _case(problem, result, feasible, EXPLORATIONS[draw], seed)
        for seed, (problem, result, feasible) in enumerate(solved(kind))
    )


def _case(
    problem: Problem, result: Result, feasible: tuple[Page, ...], exploration: Exploration, seed: int
) -> Case:
    pmf = np.random.default_rng(seed).dirichlet(np.full(len(problem.shelves), 0.5))
    least = exploration.least_value(problem, result.page)
    source = source_of(problem, result, pmf, exploration, least)
    return Case(problem, result, exploration, pmf, source, feasible, seed)


def test_every_registered_kind_of_rule_is_in_the_battery() -> None:
    assert set(small.RULES) == set(RULE_KINDS)


@KINDS
def test_the_battery_sees_the_kind_at_work(kind: str) -> None:
    """Some of its problems have a rule that rules pages out, or is soft and has some pay."""
    assert len(solved(kind)) >= MOST // 2


@KINDS
@DRAWS
def test_probabilities_are_those_of_one_draw_among_the_allowed_pages(kind: str, draw: str) -> None:
    """They sum to 1 and are above 0 exactly on the support, which the cap and the rules allow."""
    for case in cases(kind, draw):
        probabilities = {page: case.source.probability(page) for page in case.feasible}
        assert abs(sum(probabilities.values()) - 1.0) < EXACT
        assert {page for page, p in probabilities.items() if p > 0.0} == set(case.support)
        assert set(case.support) <= set(case.allowed)
        assert case.result.page in case.support


@KINDS
@DRAWS
def test_the_exact_expectation_of_ips_is_the_true_value(kind: str, draw: str) -> None:
    """For any target within the support, whatever the pages earn."""
    for case in cases(kind, draw):
        logging = np.array([case.source.probability(page) for page in case.support])
        rng = np.random.default_rng(case.seed)
        target, rewards = rng.dirichlet(np.ones(len(logging))), rng.normal(size=len(logging))
        assert abs(float(np.sum(logging * (target / logging) * rewards)) - float(target @ rewards)) < EXACT


@KINDS
@DRAWS
def test_conditionals_are_ratios_of_prefix_probabilities_and_multiply(kind: str, draw: str) -> None:
    for case in cases(kind, draw):
        prefixes: dict[Page, float] = {}
        for page in case.support:
            for k in range(len(page) + 1):
                prefixes[page[:k]] = prefixes.get(page[:k], 0.0) + case.source.probability(page)
        for page in case.support:
            conditionals = case.source.conditionals(page)
            expected = [prefixes[page[: k + 1]] / prefixes[page[:k]] for k in range(len(page))]
            np.testing.assert_allclose(conditionals, expected, rtol=1e-9)
            assert np.prod(conditionals) == pytest.approx(case.source.probability(page), rel=EXACT)


@KINDS
@DRAWS
def test_draws_never_dead_end_and_log_what_they_did(kind: str, draw: str) -> None:
    for case in cases(kind, draw):
        for seed in range(6):
            drawn = draw_page(case.problem, case.result, case.pmf, case.exploration, seed)
            assert drawn.fallback == ""
            assert drawn.draw.page in case.support
            assert drawn.propensity == case.source.probability(drawn.draw.page)
            np.testing.assert_array_equal(drawn.draw.conditionals, case.source.conditionals(drawn.draw.page))
