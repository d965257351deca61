"""The overlap rule against dealing itself: which shelves can stand together, exactly and when pressed."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import layout.dealing
import layout.rules.item_overlap as module
import layout.solve
from layout.compiled import compiled
from layout.completion import completion, ranked
from layout.conflict import conflict
from layout.dealing import Dealing
from layout.errors import SolverError
from layout.growing import Growing
from layout.implied import implied
from layout.inputs import Inputs
from layout.kernels.dealing import crowded, numbered, part, too_few
from layout.lookahead import LookAhead
from layout.portfolio import portfolio
from layout.relax import variant
from layout.rules import ItemOverlap
from layout.solve import effective, solve
from layout.types import Ints, LayoutShelf, Pages, Problem, Status
from layout.validate import inputs_of, violations
from tests.layout.instances import every_page, feasible_pages, grid, problem
from tests.layout.instances import worth as total_worth
from tests.layout.small import problems

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
@given(shelves, st.randoms(use_true_random=False))
def test_the_items_of_some_shelves_are_numbered_as_if_there_were_no_others(
    items: list[set[int]], random: Random
) -> None:
    some = random.sample(range(len(items)), random.randint(1, len(items)))
    chosen = part(*numbered(_keys(items), len(items)), np.array(some, dtype=np.int64))
    alone = numbered(_keys([items[s] for s in some]), len(some))
    assert [np.asarray(one).tolist() for one in chosen] == [np.asarray(one).tolist() for one in alone]


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
def test_rows_that_are_not_all_listed_keep_out_no_page_that_can_be_dealt(
    items: list[set[int]], each: int, size: int
) -> None:
    given_ = _inputs(items, min(size, len(items)))
    rule, pages = ItemOverlap(id="own", min_items=each), every_page(given_.n, given_.slots)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "NODES", 0)
        rows = rule.rows(given_)
    dealt = rule.excess(given_, pages) == 0
    assert not rows.excess(pages[dealt]).any()
    assert rows.partial or (rows.excess(pages[~dealt]) > 0).all()


@LAW
@given(shelves, wanted, st.booleans())
def test_rows_against_a_page_forbid_it_and_no_page_that_can_be_dealt(
    items: list[set[int]], each: int, all_at_once: bool
) -> None:
    given_ = _inputs(items, min(4, len(items)))
    rule, pages = ItemOverlap(id="own", min_items=each), every_page(given_.n, given_.slots)
    dealing, broken = Dealing(rule, given_), rule.excess(given_, pages) > 0
    assert dealing.breaks(pages).tolist() == broken.tolist()
    for page in pages[:24]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(layout.dealing, "NODES", 0 if all_at_once else 2_000)
            sets, most = dealing.against(tuple(page.tolist()))
        beyond = sets[:, pages].sum(axis=2) > most[:, None]
        assert not beyond[:, ~broken].any()
        assert len(most) == (beyond[:, (pages == page).all(axis=1)]).sum()
        assert bool(len(most)) == bool(rule.excess(given_, page[None])[0])


def _crowded(seed: int, items: int = 21, min_items: int = 7, size: int = 3) -> Problem:
    """A few shelves that share most of few items: many sets of them have too few."""
    rng = np.random.default_rng(seed)
    shelves_ = tuple(
        LayoutShelf(f"s{i:02d}", items=tuple(rng.permutation(items)[: rng.integers(7, 19)].tolist()))
        for i in range(10)
    )
    values = rng.integers(0, 1000, size=(10, 1)) * np.arange(10, 10 - size, -1)
    rules = (ItemOverlap(id="own", min_items=min_items, relaxation=1),)
    return Problem(shelves_, grid(size), rules, values.astype(np.int64))


def _dealt(given_: Problem) -> tuple[Pages, Ints]:
    """The pages that can be dealt out, and what each is worth."""
    pages = feasible_pages(given_)
    return pages, given_.values[pages, np.arange(pages.shape[1])].sum(axis=1)


@pytest.mark.parametrize("listed", [0, 4, 64])
@pytest.mark.parametrize("seed", range(40))
def test_however_few_sets_are_listed_the_page_is_the_best_of_all_that_can_be_dealt(
    seed: int, listed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SETS", listed)
    given_ = _crowded(seed, items=24 if seed % 2 else 21, min_items=7 - seed % 3)
    pages, worth = _dealt(given_)
    result = solve(given_, deadline_s=60.0)
    assert conflict(given_) == (None if len(pages) else ("own",))
    if len(pages):
        assert (result.status, result.relaxed, len(result.page)) == (Status.OPTIMAL, (), 3)
        assert result.objective == worth.max()
    else:
        assert (result.status, result.relaxed) == (Status.RELAXED, ("own",))
    assert not violations(effective(given_, result), result.page)


@pytest.mark.parametrize("seed", range(8))
def test_a_page_is_the_best_of_all_also_where_looking_for_sets_takes_too_long(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = _crowded(seed, items=24)
    best = solve(listed, deadline_s=60.0)
    assert not listed.rules[0].rows(inputs_of(listed)).partial
    monkeypatch.setattr(module, "_LOOKS", 1_000)
    given_ = _crowded(seed, items=24)
    result = solve(given_, deadline_s=60.0)
    assert given_.rules[0].rows(inputs_of(given_)).partial
    assert result.status is best.status is Status.OPTIMAL
    assert result.objective == best.objective == _dealt(given_)[1].max()


@pytest.mark.parametrize("steps", ["enumeration", "branch and bound", "cp-sat"])
@pytest.mark.parametrize("seed", [4, 9, 11, 33, 35, 38])
def test_each_step_goes_on_from_a_best_page_that_cannot_be_dealt(
    seed: int, steps: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seeds of which the step's first page is none."""
    monkeypatch.setattr(module, "SETS", 0)
    monkeypatch.setattr(layout.solve, "ENUMERATED_NODES", 400 if steps == "enumeration" else 0)
    monkeypatch.setattr(layout.solve, "_CUT", 10_000 if steps == "cp-sat" else 1)
    monkeypatch.setattr(layout.solve, "_CELLS_PER_SLOT", 100)
    given_ = problem(seed, count=12, size=4)
    rng = np.random.default_rng(seed)
    shelves_ = tuple(
        replace(shelf, items=tuple(rng.permutation(18)[: rng.integers(5, 9)].tolist()))
        for shelf in given_.shelves
    )
    given_ = replace(given_, shelves=shelves_)
    result = solve(given_, deadline_s=60.0)
    kept = effective(given_, result)
    assert (result.status is Status.OPTIMAL) == bool(len(feasible_pages(given_)))
    assert result.objective == result.bound == total_worth(kept, feasible_pages(kept)).max()


def test_rows_are_added_where_not_all_sets_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the test above tries: with few listed, the best page of the rows is often none."""
    monkeypatch.setattr(module, "SETS", 4)
    added = 0
    for seed in range(40):
        given_ = _crowded(seed, items=24 if seed % 2 else 21, min_items=7 - seed % 3)
        rows = compiled(given_)
        page = completion(rows, ranked(rows.values))
        added += rows.partial and page is not None and not Growing(given_).lets(page)
    assert added >= 5


@pytest.mark.parametrize("seed", [1, 3, 7, 9, 13])
def test_a_search_that_ends_early_bounds_all_pages_that_can_be_dealt(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SETS", 0)
    monkeypatch.setattr(layout.solve, "ROUNDS", 1)
    given_ = _crowded(seed, items=24, min_items=5, size=4)
    _, worth = _dealt(given_)
    result = solve(given_, deadline_s=60.0)
    assert not violations(given_, result.page)
    assert result.objective <= int(worth.max()) <= result.bound
    assert (result.status is Status.OPTIMAL) == (result.objective == result.bound)


@LAW
@given(problems(least=4, rules=3), st.integers(1, 4))
def test_pages_relaxations_and_conflicts_are_exact_with_rows_that_are_not_all_listed(
    given_: Problem, each: int
) -> None:
    given_ = replace(given_, rules=(*given_.rules, ItemOverlap(id="own", min_items=each)))
    size = min(len({shelf.group for shelf in given_.shelves}), len(given_.grid.slots))
    whole = variant(given_, size, ())
    pages = feasible_pages(whole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "NODES", 0)
        result, named = solve(given_, deadline_s=60.0), conflict(whole)
    assert (result.status is Status.OPTIMAL) == bool(len(pages))
    if result.page:
        kept = effective(given_, result)
        assert result.objective == total_worth(kept, feasible_pages(kept)).max()
        assert not violations(kept, result.page)
    if len(pages):
        assert named is None
        return
    assert named is not None
    among = [rule for rule in whole.rules if rule.id in named]
    assert not len(feasible_pages(replace(whole, rules=tuple(among))))
    for one in among:
        assert len(feasible_pages(replace(whole, rules=tuple(rule for rule in among if rule is not one))))


@LAW
@given(problems(least=4, rules=2), st.integers(1, 4), st.integers(0, 10**6), st.none() | st.floats(0.0, 1.0))
def test_what_can_come_next_is_exact_with_rows_that_are_not_all_listed(
    given_: Problem, each: int, pick: int, share: float | None
) -> None:
    given_ = replace(given_, rules=(*given_.rules, ItemOverlap(id="own", min_items=each)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "NODES", 0)
        result = solve(given_, deadline_s=60.0)
        assume(result.page)
        given_ = effective(given_, result)
        pages = feasible_pages(given_)
        value = given_.values[pages, np.arange(pages.shape[1])].sum(axis=1)
        least = None if share is None else int(value.min() + share * (value.max() - value.min()))
        pages = pages if least is None else pages[value >= least]
        look = LookAhead(given_, tuple(pages[pick % len(pages)].tolist()), least)
        for prefix in sorted({tuple(page[:k]) for page in pages.tolist() for k in range(len(page))})[:40]:
            below = pages[(pages[:, : len(prefix)] == prefix).all(axis=1)]
            assert set(np.flatnonzero(look.supported(prefix)).tolist()) == set(below[:, len(prefix)].tolist())


@pytest.mark.parametrize("seed", range(6))
def test_pages_of_a_portfolio_can_be_dealt(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SETS", 0)
    given_ = _crowded(seed, items=24, min_items=5, size=4)
    pages, _ = portfolio(given_, solve(given_, deadline_s=60.0).page, 5)
    assert len(pages) > 1
    assert not any(violations(given_, page) for page in pages)


def test_a_rule_whose_sets_are_not_all_listed_is_not_called_superfluous(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "SETS", 0)
    shelves_ = tuple(LayoutShelf(f"s{i}", items=(0, 1, 2 + i, 9)) for i in range(4))
    rule = ItemOverlap(id="own", min_items=2)
    given_ = Problem(shelves_, grid(4), (rule,), np.ones((4, 4), dtype=np.int64))
    assert rule.rows(inputs_of(given_)).partial
    with pytest.raises(SolverError, match="'own' has more limits"):
        implied(given_, rule)
