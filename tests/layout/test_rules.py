"""What each kind of rule means, on pages written out by hand, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from layout.errors import InvalidRuleError
from layout.rules import (
    RULE_KINDS,
    BaseRule,
    ItemOverlap,
    MaxCount,
    MinCount,
    MinGap,
    NoEqualNeighbours,
    Pinned,
    PrefixQuota,
    SlotRange,
    SponsoredSpacing,
)
from layout.selector import Selector
from layout.types import LayoutShelf
from tests.layout.instances import grid

RED = Selector({"colour": "red"})
SHELVES = (
    LayoutShelf("r0", {"colour": "red", "sponsored": True}, (1, 2, 3)),
    LayoutShelf("r1", {"colour": "red", "sponsored": False}, (3, 4, 5)),
    LayoutShelf("b2", {"colour": "blue", "sponsored": "brand"}, (1, 2, 6)),
    LayoutShelf("n3", {}, (7, 8, 9)),
    LayoutShelf("n4", {"colour": ""}, (7, 8, 10)),
)


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (Pinned(id="p", selector=RED, slot=2), (2, 0, 3), (0, 2, 3)),
        (SlotRange(id="p", selector=RED, first=2, last=2), (2, 1, 3), (2, 3, 1)),
        (MaxCount(id="p", selector=RED, count=1), (0, 2, 3), (0, 3, 1)),
        (MaxCount(id="p", selector=RED, count=0, first=2), (0, 2, 3), (3, 0, 2)),
        (MinCount(id="p", selector=RED, count=5), (0, 1, 3), (0, 2, 3)),
        (MinCount(id="p", selector=RED, count=1, last=1), (0, 2, 3), (2, 0, 3)),
        (MinGap(id="p", selector=RED, gap=1), (0, 2, 1), (2, 0, 1)),
        (NoEqualNeighbours(id="p", attribute="colour"), (0, 3, 4), (0, 1, 2)),
        (PrefixQuota(id="p", selector=RED, prefix=2, lo=1, hi=1), (0, 2, 1), (0, 1, 2)),
        (SponsoredSpacing(id="p", clear_first=1), (1, 0, 2), (2, 1, 3)),
        (SponsoredSpacing(id="p", gap=1), (0, 1, 2), (0, 2, 1)),
        (SponsoredSpacing(id="p", cap=1), (0, 1, 3), (0, 1, 2)),
        (ItemOverlap(id="p", min_items=3), (2, 1, 4), (0, 2, 3)),
        (ItemOverlap(id="p", min_items=2), (0, 2, 3), (0, 1, 2)),
    ],
)
def test_the_meaning_of_a_rule(rule: BaseRule, good: tuple[int, ...], bad: tuple[int, ...]) -> None:
    pages = np.array([good, bad])
    assert rule.check(SHELVES, grid(3), pages).tolist() == [True, False]


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
    ],
)
def test_a_meaningless_rule_is_refused_by_field(kind: str, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRuleError, match=f"rule 'x': {field} = "):
        RULE_KINDS[kind](id="x", **fields)


def test_selectors_match_all_attributes_and_keep_true_and_one_apart() -> None:
    assert Selector().mask(SHELVES).all()
    assert Selector({"colour": ["red", "blue"]}).mask(SHELVES).tolist() == [True, True, True, False, False]
    assert Selector({"colour": "red", "sponsored": True}).mask(SHELVES).tolist() == [True] + [False] * 4
    assert Selector({"sponsored": 1}).mask(SHELVES).sum() == 0
    assert Selector({"id": "n3"}).mask(SHELVES).tolist() == [False, False, False, True, False]


@pytest.mark.parametrize("match", [{"colour": []}, {"": "red"}, {"colour": ""}])
def test_an_empty_condition_is_refused(match: dict[str, Any]) -> None:
    with pytest.raises(InvalidRuleError, match="selector"):
        Selector(match)
