from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from home.deal import deal
from layout.inputs import Inputs
from layout.rules import ItemOverlap
from layout.types import Grid, LayoutShelf, Slot

ROWS = st.lists(st.integers(0, 24), min_size=3, max_size=12, unique=True)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(shelves=st.lists(ROWS, min_size=1, max_size=6), least=st.integers(1, 4), limit=st.integers(4, 8))
def test_a_page_that_obeys_the_overlap_rule_can_always_be_dealt(
    shelves: list[list[int]], least: int, limit: int
) -> None:
    layout = tuple(LayoutShelf(f"s{i}", items=tuple(rows)) for i, rows in enumerate(shelves))
    grid = Grid("phone", tuple(Slot(1.0) for _ in shelves), limit)
    page = np.arange(len(shelves))[None, :]
    assume(not ItemOverlap(id="overlap", min_items=least).excess(Inputs(layout, grid), page)[0])
    dealt = deal(shelves, [limit] * len(shelves), least)
    assert all(least <= len(shown) <= limit for shown in dealt)
    assert all(
        list(shown) == [row for row in rows if row in shown]
        for shown, rows in zip(dealt, shelves, strict=True)
    )
    everything = [row for shown in dealt for row in shown]
    assert len(set(everything)) == len(everything)


def test_shelves_choose_from_the_top_down_while_there_is_enough() -> None:
    assert deal([[1, 2, 3, 4], [2, 3, 5, 6, 7]], [3, 3], least=2) == ((1, 2, 3), (5, 6, 7))


def test_a_shelf_below_gets_its_least_even_when_the_first_wanted_everything() -> None:
    first, second = deal([[1, 2, 3, 4], [1, 2, 3, 4]], [4, 4], least=2)
    assert sorted(first + second) == [1, 2, 3, 4]
    assert len(first) == len(second) == 2


def test_without_enough_for_all_the_upper_shelves_keep_what_they_chose() -> None:
    assert deal([[1, 2, 3], [1, 2, 3]], [3, 3], least=2) == ((1, 2, 3), ())
