"""Explanations, conflicts and redundancy against enumeration: each figure is the difference of two optima."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import layout.whatif
from layout.conflict import conflict
from layout.errors import InvalidProblemError
from layout.explain import explain
from layout.explanation import Absence
from layout.implied import implied
from layout.rules import MaxCount, MinCount, MutualExclusion, SlotRange
from layout.selector import Selector
from layout.solve import effective, solve
from layout.types import LayoutShelf, Mask, Pages, Problem, Result, Rule, Status
from layout.validate import inputs_of, objective_of, paid, violations
from tests.layout.instances import every_page, feasible_pages, grid, problem, worth
from tests.layout.small import problems

LAW = settings(max_examples=60, deadline=None, derandomize=True)


def _best(given_: Problem, pages: Pages) -> int | None:
    return int(worth(given_, pages).max()) if len(pages) else None


def _having(given_: Problem, pages: Pages, shelf: str) -> Mask:
    shown = np.array([one.group == shelf for one in given_.shelves])
    return np.asarray(shown[pages].any(axis=1), dtype=np.bool_)


def _without(given_: Problem, rule: Rule) -> Problem:
    return replace(given_, rules=tuple(one for one in given_.rules if one is not rule))


@LAW
@given(problems(least=2, rules=3), st.integers(0, 100))
def test_every_figure_of_an_explanation_is_that_of_enumeration(given_: Problem, pick: int) -> None:
    result = solve(given_, deadline_s=60.0)
    assume(result.page)
    kept = effective(given_, result)
    pages = feasible_pages(kept)
    page = tuple(pages[pick % len(pages)].tolist())
    found = explain(kept, page, budget_s=60.0)

    best = _best(kept, pages)
    assert (found.objective, found.best) == (int(worth(kept, np.array([page]))[0]), best)
    assert best is not None
    for placed in found.placed:
        other = _best(kept, pages[~_having(kept, pages, placed.shelf)])
        assert placed.loss == (None if other is None else best - other)
        assert placed.needed == (other is None)
        assert placed.proven
    for absent in found.absent:
        other = _best(kept, pages[_having(kept, pages, absent.shelf)])
        assert absent.cost == (None if other is None else best - other)
        assert (absent.absence is Absence.IMPOSSIBLE) == (other is None)
        assert absent.proven
        if absent.page is not None and absent.slot is not None:
            assert kept.shelves[absent.page[absent.slot]].group == absent.shelf
            assert int(worth(kept, np.array([absent.page]))[0]) == other
            assert violations(kept, absent.page) == ()
    assert found.left_out == ()
    for rule, price in zip(kept.rules, found.rules, strict=True):
        looser = _without(kept, rule)
        assert price.price == (_best(looser, feasible_pages(looser)) or 0) - best
        assert price.paid == paid(kept, page).get(rule.id, 0)


@LAW
@given(problems(least=2, rules=3))
def test_rules_that_keep_an_impossible_shelf_out_do_so_together(given_: Problem) -> None:
    result = solve(given_, deadline_s=60.0)
    assume(result.page)
    kept = effective(given_, result)
    for absent in explain(kept, result.page, budget_s=60.0).absent:
        if absent.absence is Absence.IMPOSSIBLE:
            blocking = tuple(rule for rule in kept.rules if rule.id in absent.kept_out_by)
            alone = feasible_pages(replace(kept, rules=blocking))
            assert not _having(kept, alone, absent.shelf).any()


def _may_be_best(given_: Problem, dropped: Collection[str], shelf: str) -> bool:
    """Whether some best page without the `dropped` rules has the shelf, by enumeration."""
    freer = replace(given_, rules=tuple(rule for rule in given_.rules if rule.id not in dropped))
    pages = feasible_pages(freer)
    return _best(freer, pages[_having(freer, pages, shelf)]) == _best(freer, pages)


def _is_best(given_: Problem, dropped: Collection[str], shelf: str) -> bool:
    """Whether the page that is laid out without the `dropped` rules has the shelf."""
    freer = replace(given_, rules=tuple(rule for rule in given_.rules if rule.id not in dropped))
    page = solve(freer, deadline_s=60.0).page
    return shelf in [freer.shelves[option].group for option in page]


@LAW
@given(problems(least=3, rules=4))
def test_what_keeps_a_shelf_out_is_a_minimal_set_of_hard_and_soft_rules(given_: Problem) -> None:
    result = solve(given_, deadline_s=60.0)
    assume(result.page)
    kept = effective(given_, result)
    for absent in explain(kept, result.page, budget_s=60.0).absent:
        if absent.absence is Absence.KEPT_OUT:
            assert absent.kept_out_by
            assert _may_be_best(kept, absent.kept_out_by, absent.shelf)
            if len(absent.kept_out_by) > 1:
                for rule in absent.kept_out_by:
                    assert not _is_best(kept, {*absent.kept_out_by} - {rule}, absent.shelf)
        elif absent.absence is Absence.WORTH_LESS:
            assert absent.kept_out_by == ()
            every = {rule.id for rule in kept.rules}
            for dropped in (set(), every, *({rule} for rule in every)):
                assert not _is_best(kept, dropped, absent.shelf)


def _red_problem(*rules: Rule) -> Problem:
    """Three red and three blue shelves on three slots, red ones worth more, `r0` most."""
    shelves = tuple(LayoutShelf(f"{c}{i}", {"colour": c}) for c in "rb" for i in range(3))
    values = np.array([[9 - s] * 3 for s in range(6)])
    return Problem(shelves, grid(3), rules, values)


def _absence_of(given_: Problem, shelf: str) -> tuple[Absence, tuple[str, ...]]:
    page = solve(given_, deadline_s=60.0).page
    (found,) = (one for one in explain(given_, page, budget_s=60.0).absent if one.shelf == shelf)
    return found.absence, found.kept_out_by


def test_several_rules_that_keep_a_shelf_out_are_all_named_soft_ones_too() -> None:
    first, others = Selector({"id": "r0"}), Selector({"id": ["r1", "r2"]})
    dear = MaxCount(id="dear", selector=first, count=0, weight=100.0)
    apart = MutualExclusion(id="apart", one=first, other=others)
    assert _absence_of(_red_problem(dear, apart), "r0") == (Absence.KEPT_OUT, ("dear", "apart"))


def test_rules_that_leave_no_page_with_a_shelf_are_named_together() -> None:
    low = SlotRange(id="low", selector=Selector({"id": "r0"}), first=3)
    some = MinCount(id="blue last", selector=Selector({"colour": "b"}), count=1, first=3)
    assert _absence_of(_red_problem(low, some), "r0") == (Absence.IMPOSSIBLE, ("low", "blue last"))


def test_a_rule_that_brings_a_shelf_on_is_told_from_one_that_keeps_it_out() -> None:
    last = Selector({"id": "b2"})
    given_ = _red_problem(
        MinCount(id="some blue", selector=Selector({"colour": "b"}), count=1),
        MaxCount(id="not these", selector=Selector({"id": ["b0", "b1"]}), count=0),
        MaxCount(id="not that", selector=last, count=0, weight=5.0),
    )
    page = solve(given_, deadline_s=60.0).page
    assert {given_.shelves[option].id for option in page} == {"r0", "r1", "b2"}
    assert _absence_of(given_, "r2") == (Absence.KEPT_OUT, ("some blue",))


def test_a_shelf_that_is_worth_less_than_all_others_is_kept_out_by_no_rule() -> None:
    given_ = _red_problem(MaxCount(id="few", selector=Selector({"colour": "r"}), count=2))
    assert _absence_of(given_, "b2") == (Absence.WORTH_LESS, ())
    assert _absence_of(given_, "r2") == (Absence.KEPT_OUT, ("few",))


def test_without_time_an_explanation_says_what_is_missing_and_claims_nothing() -> None:
    given_ = problem(3, count=30, size=6)
    kept = effective(given_, result := solve(given_, deadline_s=60.0))
    found = explain(kept, result.page, budget_s=0.0)
    assert set(found.left_out) >= {rule.id for rule in kept.rules}
    assert [one.shelf for one in found.placed] == [kept.shelves[option].group for option in result.page]
    assert found.objective == found.best == result.objective
    for absent in found.absent:
        assert (absent.absence, absent.kept_out_by, absent.proven) == (Absence.UNKNOWN, (), False)
        if absent.page is not None:
            assert violations(kept, absent.page) == ()
            assert absent.cost == found.best - objective_of(kept, absent.page)


def test_a_reason_that_rests_on_a_page_without_a_proof_is_not_called_proven(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given_ = _red_problem(MaxCount(id="few", selector=Selector({"colour": "r"}), count=2))
    page = solve(given_, deadline_s=60.0).page

    def unproven(problem_: Problem, **limits: Any) -> Result:
        result = solve(problem_, **limits)
        return result if problem_.rules else replace(result, status=Status.FEASIBLE)

    assert all(one.proven for one in explain(given_, page, budget_s=60.0).absent)
    monkeypatch.setattr(layout.whatif, "solve", unproven)
    absent = {one.shelf: one for one in explain(given_, page, budget_s=60.0).absent}
    assert (absent["r2"].absence, absent["r2"].cost, absent["r2"].proven) == (Absence.KEPT_OUT, 1, False)


def test_slack_is_the_distance_to_the_nearest_limit() -> None:
    given_ = problem(3, count=30, size=6)
    result = solve(given_, deadline_s=60.0)
    kept = effective(given_, result)
    inputs = inputs_of(kept)
    for rule, price in zip(kept.rules, explain(kept, result.page).rules, strict=True):
        obeyed = not rule.excess(inputs, np.array([result.page]))[0]
        assert price.slack is None or (price.slack >= 0) == obeyed


def test_a_page_that_breaks_a_rule_is_not_explained() -> None:
    given_ = Problem(
        tuple(LayoutShelf(name) for name in "ab"),
        grid(1),
        (MaxCount(id="none", selector=Selector({"id": "a"}), count=0),),
        np.array([[2], [1]]),
    )
    with pytest.raises(InvalidProblemError, match=r"page = \(0,\) breaks none"):
        explain(given_, (0,))


@LAW
@given(problems(least=2, most=5, rules=4))
def test_a_conflict_is_named_exactly_when_there_is_one_and_is_minimal(given_: Problem) -> None:
    assume(len({shelf.group for shelf in given_.shelves}) >= len(given_.grid.slots))
    found = conflict(given_)
    assert (found is None) == (len(feasible_pages(given_)) > 0)
    if found is not None:
        blocking = [rule for rule in given_.rules if rule.id in found]
        assert not _any_page(given_, blocking)
        assert all(_any_page(given_, [one for one in blocking if one is not rule]) for rule in blocking)


@LAW
@given(problems(least=2, rules=4))
def test_a_rule_is_implied_exactly_when_the_others_leave_no_page_that_breaks_it(given_: Problem) -> None:
    inputs = inputs_of(given_)
    for rule in given_.rules:
        if rule.weight is None:
            others = feasible_pages(_without(given_, rule))
            assert implied(given_, rule) == (not rule.excess(inputs, others).any())


@pytest.mark.parametrize("order", [1, -1])
def test_a_weaker_rule_is_implied_by_a_stronger_one(order: int) -> None:
    shelves = tuple(LayoutShelf(f"s{i}", {"colour": "red" if i < 3 else "blue"}) for i in range(6))[::order]
    red = Selector({"colour": "red"})
    rules = (
        MaxCount(id="one", selector=red, count=1),
        MaxCount(id="two", selector=red, count=2),
        MinCount(id="some", selector=red, count=1),
    )
    given_ = Problem(shelves, grid(3), rules, np.ones((6, 3), np.int64))
    assert [implied(given_, rule) for rule in rules] == [False, True, False]
    assert len(every_page(6, 3)) == 120


def _any_page(given_: Problem, rules: Sequence[Rule]) -> bool:
    return len(feasible_pages(replace(given_, rules=tuple(rules)))) > 0
