"""Explanations, conflicts and redundancy against enumeration: each figure is the difference of two optima."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from layout.conflict import conflict
from layout.errors import InvalidProblemError
from layout.explain import explain
from layout.implied import implied
from layout.rules import MaxCount, MinCount
from layout.selector import Selector
from layout.solve import effective, solve
from layout.types import LayoutShelf, Mask, Pages, Problem, Rule
from layout.validate import inputs_of, paid
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
    found = explain(kept, page, deadline_s=60.0)

    best = _best(kept, pages)
    assert (found.objective, found.best) == (int(worth(kept, np.array([page]))[0]), best)
    assert best is not None
    for placed in found.placed:
        other = _best(kept, pages[~_having(kept, pages, placed.shelf)])
        assert placed.loss == (None if other is None else best - other)
        assert placed.proven
    for absent in found.absent:
        other = _best(kept, pages[_having(kept, pages, absent.shelf)])
        assert absent.cost == (None if other is None else best - other)
        assert (absent.slot is None) == (absent.cost is None)
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
    for absent in explain(kept, result.page, deadline_s=60.0).absent:
        if absent.cost is None:
            blocking = tuple(rule for rule in kept.rules if rule.id in absent.kept_out_by)
            alone = feasible_pages(replace(kept, rules=blocking))
            assert not _having(kept, alone, absent.shelf).any()


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
