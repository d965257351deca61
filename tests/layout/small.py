"""Small problems that can be enumerated, made by hypothesis."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from layout.rules import (
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
)
from layout.selector import Range, Selector
from layout.types import Attribute, Grid, LayoutShelf, PageContext, Presentation, Problem, Slot

_COLOURS = ("red", "blue", "")
_SHOWN = ("hero", "row")

selectors = st.sampled_from(
    [
        Selector({"colour": "red"}),
        Selector({"colour": ("red", "blue")}),
        Selector({"loud": True}),
        Selector({"colour": "blue", "loud": False}),
        Selector({"size": [1.0, 2.0]}),
        Selector({"size": Range(at_least=1.0)}),
        Selector({"presentation": "hero"}),
        Selector(any_of=(Selector({"colour": "red"}), Selector({"loud": True}))),
        Selector(none_of=(Selector({"colour": "red"}),)),
        Selector(),
    ]
)
_slots = st.integers(1, 5)
_runs = st.none() | st.integers(1, 4)
_optional_slot = st.none() | st.integers(3, 6)
_attributes = st.sampled_from(["colour", "loud", "size", "presentation"])
_window: dict[str, Any] = {"first": st.integers(1, 3), "last": _optional_slot}
_common: dict[str, Any] = {"id": st.just("rule")}
_hard: dict[str, Any] = {**_common, "relaxation": st.none() | st.integers(0, 3)}
_weights = st.sampled_from([0.5, 1.0, 4.0])


def _either(kind: type[BaseRule], **own: Any) -> st.SearchStrategy[BaseRule]:
    """Hard and soft rules of a kind."""
    return st.builds(kind, **own, **_hard) | st.builds(kind, **own, weight=_weights, **_common)


def _floor_and_ceiling(kind: type[BaseRule], least: list[float], **own: Any) -> st.SearchStrategy[BaseRule]:
    """Rules with `at_least`, with `at_most` and with both."""
    low = st.sampled_from(least)
    both = [_either(kind, at_least=st.just(one), at_most=st.just(2 * one), **own) for one in least]
    return st.one_of(_either(kind, at_least=low, **own), _either(kind, at_most=low, **own), *both)


RULES: dict[str, st.SearchStrategy[BaseRule]] = {
    "calibration": st.builds(
        Calibration, attribute=st.sampled_from(["colour", "none"]), weight=_weights, **_common
    ),
    "cost_budget": _either(CostBudget, budget=st.sampled_from([0.0, 2.5, 4.0]), attribute=st.just("size")),
    "distinct_values": st.builds(DistinctValues, attribute=_attributes, window=st.integers(2, 5), **_hard)
    | st.builds(
        DistinctValues, attribute=_attributes, window=st.integers(3, 5), at_least=st.integers(2, 3), **_hard
    )
    | st.builds(
        DistinctValues,
        attribute=_attributes,
        window=st.integers(2, 5),
        at_least=st.sampled_from([None, 2]),
        weight=_weights,
        **_common,
    ),
    "exploration_floor": _either(
        ExplorationFloor, count=st.integers(1, 3), attribute=st.just("loud"), **_window
    ),
    "exposure": _floor_and_ceiling(Exposure, [0.4, 0.97, 1.5], selector=selectors),
    "freshness_floor": _either(FreshnessFloor, count=st.integers(1, 3), attribute=st.just("loud"), **_window),
    "implication": _either(Implication, present=selectors, needs=selectors, **_window),
    "ineligible": _either(Ineligible, selector=selectors),
    "item_overlap": st.builds(ItemOverlap, min_items=st.integers(1, 4), **_hard),
    "max_count": _either(MaxCount, selector=selectors, count=st.integers(0, 3), window=_runs, **_window),
    "max_run": _either(MaxRun, attribute=_attributes, run=st.integers(1, 3)),
    "min_count": _either(MinCount, selector=selectors, count=st.integers(0, 4), window=_runs, **_window),
    "min_gap": _either(MinGap, selector=selectors, gap=st.integers(1, 5)),
    "mutual_exclusion": _either(MutualExclusion, one=selectors, other=selectors, **_window),
    "no_equal_neighbours": _either(NoEqualNeighbours, attribute=_attributes),
    "pinned": _either(Pinned, selector=selectors, slot=_slots),
    "precedence": _either(Precedence, above=selectors, below=selectors),
    "prefix_quota": _either(
        PrefixQuota, selector=selectors, prefix=_slots, lo=st.integers(0, 2), hi=st.integers(2, 4)
    ),
    "share": _floor_and_ceiling(Share, [0.2, 1 / 3, 0.5], selector=selectors, **_window),
    "slot_range": _either(SlotRange, selector=selectors, first=st.integers(1, 3), last=_optional_slot),
    "sponsored_spacing": _either(
        SponsoredSpacing,
        attribute=st.sampled_from(["loud", "size"]),
        clear_first=st.integers(0, 2),
        gap=st.integers(0, 3),
        cap=st.integers(0, 3),
    ),
    "vertical_space": _either(VerticalSpace, height=st.integers(2, 5), fold=st.integers(0, 1)),
    "visit_stability": st.builds(VisitStability, max_moves=st.integers(0, 2), **_hard)
    | st.builds(VisitStability, weight=_weights, **_common),
}
"""Kind name → rules of that kind. Every registered kind must be here."""


@st.composite
def shelves(draw: st.DrawFn, least: int = 1, most: int = 6) -> tuple[LayoutShelf, ...]:
    """Options with few distinct attributes and shared items, not in order of ids, some of the same shelf."""
    count = draw(st.integers(least, most))
    made: list[LayoutShelf] = []
    for i in range(count):
        if made and draw(st.integers(0, 4)) == 0 and not made[-1].shelf:
            made[-1] = replace(made[-1], presentation="hero", shelf=f"both{i}")
            made.append(replace(made[-1], id=f"s{i}", presentation="row"))
            continue
        attributes: dict[str, Attribute] = {
            "colour": draw(st.sampled_from(_COLOURS)),
            "loud": draw(st.booleans()),
            "size": draw(st.sampled_from([0.0, 1.0, 2.0])),
        }
        items = tuple(sorted(draw(st.sets(st.integers(0, 9), min_size=1, max_size=7))))
        made.append(LayoutShelf(f"s{i}", attributes, items, draw(st.sampled_from(_SHOWN))))
    return tuple(draw(st.permutations(made)))


@st.composite
def grids(draw: st.DrawFn, most: int = 5) -> Grid:
    """Grids of up to `most` slots, some of which hold one presentation only."""
    slots = [
        Slot(round(0.97 * 0.9**k, 4), k // 3, draw(st.sampled_from([(), (), (), ("row",)])))
        for k in range(draw(st.integers(1, most)))
    ]
    return Grid("phone", tuple(slots), 10, presentations={"hero": Presentation(2), "row": Presentation(1)})


@st.composite
def contexts(draw: st.DrawFn) -> PageContext:
    """Previous pages and tastes."""
    previous = draw(st.permutations([f"s{i}" for i in range(6)]))[: draw(st.integers(0, 6))]
    taste = draw(st.sampled_from([{}, {"red": 0.6, "blue": 0.4}, {"red": 0.0, "green": 1.0}]))
    return PageContext(previous=tuple(previous), taste={"colour": taste})


@st.composite
def problems(draw: st.DrawFn, least: int = 1, most: int = 6, rules: int = 4) -> Problem:
    """Problems of up to `most` options on up to five slots with up to `rules` rules of any kind."""
    made = draw(shelves(least, most))
    kinds = draw(st.lists(st.sampled_from(sorted(RULES)), max_size=rules))
    book = tuple(_renamed(draw(RULES[kind]), f"{kind} {i}") for i, kind in enumerate(kinds))
    where, context = draw(grids()), draw(contexts())
    seed = draw(st.integers(0, 2**32 - 1))
    values = np.random.default_rng(seed).integers(-5, 50, size=(len(made), len(where.slots)))
    return Problem(made, where, book, values.astype(np.int64), draw(st.integers(1, 9)), context)


def _renamed(rule: BaseRule, name: str) -> BaseRule:
    kept = {field.name: getattr(rule, field.name) for field in fields(rule)}
    return type(rule)(**{**kept, "id": name})
