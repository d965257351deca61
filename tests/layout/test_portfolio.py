"""Portfolios hold different pages that obey every rule, and are the same each time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layout.errors import InvalidProblemError
from layout.objective import page_worth
from layout.portfolio import portfolio
from layout.solve import effective, solve
from layout.types import Problem
from layout.validate import STRUCTURE, broken_rules_of, objective_of, violations
from tests.layout.instances import feasible_pages, presented, problem
from tests.layout.small import problems


@settings(max_examples=150, deadline=None, derandomize=True)
@given(problems(least=2), st.integers(1, 9))
def test_pages_are_valid_and_each_brings_something_new(given_: Problem, size: int) -> None:
    result = solve(given_, deadline_s=60.0)
    if not result.page:
        return
    kept = effective(given_, result)
    pages, worth = portfolio(kept, result.page, size)
    assert pages[0] == result.page
    assert broken_rules_of(kept, pages) == ()
    assert worth == tuple(objective_of(kept, page) for page in pages)
    cells: set[tuple[int, int]] = set()
    for page in pages:
        assert set(enumerate(page)) - cells
        cells |= set(enumerate(page))
    if len(pages) < size:  # then the first page's beginnings lead to nothing new any more
        beginnings = [
            (k, page[k])
            for page in feasible_pages(kept).tolist()
            for k in range(len(page))
            if tuple(page[:k]) == result.page[:k]
        ]
        assert set(beginnings) <= cells


@pytest.mark.parametrize("make", [problem, presented])
def test_realistic_portfolios_are_full_good_and_the_same_in_any_order(make: object) -> None:
    for seed in range(4):
        given_: Problem = make(seed)  # type: ignore[operator]
        result = solve(given_, deadline_s=60.0)
        kept = effective(given_, result)
        pages, worth = portfolio(kept, result.page, 8)
        assert len(pages) == 8
        assert min(worth) > 0.9 * worth[0]
        order = np.random.default_rng(seed).permutation(len(kept.shelves))
        place = np.argsort(order)
        turned = replace(kept, shelves=tuple(kept.shelves[s] for s in order), values=kept.values[order])
        again, _ = portfolio(turned, tuple(place[list(result.page)].tolist()), 8)
        assert [tuple(order[list(page)].tolist()) for page in again] == list(pages)


def test_pages_above_a_floor() -> None:
    given_ = problem(3)
    result = solve(given_, deadline_s=60.0)
    kept = effective(given_, result)
    value = page_worth(kept.values, result.page)
    free = [page_worth(kept.values, page) for page in portfolio(kept, result.page, 8)[0]]
    least = sorted(free)[2]
    capped, _ = portfolio(kept, result.page, 8, least)
    assert min(free) < least <= min(page_worth(kept.values, page) for page in capped)
    assert portfolio(kept, result.page, 8, value)[0][0] == result.page


def test_what_makes_no_sense_is_refused() -> None:
    given_ = problem(0, count=20, size=6)
    best = solve(given_, deadline_s=60.0).page
    with pytest.raises(InvalidProblemError, match="size = 0"):
        portfolio(given_, best, 0)
    with pytest.raises(InvalidProblemError, match="feasible page"):
        portfolio(given_, best[::-1], 3)


def test_the_checker_of_many_pages_says_what_that_of_one_says() -> None:
    given_ = problem(0, count=20, size=6)
    best = solve(given_, deadline_s=60.0).page
    for page in (best, best[::-1], best[:3], (0, 0, 1, 2, 3, 4)):
        broken = broken_rules_of(given_, [best, page])
        assert broken == tuple(one.rule_id for one in violations(given_, page)) or broken == (STRUCTURE,)
        assert bool(broken) == bool(violations(given_, page))
