"""What each kind of rule means, on pages written out by hand, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from layout.errors import InvalidRuleError, InvalidSelectorError
from layout.inputs import Inputs
from layout.rules import (
    RULE_KINDS,
    BaseRule,
    Calibration,
    CostBudget,
    DistinctValues,
    ExplorationFloor,
    Exposure,
    FreshnessFloor,
    Implication,
    Ineligible,
    ItemOverlap,
    MaxCount,
    MaxRun,
    MinCount,
    MinGap,
    MutualExclusion,
    NoEqualNeighbours,
    Pinned,
    Precedence,
    PrefixQuota,
    Share,
    SlotRange,
    SponsoredSpacing,
    VerticalSpace,
    VisitStability,
    applicable,
)
from layout.selector import Range, Selector
from layout.solve import solve
from layout.types import Attribute, LayoutShelf, PageContext, Presentation, Problem
from tests.layout.instances import grid

RED = Selector({"colour": "red"})
BLUE = Selector({"colour": "blue"})
SHELVES = (
    LayoutShelf("r0", {"colour": "red", "sponsored": True, "cost": 1.5}, (1, 2, 3)),
    LayoutShelf("r1", {"colour": "red", "sponsored": False, "cost": 1.25}, (3, 4, 5)),
    LayoutShelf("b2", {"colour": "blue", "sponsored": "brand", "cost": 1.0}, (1, 2, 6), "hero"),
    LayoutShelf("n3", {}, (7, 8, 9)),
    LayoutShelf("n4", {"colour": ""}, (7, 8, 10)),
    LayoutShelf("r5", {"colour": "red"}, (11, 12, 13)),
)


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (Pinned(id="p", selector=RED, slot=2), (2, 0, 3), (0, 2, 3)),
        (SlotRange(id="p", selector=RED, first=2, last=2), (2, 1, 3), (2, 3, 1)),
        (MaxCount(id="p", selector=RED, count=1), (0, 2, 3), (0, 3, 1)),
        (MaxCount(id="p", selector=RED, count=0, first=2), (0, 2, 3), (3, 0, 2)),
        (MinCount(id="p", selector=RED, count=5), (0, 1, 5), (0, 2, 3)),
        (MinCount(id="p", selector=RED, count=1, last=1), (0, 2, 3), (2, 0, 3)),
        (MinGap(id="p", selector=RED, gap=1), (0, 2, 1), (2, 0, 1)),
        (NoEqualNeighbours(id="p", attribute="colour"), (0, 3, 4), (0, 1, 2)),
        (PrefixQuota(id="p", selector=RED, prefix=2, lo=1, hi=1), (0, 2, 1), (0, 1, 2)),
        (SponsoredSpacing(id="p", clear_first=1), (1, 0, 2), (2, 1, 3)),
        (SponsoredSpacing(id="p", gap=1), (0, 1, 2), (0, 2, 1)),
        (SponsoredSpacing(id="p", cap=1), (0, 1, 3), (0, 1, 2)),
        (ItemOverlap(id="p", min_items=3), (2, 1, 4), (0, 2, 3)),
        (ItemOverlap(id="p", min_items=3), (2, 5, 3), (0, 1, 3)),
        (Ineligible(id="p", selector=RED), (2, 3, 4), (2, 3, 0)),
        (Share(id="p", selector=RED, at_most=0.5), (0, 2, 3), (0, 1, 3)),
        (Share(id="p", selector=RED, at_least=0.5), (0, 1, 3), (0, 2, 3)),
        (MaxRun(id="p", attribute="colour", run=1), (0, 2, 1), (0, 1, 2)),
        (DistinctValues(id="p", attribute="colour", window=3), (0, 2, 3), (0, 2, 1)),
        (DistinctValues(id="p", attribute="colour", window=3, at_least=2), (0, 1, 2), (0, 1, 5)),
        (MutualExclusion(id="p", one=RED, other=BLUE), (0, 1, 3), (0, 3, 2)),
        (MutualExclusion(id="p", one=RED, other=BLUE, last=2), (0, 3, 2), (0, 2, 3)),
        (Precedence(id="p", above=RED, below=BLUE), (0, 1, 2), (0, 2, 1)),
        (Implication(id="p", present=BLUE, needs=RED), (2, 3, 0), (2, 3, 4)),
        (Exposure(id="p", selector=RED, at_least=0.9), (0, 2, 3), (2, 0, 3)),
        (Exposure(id="p", selector=RED, at_most=0.9), (2, 0, 3), (0, 2, 3)),
        (Calibration(id="p", attribute="colour", weight=1.0), (0, 1, 2), (0, 2, 3)),
        (FreshnessFloor(id="p", count=1, attribute="sponsored"), (1, 3, 2), (1, 3, 4)),
        (ExplorationFloor(id="p", count=1, last=1, attribute="sponsored"), (2, 1, 3), (1, 2, 3)),
        (VisitStability(id="p", max_moves=0), (2, 0, 3), (0, 2, 3)),
        (VisitStability(id="p", weight=1.0), (2, 3, 4), (3, 2, 4)),
        (VerticalSpace(id="p", height=4), (0, 1, 3), (2, 0, 1)),
        (CostBudget(id="p", budget=2.5), (0, 2, 3), (0, 1, 3)),
    ],
)
def test_the_meaning_of_a_rule(rule: BaseRule, good: tuple[int, ...], bad: tuple[int, ...]) -> None:
    pages = np.array([good, bad])
    where = replace(grid(3), presentations={"hero": Presentation(3)})
    context = PageContext(previous=("b2", "x"), taste={"colour": {"red": 0.6, "blue": 0.4}})
    assert (rule.excess(Inputs(SHELVES, where, context), pages) > 0).tolist() == [False, True]


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("pinned", {"selector": RED, "slot": 0}, "slot"),
        ("pinned", {"selector": RED, "slot": True}, "slot"),
        ("slot_range", {"selector": RED, "first": 4, "last": 3}, "last"),
        ("max_count", {"selector": RED, "count": -1}, "count"),
        ("min_count", {"selector": RED, "count": 1.5}, "count"),
        ("min_gap", {"selector": RED, "gap": 0}, "gap"),
        ("no_equal_neighbours", {"attribute": ""}, "attribute"),
        ("prefix_quota", {"selector": RED, "prefix": 3}, "hi"),
        ("prefix_quota", {"selector": RED, "prefix": 3, "lo": 2, "hi": 1}, "hi"),
        ("sponsored_spacing", {}, "cap"),
        ("sponsored_spacing", {"attribute": "", "cap": 1}, "attribute"),
        ("item_overlap", {"min_items": 0}, "min_items"),
        ("share", {"selector": RED}, "at_least"),
        ("share", {"selector": RED, "at_least": 1.5}, "at_least"),
        ("share", {"selector": RED, "at_least": 0.5, "at_most": 0.4}, "at_most"),
        ("max_run", {"attribute": "colour", "run": 0}, "run"),
        ("distinct_values", {"attribute": "colour", "window": 1}, "window"),
        ("distinct_values", {"attribute": "colour", "window": 6, "at_least": 4}, "at_least"),
        ("distinct_values", {"attribute": "colour", "window": 6, "at_least": 3, "weight": 1.0}, "weight"),
        ("exposure", {"selector": RED}, "at_least"),
        ("calibration", {"attribute": "colour"}, "weight"),
        ("freshness_floor", {"count": 0}, "count"),
        ("visit_stability", {}, "max_moves"),
        ("visit_stability", {"max_moves": 1, "weight": 1.0}, "max_moves"),
        ("vertical_space", {"height": 0}, "height"),
        ("cost_budget", {"budget": -1.0}, "budget"),
    ],
)
def test_a_meaningless_rule_is_refused_by_field(kind: str, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRuleError, match=f"rule 'x': {field} = "):
        RULE_KINDS[kind](id="x", **fields)


def matching(selector: Selector) -> list[str]:
    return [SHELVES[s].id for s in np.flatnonzero(Inputs(SHELVES, grid(3)).mask(selector)).tolist()]


def test_selectors_match_all_attributes_and_keep_true_and_one_apart() -> None:
    assert matching(Selector()) == ["r0", "r1", "b2", "n3", "n4", "r5"]
    assert matching(Selector({"colour": ["red", "blue"]})) == ["r0", "r1", "b2", "r5"]
    assert matching(Selector({"colour": "red", "sponsored": True})) == ["r0"]
    assert matching(Selector({"sponsored": 1})) == []
    assert matching(Selector({"id": "n3"})) == ["n3"]


def test_selectors_nest() -> None:
    red, blue = Selector({"colour": "red"}), Selector({"colour": "blue"})
    paid = Selector({"sponsored": True})
    assert matching(Selector(any_of=(blue, paid))) == ["r0", "b2"]
    assert matching(Selector(all_of=(red, paid))) == ["r0"]
    assert matching(Selector(none_of=(red, blue))) == ["n3", "n4"]
    assert matching(Selector({"colour": "red"}, none_of=(paid,))) == ["r1", "r5"]
    assert Selector({"a": 1}, any_of=(Selector({"b": 2}),)).names() == {"a", "b"}


def test_ranges_hold_for_numbers_alone() -> None:
    facts: dict[str, Attribute] = {"hour": 7, "tier": "free", "open": True}
    assert Selector({"hour": Range(6, 9)}).holds(facts)
    assert not Selector({"hour": Range(at_least=8)}).holds(facts)
    assert not Selector({"open": Range(0, 1)}).holds(facts)
    assert not Selector({"weekday": Range(0, 6)}).holds(facts)
    assert Selector({"tier": ["free", "paid"]}, none_of=(Selector({"hour": 8}),)).holds(facts)


@pytest.mark.parametrize("match", [{"colour": []}, {"": "red"}, {"colour": ""}, {"size": float("nan")}])
def test_an_empty_condition_is_refused(match: dict[str, Any]) -> None:
    with pytest.raises(InvalidSelectorError, match=" = "):
        Selector(match)


@pytest.mark.parametrize("limits", [(None, None), (3, 2), (True, None), ("1", None), (float("nan"), None)])
def test_a_meaningless_range_is_refused(limits: tuple[Any, Any]) -> None:
    with pytest.raises(InvalidSelectorError, match="at_"):
        Range(*limits)


def test_only_applicable_rules_apply() -> None:
    always = MaxCount(id="always", selector=RED, count=1)
    mornings = MaxCount(id="mornings", selector=RED, count=1, when=Selector({"hour": Range(5, 11)}))
    assert applicable((always, mornings), {"hour": 8}) == (always, mornings)
    assert applicable((always, mornings), {"hour": 20}) == (always,)


def test_a_sliding_window_counts_every_run_of_neighbours() -> None:
    """Six slots, runs of three: at most one red in each, at least one blue in each."""
    shelves = tuple(LayoutShelf(f"s{i}", {"colour": "red" if i < 3 else "blue"}) for i in range(6))
    given_ = Inputs(shelves, grid(6))
    pages = np.array([[0, 3, 4, 1, 5, 2], [0, 1, 3, 4, 2, 5], [0, 1, 2, 3, 4, 5], [3, 4, 5, 0, 1, 2]])
    few = MaxCount(id="few", selector=RED, count=1, window=3)
    some = MinCount(id="some", selector=Selector({"colour": "blue"}), count=1, window=3)
    assert few.excess(given_, pages).tolist() == [1, 1, 3, 3]
    assert some.excess(given_, pages).tolist() == [0, 0, 1, 1]
    assert few.rows(given_).excess(pages).tolist() == [1, 1, 3, 3]


@pytest.mark.parametrize(
    ("at_least", "lacking"),
    [(None, [0, 2, 3, 1]), (2, [0, 0, 1, 0]), (3, [0, 2, 3, 1])],
)
def test_a_window_pays_for_each_value_that_it_lacks(at_least: int | None, lacking: list[int]) -> None:
    """Two windows of three slots; a shelf without a colour differs from every other."""
    colours = ["red", "red", "red", "blue", "blue", ""]
    given_ = Inputs(tuple(LayoutShelf(f"s{i}", {"colour": c}) for i, c in enumerate(colours)), grid(4))
    pages = np.array([[0, 5, 3, 1], [0, 3, 1, 4], [0, 1, 2, 3], [0, 1, 5, 3]])
    rule = DistinctValues(id="p", attribute="colour", window=3, at_least=at_least, weight=1.0)
    assert rule.excess(given_, pages).tolist() == lacking
    assert rule.rows(given_).excess(pages).tolist() == lacking


def test_variety_is_bought_where_it_costs_less_than_its_weight() -> None:
    shelves = tuple(LayoutShelf(f"s{i}", {"colour": "red" if i < 3 else "blue"}) for i in range(5))
    values = np.array([[9, 9], [8, 8], [7, 7], [5, 5], [1, 1]], dtype=np.int64)

    def page(weight: float) -> list[int]:
        rule = DistinctValues(id="p", attribute="colour", window=2, weight=weight)
        return sorted(solve(Problem(shelves, grid(2), (rule,), values), deadline_s=60.0).page)

    assert page(2.0) == [0, 1]
    assert page(4.0) == [0, 3]


@pytest.mark.parametrize(("blue", "least"), [(1, 0), (2, 1), (3, 1), (4, 2)])
def test_a_sliding_minimum_asks_for_no_more_than_every_run_can_have(blue: int, least: int) -> None:
    shelves = tuple(LayoutShelf(f"s{i}", {"colour": "blue" if i < blue else "red"}) for i in range(7))
    some = MinCount(id="some", selector=Selector({"colour": "blue"}), count=2, window=3)
    problem = Problem(shelves, grid(6), (some,), np.ones((7, 6), np.int64))
    page = solve(problem, deadline_s=60.0)
    assert page.relaxed == ()
    shown = [shelves[option].attributes["colour"] == "blue" for option in page.page]
    assert min(sum(shown[k : k + 3]) for k in range(4)) >= least
    assert len(some.rows(Inputs(shelves, grid(6))).lo) == (4 if least else 0)
