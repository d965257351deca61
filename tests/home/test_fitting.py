"""The presentations that shelves fit are those whose conditions they meet, whatever was asked before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from home.fitting import Fitting
from layout.selector import Range, Selector
from shelves.types import Attribute, Provenance, Shelf

FITS = {
    "hero": Selector({"source": ("new", "editorial")}),
    "grid": Selector({"taste": Range(at_least=0.5)}, none_of=(Selector({"id": "s1"}),)),
    "banner": Selector({"sponsored": True}),
    "unused": Selector({"genre": "jazz"}),
}
PRESENTATIONS = ("carousel", "hero", "grid", "banner")
ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "source": st.sampled_from(["new", "editorial", "mixes"]),
        "taste": st.sampled_from([0.0, 0.5, 1.0]),
        "sponsored": st.sampled_from([True, False, 1.0]),
    },
)


def shelf(name: str, attributes: dict[str, Attribute]) -> Shelf:
    nothing = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
    return Shelf(name, name, *nothing, Provenance("x", "y"), attributes)


SHELVES = st.lists(st.builds(shelf, st.sampled_from(["s1", "s2", "s3"]), ATTRIBUTES), max_size=6)


@given(requests=st.lists(SHELVES, min_size=1, max_size=4))
def test_a_shelf_fits_what_is_for_all_and_where_it_meets_the_condition(requests: list[list[Shelf]]) -> None:
    fitting = Fitting(PRESENTATIONS, FITS)
    for shelves in requests:
        facts = [{**one.attributes, "id": one.id} for one in shelves]
        expected = [
            tuple(name for name in PRESENTATIONS if name not in FITS or FITS[name].holds(known))
            for known in facts
        ]
        assert fitting.of(shelves) == expected


def test_more_than_is_remembered_costs_only_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("home.fitting._REMEMBERED", 3)
    fitting = Fitting(PRESENTATIONS, FITS)
    tastes = [i / 10 for i in range(11)]
    for _ in range(2):
        found = fitting.of([shelf("s2", {"taste": taste}) for taste in tastes])
        assert ["grid" in names for names in found] == [taste >= 0.5 for taste in tastes]


def test_without_conditions_every_shelf_fits_everything() -> None:
    shelves = [shelf("s1", {}), shelf("s2", {"source": "new"})]
    assert Fitting(("carousel", "list"), {}).of(shelves) == [("carousel", "list")] * 2
