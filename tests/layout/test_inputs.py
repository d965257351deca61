"""What rules read does not depend on the order in which options are given."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from layout.inputs import Inputs
from layout.selector import Range, Selector
from layout.types import Attribute, Grid, LayoutShelf, Problem, Slot

VALUES: st.SearchStrategy[Attribute] = st.one_of(
    st.sampled_from(["", "rock", "pop", "1"]), st.booleans(), st.sampled_from([0, 1, 1.0, 2.5, -3])
)
GRID = Grid("phone", (Slot(1.0),), 8)
SELECTORS = (
    Selector({"a": "rock"}),
    Selector({"a": [1, "1", True]}),
    Selector({"a": Range(at_least=1)}),
    Selector({"a": "pop"}, none_of=(Selector({"id": "s1"}),)),
    Selector(any_of=(Selector({"a": False}), Selector({"a": 2.5}))),
    Selector(),
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.none() | VALUES, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_reordered_inputs_are_those_of_reordered_options(
    values: list[Attribute | None], random: object
) -> None:
    shelves = tuple(
        LayoutShelf(f"s{i}", {} if value is None else {"a": value}) for i, value in enumerate(values)
    )
    order = np.arange(len(values))
    random.shuffle(order)  # type: ignore[attr-defined]
    problem = Problem(shelves, GRID, (), np.zeros((len(values), 1), dtype=np.int64))
    shared, direct = Inputs.of(problem).ordered(order), Inputs(tuple(shelves[i] for i in order), GRID)
    assert shared.groups == direct.groups
    for name in ("a", "id", "presentation"):
        assert shared.column(name).values == direct.column(name).values
        assert shared.column(name).codes.tolist() == direct.column(name).codes.tolist()
    for selector in SELECTORS:
        assert shared.mask(selector).tolist() == direct.mask(selector).tolist()
        assert shared.shelf_count(shared.mask(selector)) == direct.mask(selector).sum()


def test_a_problem_is_read_once() -> None:
    problem = Problem((LayoutShelf("s"),), GRID, (), np.zeros((1, 1), dtype=np.int64))
    assert Inputs.of(problem) is Inputs.of(problem)
