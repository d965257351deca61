"""Look-ahead above a least value: exactly the pages that are worth enough, by enumeration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import layout.floor
from layout.errors import InvalidProblemError
from layout.lookahead import LookAhead
from layout.solve import effective, solve
from layout.types import Ints, Page, Pages, Problem
from tests.layout.instances import feasible_pages, problem
from tests.layout.random_rows import feasible_pages as random_pages
from tests.layout.random_rows import random_problem
from tests.layout.small import problems

LAW = settings(max_examples=150, deadline=None, derandomize=True)
SHARES = st.sampled_from([0.0, 0.1, 0.3, 0.7, 1.0])


def values_of(given_: Problem, pages: Pages) -> Ints:
    """What each page (b, K) is worth, whatever it pays for soft rules: (b,)."""
    values: Ints = given_.values[pages, np.arange(pages.shape[1])].sum(axis=1)
    return values


def check_every_prefix(given_: Problem, pages: Pages, share: float, most: int = 60) -> None:
    """The masks along every prefix are those of the `share` of pages that are worth most."""
    values = values_of(given_, pages)
    least = int(np.quantile(values, 1.0 - share, method="lower"))
    kept = pages[values >= least]
    best = tuple(kept[values_of(given_, kept).argmax()].tolist())
    look = LookAhead(given_, best, least)
    prefixes: dict[Page, set[int]] = {}
    for page in kept.tolist():
        for k, option in enumerate(page):
            prefixes.setdefault(tuple(page[:k]), set()).add(option)
    for prefix, options in list(prefixes.items())[:: max(1, len(prefixes) // most)]:
        assert set(np.flatnonzero(look.supported(prefix)).tolist()) == options


@LAW
@given(problems(least=2, rules=5), SHARES)
def test_pages_above_a_floor_under_rules_of_every_kind(given_: Problem, share: float) -> None:
    result = solve(given_, deadline_s=60.0)
    if result.page:
        given_ = effective(given_, result)
        check_every_prefix(given_, feasible_pages(given_), share)


@pytest.mark.parametrize("enumerates", [True, False])
@LAW
@given(seed=st.integers(0, 10**6), share=SHARES)
def test_pages_above_a_floor_under_any_rows(enumerates: bool, seed: int, share: float) -> None:
    made = random_problem(seed)
    result = solve(made, deadline_s=60.0)
    kept = effective(made, result) if result.page else made
    pages = random_pages(kept)
    if not pages:
        return
    with pytest.MonkeyPatch.context() as patch:
        if not enumerates:  # so that the search goes on to the dive and the solver
            patch.setattr(layout.floor, "_ROUNDS", 0)
            patch.setattr(layout.floor, "_BOUNDS", 0)
            patch.setattr(layout.floor, "ENUMERATED_NODES", 0)
        check_every_prefix(kept, np.array(sorted(pages), dtype=np.int64), share)


@pytest.mark.parametrize(("seed", "share"), [(0, 0.01), (2, 0.02), (3, 0.05), (4, 0.3)])
def test_pages_above_a_floor_on_realistic_problems(seed: int, share: float) -> None:
    given_ = problem(seed, count=13, size=5, per_slot=True)
    result = solve(given_, deadline_s=60.0)
    given_ = effective(given_, result)
    pages = feasible_pages(given_)
    assert len(pages) > 200
    check_every_prefix(given_, pages, share, most=30)


def test_a_page_below_the_floor_cannot_be_looked_around() -> None:
    given_ = problem(0, count=20, size=6)
    best = solve(given_, deadline_s=60.0).page
    value = int(values_of(given_, np.array([best]))[0])
    assert LookAhead(given_, best, value).along(best)[np.arange(6), best].all()
    with pytest.raises(InvalidProblemError, match=f"least value = {value + 1}: page is worth {value} only"):
        LookAhead(given_, best, value + 1)
