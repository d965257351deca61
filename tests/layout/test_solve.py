"""The solver against enumeration, its certificates, and what it does when no page is feasible."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import layout.solve
from layout.compiled import compiled
from layout.completion import completion, ranked
from layout.conflict import conflict
from layout.cpsat import solve_best
from layout.errors import InvalidProblemError, InvalidRuleError, InvalidScoresError, SolverError
from layout.objective import page_values, penalties
from layout.reduce import dispensable
from layout.rules import CostBudget, MaxCount, MinCount, Pinned, SlotRange, VerticalSpace
from layout.search import improved
from layout.selector import Selector
from layout.solve import effective, solve
from layout.types import Grid, LayoutShelf, Page, Presentation, Problem, Slot, Status
from layout.validate import misreported, objective_of, paid, violations
from tests.layout.instances import feasible_pages, grid, presented, problem, worth
from tests.layout.small import problems

LAW = settings(max_examples=120, deadline=None, derandomize=True)
CALM: Any = {"deadline_s": 60.0}


@LAW
@given(problems())
def test_the_page_is_the_best_of_all_feasible_pages(given_: Problem) -> None:
    cut = replace_size(given_, min(shelf_count(given_), len(given_.grid.slots)))
    pages = feasible_pages(cut)
    result = solve(given_, **CALM)
    assert (result.status is Status.OPTIMAL) == (len(pages) > 0)
    if len(pages):
        assert result.objective == worth(cut, pages).max()
        assert result.relaxed == ()


@LAW
@given(problems())
def test_every_result_validates_and_reports_itself_truly(given_: Problem) -> None:
    for deadline in (60.0, 0.0):
        result = solve(given_, deadline_s=deadline)
        if result.status is Status.INFEASIBLE:
            assert not any(
                "row" in s.presentations or not s.presentations for s in given_.grid.slots[:1]
            ) or all(shelf.presentation == "hero" for shelf in given_.shelves)
            continue
        assert violations(effective(given_, result), result.page) == ()
        assert misreported(effective(given_, result), result) == ()


@LAW
@given(problems())
def test_a_relaxed_result_is_the_best_page_of_what_was_kept(given_: Problem) -> None:
    result = solve(given_, **CALM)
    if result.status is Status.INFEASIBLE:
        return
    kept = effective(given_, result)
    assert result.objective == worth(kept, feasible_pages(kept)).max()


@LAW
@given(problems(least=3), st.randoms(use_true_random=False))
def test_the_input_order_does_not_matter(given_: Problem, random: object) -> None:
    order = list(range(len(given_.shelves)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = replace(given_, shelves=tuple(given_.shelves[s] for s in order), values=given_.values[order])
    first, second = solve(given_, **CALM), solve(shuffled, **CALM)
    assert [given_.shelves[s].id for s in first.page] == [shuffled.shelves[s].id for s in second.page]
    assert (first.status, first.objective, first.relaxed) == (second.status, second.objective, second.relaxed)


@LAW
@given(problems(least=4), st.randoms(use_true_random=False))
def test_of_equal_pages_the_same_one_is_taken_in_any_order(given_: Problem, random: object) -> None:
    """Values so coarse that many pages are worth the same."""
    given_ = replace(given_, values=given_.values // 25)
    order = list(range(len(given_.shelves)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = replace(given_, shelves=tuple(given_.shelves[s] for s in order), values=given_.values[order])
    first, second = solve(given_, **CALM), solve(shuffled, **CALM)
    assert first.page == tuple(order[s] for s in second.page)


@pytest.mark.parametrize("seed", range(6))
def test_realistic_pages_are_the_same_in_any_order_and_every_time(seed: int) -> None:
    given_ = problem(seed, per_slot=seed % 2 == 1)
    order = np.random.default_rng(seed).permutation(len(given_.shelves))
    shuffled = replace(given_, shelves=tuple(given_.shelves[s] for s in order), values=given_.values[order])
    results = [solve(given_, **CALM), solve(problem(seed, per_slot=seed % 2 == 1), **CALM)]
    again = solve(shuffled, **CALM)
    assert results[0].page == results[1].page == tuple(order[list(again.page)].tolist())
    assert {result.proof for result in results} == {again.proof}
    assert results[0].status is Status.OPTIMAL


@pytest.mark.parametrize("seed", range(10))
def test_greedy_and_improved_pages_never_beat_a_proven_optimum(seed: int) -> None:
    given_ = problem(seed, count=40, size=8) if seed % 2 else presented(seed, count=30, size=8)
    rows = compiled(given_)
    best = solve(given_, **CALM)
    page = completion(rows, ranked(rows.values))
    assert page is not None
    better = improved(rows, page, 20)
    assert rows.holds(better)
    assert rows.worth(page) <= rows.worth(better) <= best.objective
    unreduced = solve_best(rows, rows.cells, page, floor=-(1 << 50), deterministic_time=60.0, seconds=60.0)
    assert unreduced.proven
    assert unreduced.page is not None
    assert rows.worth(unreduced.page) == best.objective


def test_alike_shelves_beyond_the_cap_are_dispensable() -> None:
    shelves = tuple(LayoutShelf(f"s{i}", {"colour": "red" if i < 4 else "blue"}) for i in range(8))
    rule = MaxCount(id="few", selector=Selector({"colour": "red"}), count=1)
    values = np.arange(8, dtype=np.int64)[:, None] * np.ones(3, np.int64)
    rows = compiled(Problem(shelves, grid(3), (rule,), values))
    assert dispensable(rows).tolist() == [True, True, True, False, True, False, False, False]


def test_rules_go_in_order_of_relaxation_and_come_back_when_innocent() -> None:
    shelves = tuple(LayoutShelf(f"s{i}", {"colour": "red" if i < 2 else "blue"}) for i in range(4))
    red, blue = Selector({"colour": "red"}), Selector({"colour": "blue"})
    values = np.arange(8, dtype=np.int64).reshape(4, 2)
    rules = (
        Pinned(id="red first", selector=red, slot=1, relaxation=None),
        MaxCount(id="innocent", selector=red, count=1, relaxation=0),
        MinCount(id="later", selector=blue, count=2, relaxation=2),
        SlotRange(id="sooner", selector=blue, first=1, relaxation=1),
    )
    result = solve(Problem(shelves, grid(2), rules, values), **CALM)
    assert (result.status, result.relaxed) == (Status.RELAXED, ("later",))


def test_the_page_is_shortened_when_no_rule_yields() -> None:
    shelves = tuple(LayoutShelf(f"s{i}", {"colour": "red"}) for i in range(4))
    few = MaxCount(id="few", selector=Selector({"colour": "red"}), count=2)
    given_ = Problem(shelves, grid(4), (few,), np.arange(16, dtype=np.int64).reshape(4, 4))
    result = solve(given_, **CALM)
    assert (result.status, len(result.page), result.relaxed) == (Status.RELAXED, 2, ())
    assert len(effective(given_, result).grid.slots) == 2


def test_one_shelf_is_shown_even_against_rules_that_never_yield() -> None:
    shelves = (LayoutShelf("s", {"colour": "red"}),)
    none = MaxCount(id="none", selector=Selector({"colour": "red"}), count=0)
    result = solve(Problem(shelves, grid(3), (none,), np.ones((1, 3), np.int64)), **CALM)
    assert (result.page, result.relaxed, result.status) == ((0,), ("none",), Status.RELAXED)


def test_without_shelves_there_is_no_page() -> None:
    empty = Problem((), grid(3), (), np.zeros((0, 3), np.int64))
    result = solve(empty)
    assert (result.status, result.page) == (Status.INFEASIBLE, ())
    with pytest.raises(InvalidProblemError, match="no shelves"):
        effective(empty, result)


def test_a_deadline_in_the_past_gives_a_valid_fallback_with_a_bound() -> None:
    given_ = problem(3)
    result, best = solve(given_, deadline_s=0.0), solve(given_, **CALM)
    assert result.status is Status.FALLBACK
    assert violations(given_, result.page) == ()
    assert result.objective <= best.objective <= result.bound


def test_a_deterministic_limit_ends_with_a_gap_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout.solve, "_CUT", 10_000)
    given_ = problem(12, size=20, per_slot=True)
    first, second = (solve(given_, deterministic_time=1e-4, **CALM) for _ in range(2))
    assert first.status is Status.FEASIBLE
    assert first.gap > 0
    assert (first.page, first.bound) == (second.page, second.bound)
    assert violations(given_, first.page) == ()


@pytest.mark.parametrize("time", [1e-4, 1e-3, 1e-2])
@pytest.mark.parametrize("seed", [0, 12, 37])
def test_a_solver_that_was_cut_short_proves_nothing(
    seed: int, time: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_ = problem(seed, size=20, per_slot=True)
    best = solve(given_, **CALM)
    monkeypatch.setattr(layout.solve, "_CUT", 10_000)
    cut = solve(given_, deterministic_time=time, **CALM)
    assert best.status is Status.OPTIMAL
    assert cut.objective <= best.objective <= cut.bound
    assert cut.status is not Status.OPTIMAL or cut.objective == best.objective


def test_a_solver_fault_costs_the_proof_and_not_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise SolverError("out of order")

    monkeypatch.setattr(layout.solve, "solve_best", broken)
    monkeypatch.setattr(layout.solve, "_CUT", 10_000)
    given_ = problem(12, size=20, per_slot=True)
    result = solve(given_, **CALM)
    assert (result.status, result.proof) == (Status.FALLBACK, "out of order")
    assert violations(given_, result.page) == ()


def test_a_hint_helps_and_a_bad_hint_is_ignored() -> None:
    given_ = problem(5)
    best = solve(given_, **CALM)
    bad: Page = (0,) * 12
    assert solve(given_, hint=best.page, **CALM).page == best.page
    assert solve(given_, hint=bad, **CALM).page == best.page
    assert solve(given_, hint=(99, *best.page[1:]), **CALM).page == best.page


def test_all_ways_to_prove_an_optimum_occur() -> None:
    free = replace(problem(0), rules=())
    proofs = {solve(problem(seed), **CALM).proof for seed in range(30)} | {solve(free, **CALM).proof}
    assert proofs >= {"assignment bound", "linear bound", "enumeration"}


def test_equal_scores_are_resolved_by_shelf_id() -> None:
    ids = ("c", "a", "d", "b")
    where = grid(2)
    shelves = tuple(LayoutShelf(one) for one in ids)
    result = solve(Problem(shelves, where, (), page_values(np.full(4, 0.3), where, ids).values), **CALM)
    assert [ids[s] for s in result.page] == ["a", "b"]


def test_values_follow_scores_times_examination() -> None:
    where, scores = grid(3), np.array([0.5, -0.2, 0.1])
    values = page_values(scores, where, ("a", "b", "c")).values
    examination = np.array([slot.examination for slot in where.slots])
    expected = scores[:, None] * examination
    scale = values.max() / expected.max()
    assert np.allclose(values / scale, expected, atol=2e-5 * expected.max())


@pytest.mark.parametrize("scores", [[np.nan, 0.1], [np.inf, 0.1], [0.1], [[0.1, 0.2], [0.3, 0.4]]])
def test_scores_that_are_no_numbers_or_misfit_are_refused(scores: list[float]) -> None:
    with pytest.raises(InvalidScoresError, match="scores"):
        page_values(np.array(scores), grid(3), ("a", "b"))


def test_problems_that_do_not_fit_together_are_refused() -> None:
    twins = (LayoutShelf("a"), LayoutShelf("a"))
    two = (LayoutShelf("a"), LayoutShelf("b"))
    ones = np.ones((2, 2), np.int64)
    rule = MinCount(id="x", selector=Selector(), count=1)
    bad = {
        "'a' occurs": Problem(twins, grid(2), (), ones),
        "no slots": Problem(two, grid(0), (), np.ones((2, 0), np.int64)),
        "shape": Problem(two, grid(3), (), ones),
        "integers": Problem(two, grid(2), (), ones * 0.5),  # type: ignore[arg-type]
        r"2\^47": Problem(two, grid(2), (), ones << 50),
        "'x' occurs": Problem(two, grid(2), (rule, rule), ones),
    }
    for message, given_ in bad.items():
        with pytest.raises(InvalidProblemError, match=message):
            solve(given_)


@pytest.mark.parametrize("seed", range(4))
def test_presentations_are_chosen_with_the_shelves(seed: int) -> None:
    given_ = presented(seed)
    result = solve(given_, **CALM)
    shown = [given_.shelves[s] for s in result.page]
    assert result.status is Status.OPTIMAL
    assert violations(given_, result.page) == ()
    assert len({shelf.group for shelf in shown}) == len(shown)
    assert sum(given_.grid.presentations[shelf.presentation].height for shelf in shown[:3]) <= 4


def test_soft_rules_are_paid_for_when_that_is_worth_it() -> None:
    shelves = tuple(LayoutShelf(f"s{i}", {"colour": "red" if i < 2 else "blue"}) for i in range(4))
    values = np.array([[90, 80], [70, 60], [30, 25], [20, 10]], dtype=np.int64)

    def page(weight: float) -> Page:
        few = MaxCount(id="few", selector=Selector({"colour": "red"}), count=1, weight=weight)
        given_ = Problem(shelves, grid(2), (few,), values, unit=10)
        result = solve(given_, **CALM)
        assert dict(paid(given_, result.page)) == ({"few": round(10 * weight)} if 1 in result.page else {})
        assert misreported(given_, result) == ()
        return result.page

    assert page(1.0) == (0, 1)
    assert page(9.0) == (0, 2)


def test_too_many_candidates_are_refused_and_a_thousand_are_laid_out() -> None:
    with pytest.raises(InvalidProblemError, match="10000 options are too many"):
        solve(problem(0, count=10_000, size=12))
    result = solve(problem(0, count=1_000, size=12), **CALM)
    assert len(result.page) == 12
    assert result.status in (Status.OPTIMAL, Status.FEASIBLE)


def test_contradictory_pins_are_named_and_relaxed() -> None:
    shelves = tuple(LayoutShelf(f"s{i}", {"colour": "red" if i else "blue"}) for i in range(3))
    pins = tuple(
        Pinned(id=colour, selector=Selector({"colour": colour}), slot=1, relaxation=order)
        for order, colour in enumerate(("red", "blue"))
    )
    given_ = Problem(shelves, grid(2), pins, np.ones((3, 2), np.int64))
    assert conflict(given_) == ("red", "blue")
    result = solve(given_, **CALM)
    assert (result.status, result.relaxed) == (Status.RELAXED, ("red",))


def test_a_grid_that_holds_no_proposed_presentation_is_infeasible() -> None:
    where = replace(
        grid(2),
        slots=(Slot(1.0, presentations=("hero",)), Slot(0.5)),
        presentations={"hero": Presentation(), "row": Presentation()},
    )
    result = solve(Problem((LayoutShelf("a", presentation="row"),), where, (), np.ones((1, 2), np.int64)))
    assert (result.status, result.page) == (Status.INFEASIBLE, ())


def test_unknown_presentations_are_refused() -> None:
    with pytest.raises(InvalidProblemError, match="'poster' of shelf 'a' is unknown"):
        solve(Problem((LayoutShelf("a", presentation="poster"),), grid(1), (), np.ones((1, 1), np.int64)))


def shelf_count(given_: Problem) -> int:
    return len({shelf.group for shelf in given_.shelves})


def replace_size(given_: Problem, size: int) -> Problem:
    """The problem on its first `size` slots."""
    where = replace(given_.grid, slots=given_.grid.slots[:size])
    return replace(given_, grid=where, values=given_.values[:, :size])


def test_of_two_broken_promises_the_cheaper_is_broken_however_dear_both_are() -> None:
    shelves = tuple(LayoutShelf(name) for name in "abcd")
    values = np.array([[2, 0], [1, 0], [1, 0], [1, 0]], dtype=np.int64)
    for scale in (1.0, 1e3, 1e6):
        cheap = MinCount(id="cheap", selector=Selector({"id": "a"}), count=1, last=1, weight=100 * scale)
        dear = MinCount(id="dear", selector=Selector({"id": "b"}), count=1, last=1, weight=1000 * scale)
        given = Problem(shelves, grid(2), (cheap, dear), values)
        result = solve(given, deadline_s=10.0)
        assert result.status is Status.OPTIMAL
        assert result.page[0] == 1
        low, high = penalties(given)
        assert low < high


def test_a_very_dear_rule_leaves_the_others_their_price() -> None:
    cheap = MinCount(id="cheap", selector=Selector({"id": "a"}), count=1, weight=0.5)
    dear = MinCount(id="dear", selector=Selector({"id": "b"}), count=1, weight=1e9)
    worth_ = page_values(np.array([0.5, 0.2]), grid(2), ("a", "b"))
    shelves = (LayoutShelf("a"), LayoutShelf("b"))
    alone = penalties(Problem(shelves, grid(2), (cheap,), worth_.values, worth_.unit))
    beside = penalties(Problem(shelves, grid(2), (cheap, dear), worth_.values, worth_.unit))
    assert beside[0] == alone[0] == round(0.5 * worth_.unit)


@pytest.mark.parametrize("weight", [1.0, 1e3, 1e9])
@pytest.mark.parametrize("cost", [1.0, 1e3, 1e6])
def test_what_a_page_pays_fits_however_dear_the_rule_and_far_the_excess(weight: float, cost: float) -> None:
    shelves = tuple(LayoutShelf(f"s{i}", {"cost": cost if i < 3 else cost / 2}) for i in range(6))
    made = page_values(np.array([1.0, 0.9, 0.8, 0.3, 0.2, 0.1]), grid(3), tuple(s.id for s in shelves))
    rules = tuple(CostBudget(id=name, budget=0.0, weight=weight) for name in "ab")
    given_ = Problem(shelves, grid(3), rules, made.values, made.unit)
    result = solve(given_, deadline_s=60.0)
    assert result.status is Status.OPTIMAL
    assert result.objective == max(objective_of(given_, page) for page in permutations(range(6), 3))
    assert misreported(given_, result) == ()


def test_no_shelves_have_no_values() -> None:
    assert page_values(np.array([]), grid(3), ()).values.shape == (0, 3)


@pytest.mark.parametrize("examination", [0.0, -1.0, 1.5, float("nan"), float("inf")])
def test_examination_is_a_share(examination: float) -> None:
    with pytest.raises(InvalidScoresError, match="examination"):
        page_values(np.ones(2), Grid("phone", (Slot(examination),), 4), ("a", "b"))


def test_scores_that_are_no_numbers_are_named() -> None:
    with pytest.raises(InvalidScoresError, match="no numbers"):
        page_values(np.array(["high", "low"]), grid(1), ("a", "b"))


def test_values_at_the_end_of_int64_are_refused() -> None:
    values = np.array([[np.iinfo(np.int64).min], [0]])
    with pytest.raises(InvalidProblemError, match="2\\^47"):
        solve(Problem((LayoutShelf("a"), LayoutShelf("b")), grid(1), (), values))


@pytest.mark.parametrize("cost", [float("nan"), float("inf"), -1e30])
def test_costs_that_cannot_be_added_up_are_refused(cost: float) -> None:
    shelves = (LayoutShelf("a", {"royalty": cost}), LayoutShelf("b", {"royalty": 1.0}))
    rule = CostBudget(id="budget", attribute="royalty", budget=3.0)
    with pytest.raises(InvalidProblemError, match="royalty"):
        solve(Problem(shelves, grid(1), (rule,), np.ones((2, 1), dtype=np.int64)))


@pytest.mark.parametrize(
    "make",
    [
        lambda: VerticalSpace(id="r", height=10**20, fold=0),
        lambda: MinCount(id="r", selector=Selector({"id": "a"}), count=1, weight=1e300),
    ],
)
def test_numbers_beyond_use_in_rules_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(InvalidRuleError, match=r"1,000,000|1e\+09"):
        make()


def test_limits_that_are_no_numbers_are_refused() -> None:
    given_ = problem(1, 10, 3)
    with pytest.raises(InvalidProblemError, match="deadline_s = nan: give seconds"):
        solve(given_, deadline_s=float("nan"))
    with pytest.raises(InvalidProblemError, match="deterministic_time = nan: give seconds"):
        solve(given_, deterministic_time=float("nan"))


def test_without_a_deadline_the_answer_is_that_of_a_long_one() -> None:
    given_ = problem(1)
    assert solve(given_, deadline_s=float("inf")).page == solve(given_, **CALM).page


def test_scores_next_to_nothing_are_none() -> None:
    worth_ = page_values(np.array([5e-324, 0.0]), grid(2), ("a", "b"))
    assert worth_.values.max() < 10
    assert np.isfinite(worth_.unit)


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1e-3, 1e3, 1e9])
def test_scores_and_weights_in_other_units_give_the_same_page(scale: float) -> None:
    """A soft rule's weight is in units of score, however small these are."""
    given_ = problem(4, count=30, size=6)
    scores = np.random.default_rng(4).beta(2.0, 12.0, size=30)
    ids = tuple(shelf.id for shelf in given_.shelves)

    def laid_out(by: float) -> tuple[tuple[int, ...], list[float]]:
        rules = tuple(
            replace(rule, weight=rule.weight * by) if rule.weight else rule  # type: ignore[type-var]
            for rule in given_.rules
        )
        worth_ = page_values(scores * by, given_.grid, ids)
        scaled = replace(given_, values=worth_.values, unit=worth_.unit, rules=rules)
        result = solve(scaled, **CALM)
        return result.page, [cost / result.objective for cost in paid(scaled, result.page).values()]

    page, payments = laid_out(scale)
    expected, before = laid_out(1.0)
    assert page == expected
    assert payments == pytest.approx(before)
    assert before
