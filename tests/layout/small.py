"""Small problems that can be enumerated, made by hypothesis."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from layout.rules import (
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
from layout.types import LayoutShelf, Problem
from tests.layout.instances import grid

_COLOURS = ("red", "blue", "")

selectors = st.sampled_from(
    [
        Selector({"colour": "red"}),
        Selector({"colour": ("red", "blue")}),
        Selector({"loud": True}),
        Selector({"colour": "blue", "loud": False}),
        Selector({"size": [1.0, 2.0]}),
        Selector(),
    ]
)
_slots = st.integers(1, 5)
_optional_slot = st.none() | st.integers(3, 6)
_common = {"id": st.just("rule"), "relaxation": st.none() | st.integers(0, 3)}

RULES: dict[str, st.SearchStrategy[BaseRule]] = {
    "pinned": st.builds(Pinned, selector=selectors, slot=_slots, **_common),
    "slot_range": st.builds(
        SlotRange, selector=selectors, first=st.integers(1, 3), last=_optional_slot, **_common
    ),
    "max_count": st.builds(
        MaxCount,
        selector=selectors,
        count=st.integers(0, 3),
        first=st.integers(1, 3),
        last=_optional_slot,
        **_common,
    ),
    "min_count": st.builds(
        MinCount,
        selector=selectors,
        count=st.integers(0, 4),
        first=st.integers(1, 3),
        last=_optional_slot,
        **_common,
    ),
    "min_gap": st.builds(MinGap, selector=selectors, gap=st.integers(1, 5), **_common),
    "no_equal_neighbours": st.builds(
        NoEqualNeighbours, attribute=st.sampled_from(["colour", "loud", "size"]), **_common
    ),
    "prefix_quota": st.builds(
        PrefixQuota, selector=selectors, prefix=_slots, lo=st.integers(0, 2), hi=st.integers(2, 4), **_common
    ),
    "sponsored_spacing": st.builds(
        SponsoredSpacing,
        attribute=st.sampled_from(["loud", "size"]),
        clear_first=st.integers(0, 2),
        gap=st.integers(0, 3),
        cap=st.integers(0, 3),
        **_common,
    ),
    "item_overlap": st.builds(ItemOverlap, min_items=st.integers(1, 4), **_common),
}
"""Kind name → rules of that kind. Every registered kind must be here."""


@st.composite
def shelves(draw: st.DrawFn, least: int = 1, most: int = 6) -> tuple[LayoutShelf, ...]:
    """Shelves with few distinct attributes, in an order that is not that of their ids, and shared items."""
    count = draw(st.integers(least, most))
    made = [
        LayoutShelf(
            f"s{i}",
            {
                "colour": draw(st.sampled_from(_COLOURS)),
                "loud": draw(st.booleans()),
                "size": draw(st.sampled_from([0.0, 1.0, 2.0])),
            },
            tuple(sorted(draw(st.sets(st.integers(0, 9), min_size=1, max_size=7)))),
        )
        for i in range(count)
    ]
    return tuple(draw(st.permutations(made)))


@st.composite
def problems(draw: st.DrawFn, least: int = 1, most: int = 6, rules: int = 4) -> Problem:
    """Problems of up to `most` shelves on up to five slots with up to `rules` rules of any kind."""
    made = draw(shelves(least, most))
    kinds = draw(st.lists(st.sampled_from(sorted(RULES)), max_size=rules))
    book = tuple(_renamed(draw(RULES[kind]), f"{kind} {i}") for i, kind in enumerate(kinds))
    size = draw(st.integers(1, 5))
    seed = draw(st.integers(0, 2**32 - 1))
    values = np.random.default_rng(seed).integers(-5, 50, size=(len(made), size))
    return Problem(made, grid(size), book, values.astype(np.int64))


def _renamed(rule: BaseRule, name: str) -> BaseRule:
    fields = {field: getattr(rule, field) for field in rule.__dataclass_fields__}
    return type(rule)(**{**fields, "id": name})
