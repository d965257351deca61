"""Reasons and violations that people read."""

from __future__ import annotations

import numpy as np
import pytest

from layout.rules import MaxCount, Pinned
from layout.selector import Selector
from layout.solve import solve
from layout.types import LayoutShelf, Problem
from layout.validate import STRUCTURE, misreported, objective_of, violations
from layout.why import why
from tests.layout.instances import grid, problem

RED = Selector({"colour": "red"})
SHELVES = tuple(LayoutShelf(name, {"colour": name[:-1]}) for name in ("red0", "red1", "blue2", "blue3"))
VALUES = np.array([[9, 8], [8, 7], [3, 2], [2, 1]])


def test_a_rule_that_keeps_a_better_shelf_out_is_named() -> None:
    given = Problem(
        SHELVES, grid(2), (MaxCount(id="one red", selector=RED, count=1, reason="variety"),), VALUES
    )
    first, second = why(given, solve(given, deadline_s=60).page)
    assert (first.shelf_id, first.rival, first.kept_out_by) == ("red0", None, ())
    assert (second.shelf_id, second.rival, second.rival_value) == ("blue2", "red1", 7)
    assert second.kept_out_by == ("one red",)
    assert "'one red'" in second.text


def test_a_pinned_slot_names_its_rule() -> None:
    given = Problem(
        SHELVES, grid(2), (Pinned(id="blue top", selector=Selector({"colour": "blue"}), slot=1),), VALUES
    )
    first, second = why(given, solve(given, deadline_s=60).page)
    assert (first.pinned_by, first.rival) == ("blue top", "red0")
    assert "'blue top'" in first.text
    assert second.pinned_by is None


def test_a_shelf_that_pays_more_elsewhere_is_said_to() -> None:
    values = np.array([[9, 8], [8, 1], [0, 0], [0, 0]])
    given = Problem(SHELVES, grid(2), (), values)
    first, _ = why(given, solve(given, deadline_s=60).page)
    assert (first.shelf_id, first.rival, first.kept_out_by) == ("red1", "red0", ())
    assert "elsewhere" in first.text


def test_an_explored_slot_says_so() -> None:
    first, _ = why(Problem(SHELVES, grid(2), (), VALUES), (3, 2))
    assert "explore" in first.text


@pytest.mark.parametrize("seed", range(5))
def test_an_optimal_page_was_not_drawn(seed: int) -> None:
    given = problem(seed)
    result = solve(given, deadline_s=60)
    reasons = why(given, result.page)
    assert not any("drawn" in reason.text for reason in reasons)


@pytest.mark.parametrize("seed", range(6))
def test_every_rival_of_a_best_page_is_kept_out_or_placed_lower(seed: int) -> None:
    given = problem(seed, count=40, size=8)
    result = solve(given, deadline_s=60)
    for reason in why(given, result.page):
        below = {given.shelves[s].id for s in result.page[reason.slot + 1 :]}
        assert reason.rival is None or reason.kept_out_by or reason.rival in below
        assert reason.text


@pytest.mark.parametrize(
    ("page", "fault"), [((0,), "1 shelves for 2"), ((0, 9), "shelf 9 is not"), ((1, 1), "2 times")]
)
def test_what_is_not_a_page_is_a_structural_violation(page: tuple[int, ...], fault: str) -> None:
    given = Problem(SHELVES, grid(2), (MaxCount(id="one red", selector=RED, count=0),), VALUES)
    (violation,) = violations(given, page)
    assert violation.rule_id == STRUCTURE
    assert fault in violation.reason


def test_a_broken_rule_is_reported_with_its_reason() -> None:
    rules = (
        MaxCount(id="one red", selector=RED, count=1, reason="Variety above all."),
        MaxCount(id="silent", selector=RED, count=0),
        MaxCount(id="kept", selector=RED, count=2),
    )
    found = violations(Problem(SHELVES, grid(2), rules, VALUES), (0, 1))
    assert [violation.rule_id for violation in found] == ["one red", "silent"]
    assert found[0].reason == "Variety above all."
    assert "silent" in found[1].reason


def test_a_result_that_lies_about_itself_is_found_out() -> None:
    from dataclasses import replace

    given = Problem(SHELVES, grid(2), (), VALUES)
    result = solve(given, deadline_s=60)
    assert objective_of(given, result.page) == result.objective == 16
    assert misreported(given, result) == ()
    assert len(misreported(given, replace(result, objective=17))) == 1
    assert len(misreported(given, replace(result, bound=15))) == 2
