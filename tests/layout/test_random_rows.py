"""Everything in layout against enumeration, on problems whose rules may be any rows at all."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import layout.solve
from layout.bound import upper_bound
from layout.compiled import compiled
from layout.completion import completion, ranked
from layout.conflict import conflict, feasible
from layout.cpsat import solve_best, solve_feasible
from layout.explain import explain
from layout.lookahead import LookAhead
from layout.reduce import dispensable, worthwhile
from layout.search import improved
from layout.solve import effective, solve
from layout.types import Page, Problem, Status
from layout.validate import misreported, violations
from tests.layout.random_rows import feasible_pages, random_problem

LAW = settings(max_examples=250, deadline=None, derandomize=True)
SEEDS = st.integers(0, 10**6)


def solvable(seed: int) -> tuple[Problem, dict[Page, int]]:
    """What the random problem's result solves, with its feasible pages."""
    made = random_problem(seed)
    kept = effective(made, result) if (result := solve(made, deadline_s=60.0)).page else made
    return kept, feasible_pages(kept)


@pytest.mark.parametrize("cut", [1, 10_000])
@LAW
@given(seed=SEEDS)
def test_the_result_is_the_best_of_all_feasible_pages(cut: int, seed: int) -> None:
    made = random_problem(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout.solve, "_CUT", cut)
        result = solve(made, deadline_s=60.0)
    pages = feasible_pages(made)
    enough = len({shelf.group for shelf in made.shelves}) >= len(made.grid.slots)
    assert (result.status is Status.OPTIMAL) == bool(pages) or not enough
    if pages:
        assert result.objective == result.bound == pages[result.page] == max(pages.values())
    if result.page:
        kept = effective(made, result)
        assert violations(kept, result.page) == misreported(kept, result) == ()
        assert result.objective == max(feasible_pages(kept).values())


@LAW
@given(SEEDS)
def test_pages_are_judged_as_by_the_rules(seed: int) -> None:
    made = random_problem(seed)
    rows, pages = compiled(made), feasible_pages(made)
    for page in product(range(len(made.shelves)), repeat=len(made.grid.slots)):
        inward = rows.inward(page)
        assert rows.holds(inward) == (page in pages)
        assert page not in pages or rows.worth(inward) == pages[page]


def test_all_ways_to_an_answer_occur() -> None:
    proofs = {solve(random_problem(seed), deadline_s=60.0).proof for seed in range(60)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout.solve, "_CUT", 10_000)
        proofs |= {solve(random_problem(seed), deadline_s=60.0).proof for seed in range(60)}
    assert proofs >= {"assignment bound", "linear bound", "enumeration", "cp-sat"}


@LAW
@given(SEEDS, st.randoms(use_true_random=False))
def test_the_look_ahead_supports_what_feasible_pages_do(seed: int, random: object) -> None:
    made, pages = solvable(seed)
    if not pages:
        return
    prefixes = sorted({page[:k] for page in pages for k in range(len(page))})
    random.shuffle(prefixes)  # type: ignore[attr-defined]
    look = LookAhead(made, sorted(pages)[seed % len(pages)])
    for prefix in prefixes[:30]:
        next_ = {page[len(prefix)] for page in pages if page[: len(prefix)] == prefix}
        assert set(np.flatnonzero(look.supported(prefix)).tolist()) == next_


@LAW
@given(SEEDS, st.integers(1, 40), SEEDS)
def test_bounds_and_reductions_keep_an_optimal_page(seed: int, steps: int, pick: int) -> None:
    made, pages = solvable(seed)
    if not pages:
        return
    rows = compiled(made)
    inward = {rows.inward(page): worth for page, worth in pages.items()}
    best = max(inward.values())
    target = sorted(inward.values())[pick % len(inward)]
    bound = upper_bound(rows, target, steps)
    slots = np.arange(rows.size)
    cells = worthwhile(rows, bound, target)
    spared = ~dispensable(rows)
    assert bound.total >= best
    assert all(worth == rows.worth(page) for page, worth in inward.items())
    assert all(worth + bound.slack[list(page), slots].sum() <= bound.total for page, worth in inward.items())
    assert any(worth == best and cells[list(page), slots].all() for page, worth in inward.items())
    assert any(worth == best and spared[list(page)].all() for page, worth in inward.items())


@LAW
@given(SEEDS)
def test_the_solver_model_agrees_with_and_without_reductions(seed: int) -> None:
    made, pages = solvable(seed)
    if not pages:
        return
    rows = compiled(made)
    page = rows.inward(min(pages))
    answer = solve_best(rows, rows.cells, page, floor=-(1 << 40), deterministic_time=60.0, seconds=60.0)
    assert answer.proven
    assert answer.page is not None
    assert rows.worth(answer.page) == answer.bound == max(pages.values())
    assert pages[rows.outward(improved(rows, page, 50))] >= pages[rows.outward(page)]


@LAW
@given(SEEDS)
def test_feasibility_is_told_by_dive_and_solver_alike(seed: int) -> None:
    made = random_problem(seed, relaxable=False)
    pages, rows = feasible_pages(made), compiled(made)
    if rows.groups < rows.size:
        return
    answer, found = solve_feasible(rows), completion(rows, ranked(rows.values))
    assert feasible(made) == bool(pages) == (answer.page is not None) == (found is not None)
    assert answer.page is None or rows.outward(answer.page) in pages
    assert answer.proven or pages


@LAW
@given(SEEDS)
def test_a_conflict_is_minimal(seed: int) -> None:
    made = random_problem(seed)
    names = conflict(made)
    assert (names is None) == bool(feasible_pages(made))
    if not names:
        return
    of = {rule.id: rule for rule in made.rules}
    assert not feasible_pages(replace(made, rules=tuple(of[name] for name in names)))
    for name in names:
        rest = tuple(of[other] for other in names if other != name)
        assert feasible_pages(replace(made, rules=rest))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(SEEDS, SEEDS)
def test_an_explanation_tells_what_enumeration_tells(seed: int, pick: int) -> None:
    made, pages = solvable(seed)
    if not pages:
        return
    page = sorted(pages)[pick % len(pages)]
    told = explain(made, page)
    best = max(pages.values())

    def group(option: int) -> str:
        return made.shelves[option].group

    def best_where(shelf: str, present: bool) -> int | None:
        held = [w for p, w in pages.items() if (shelf in map(group, p)) is present]
        return best - max(held) if held else None

    assert (told.objective, told.best) == (pages[page], best)
    assert [one.shelf for one in told.placed] == [group(s) for s in page]
    assert all(one.loss == best_where(one.shelf, False) for one in told.placed)
    assert told.left_out == ()
    assert {one.shelf for one in told.absent} == {s.group for s in made.shelves} - set(map(group, page))
    assert all(one.cost == best_where(one.shelf, True) for one in told.absent)
    for price in told.rules:
        rest = tuple(rule for rule in made.rules if rule.id != price.rule)
        assert price.price == max(feasible_pages(replace(made, rules=rest)).values()) - best
        assert price.proven
        assert price.binding == (price.price > 0)


@LAW
@given(SEEDS)
def test_no_clock_gives_a_valid_page_with_a_bound(seed: int) -> None:
    made = random_problem(seed)
    result = solve(made, deadline_s=0.0)
    if not result.page:
        return
    kept = effective(made, result)
    assert result.status in (Status.FALLBACK, Status.RELAXED)
    assert violations(kept, result.page) == misreported(kept, result) == ()
    assert max(feasible_pages(kept).values()) <= result.bound
