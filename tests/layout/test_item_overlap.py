"""The overlap rule against dealing itself: which shelves can stand together, exactly and when pressed."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import layout.rules.item_overlap as module
import layout.solve
from layout.compiled import compiled
from layout.conflict import conflict
from layout.inputs import Inputs
from layout.kernels.dealing import crowded, numbered, too_few
from layout.rules import ItemOverlap
from layout.rules.item_overlap import widened
from layout.solve import effective, solve
from layout.types import LayoutShelf, Problem, Status
from layout.validate import inputs_of, violations
from tests.layout.instances import every_page, grid, problem

LAW = settings(max_examples=150, deadline=None, derandomize=True)

shelves = st.lists(st.sets(st.integers(0, 11), min_size=1, max_size=6), min_size=2, max_size=7)
wanted = st.integers(1, 4)


def _inputs(items: list[set[int]], size: int) -> Inputs:
    return Inputs(tuple(LayoutShelf(f"s{i}", items=tuple(own)) for i, own in enumerate(items)), grid(size))


def _sets_with_too_few(items: list[set[int]], each: int) -> list[frozenset[int]]:
    every = chain.from_iterable(combinations(range(len(items)), size) for size in range(1, len(items) + 1))
    return [
        frozenset(chosen)
        for chosen in every
        if len(set().union(*(items[s] for s in chosen))) < each * len(chosen)
    ]


def _keys(items: list[set[int]]) -> np.ndarray:
    owner = np.repeat(np.arange(len(items)), [len(own) for own in items])
    return np.sort(np.fromiter(chain.from_iterable(items), np.int64, len(owner)) * len(items) + owner)


def test_three_shelves_may_have_too_few_items_though_any_two_have_enough() -> None:
    given_ = _inputs([{1, 2, 3}, {2, 3, 4}, {1, 3, 4}, {7, 8}], 3)
    rule, pages = ItemOverlap(id="own", min_items=2), np.array([(0, 1, 2), (0, 1, 3), (1, 2, 3)])
    assert rule.excess(given_, pages).tolist() == [2, 0, 0]
    rows = rule.rows(given_)
    assert (rows.coefs.tolist(), rows.hi.tolist()) == ([[1, 1, 1, 0]], [2])


def test_a_page_of_which_everything_can_be_dealt_has_no_rows() -> None:
    assert len(ItemOverlap(id="own", min_items=3).rows(_inputs([{1, 2, 3, 4}, {1, 2, 5, 6}], 2)).lo) == 0


@LAW
@given(shelves, wanted)
def test_excess_is_the_greatest_lack_of_any_set(items: list[set[int]], each: int) -> None:
    given_, pages = _inputs(items, len(items)), np.arange(len(items))[None]
    lacks = [
        each * len(s) - len(set().union(*(items[i] for i in s))) for s in _sets_with_too_few(items, each)
    ]
    assert ItemOverlap(id="own", min_items=each).excess(given_, pages)[0] == max(lacks, default=0)


@LAW
@given(shelves, wanted)
def test_every_set_with_too_few_items_is_among_the_crowded_shelves(items: list[set[int]], each: int) -> None:
    found = crowded(*numbered(_keys(items), len(items)), each)
    crowd = frozenset(np.flatnonzero(found).tolist())
    violating = _sets_with_too_few(items, each)
    assert crowd == frozenset().union(*[s for s in violating if s <= crowd])
    assert all(minimal <= crowd for minimal in violating if not any(s < minimal for s in violating))


@LAW
@given(shelves, wanted, st.integers(1, 7))
def test_the_closed_sets_forbid_what_has_too_few_items_and_nothing_else(
    items: list[set[int]], each: int, most: int
) -> None:
    inside, limit, complete = too_few(*numbered(_keys(items), len(items)), each, most, 10_000, 1_000)
    assert complete
    violating = [s for s in _sets_with_too_few(items, each) if len(s) <= most]
    for size in range(1, min(most, len(items)) + 1):
        for chosen in combinations(range(len(items)), size):
            forbidden = (inside[:, list(chosen)].sum(axis=1) > limit).any()
            assert forbidden == any(s <= set(chosen) for s in violating)


@LAW
@given(shelves, wanted, st.integers(2, 4))
def test_when_there_are_too_many_sets_pages_that_are_left_can_still_be_dealt(
    items: list[set[int]], each: int, size: int
) -> None:
    given_ = _inputs(items, min(size, len(items)))
    rule, pages = ItemOverlap(id="own", min_items=each), every_page(given_.n, given_.slots)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_NODES", 0)
        kept = pages[rule.rows(given_).excess(pages) == 0]
    assert not rule.excess(given_, kept).any()


def test_budgets_take_over_on_crowded_pages_and_leave_some() -> None:
    given_ = problem(0, crowding=3.0)
    rows = ItemOverlap(id="own", min_items=14).rows(Inputs(given_.shelves, given_.grid))
    assert rows.coefs.max() > 1
    assert len(rows.lo)


def _crowded(seed: int, items: int = 21, min_items: int = 7) -> Problem:
    """A few shelves that share most of few items: more sets of them have too few than are listed."""
    rng = np.random.default_rng(seed)
    n, size = 10, 3
    shelves_ = tuple(
        LayoutShelf(f"s{i:02d}", items=tuple(rng.permutation(items)[: rng.integers(7, 19)].tolist()))
        for i in range(n)
    )
    values = rng.integers(0, 1000, size=(n, 1)) * np.arange(10, 10 - size, -1)
    return Problem(
        shelves_, grid(size), (ItemOverlap(id="own", min_items=min_items),), values.astype(np.int64)
    )


@pytest.mark.parametrize("seed", range(12))
def test_narrow_rows_never_claim_more_than_they_prove(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SETS", 4)
    given_ = _crowded(seed)
    pages = every_page(10, 3)
    worth = given_.values[pages, np.arange(3)].sum(axis=1)
    allowed = given_.rules[0].excess(inputs_of(given_), pages) == 0
    result = solve(given_, deadline_s=60.0)
    if not allowed.any():
        assert result.status is Status.RELAXED
        return
    best = int(worth[allowed].max())
    assert conflict(given_) is None
    if result.status is Status.OPTIMAL:
        assert result.objective == best
    elif result.status is Status.FEASIBLE:
        assert result.objective <= best <= result.bound
    assert not violations(effective(given_, result), result.page)


@pytest.mark.parametrize("seed", [2, 3, 4, 6, 9])
def test_a_search_that_ends_early_bounds_what_narrow_rows_keep_out_as_well(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SETS", 1)
    monkeypatch.setattr(layout.solve, "_CUT", 10_000)
    given_ = _crowded(seed, items=24, min_items=6)
    pages = every_page(10, 3)
    worth = given_.values[pages, np.arange(3)].sum(axis=1)
    allowed = given_.rules[0].excess(inputs_of(given_), pages) == 0
    result = solve(given_, deadline_s=60.0, deterministic_time=1e-9)
    assert (result.status, result.relaxed, len(result.page)) == (Status.FEASIBLE, (), 3)
    assert result.objective <= int(worth[allowed].max()) <= result.bound


def test_some_crowded_problems_are_solved_with_narrow_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SETS", 4)
    narrow = [compiled(_crowded(seed)).narrow for seed in range(12)]
    assert any(narrow)
    assert not any(compiled(widened(_crowded(seed))).narrow for seed in range(12))


def test_what_the_bound_without_narrow_rows_leaves_open_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    given = [problem(seed, crowding=2.0) for seed in range(6, 12)]
    searched = [solve(one, deadline_s=60.0).status for one in given]
    monkeypatch.setattr(layout.solve, "_WIDE_BOUNDS", 0)
    monkeypatch.setattr(layout.solve, "ENUMERATED_NODES", 0)
    bounded = [solve(one, deadline_s=60.0).status for one in given]
    assert all(compiled(one).narrow for one in given)
    assert searched.count(Status.OPTIMAL) > bounded.count(Status.OPTIMAL) > 0
