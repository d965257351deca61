"""Aggregates are what a loop over a shelf's items would say."""

from __future__ import annotations

from statistics import fmean, pstdev

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shelves.aggregates import AGGREGATES, HEAD, aggregates
from shelves.types import Provenance, Shelf
from shelves.view import View
from tests.home.simulate.world import world


def by_hand(shelf: Shelf, view: View) -> dict[str, float]:
    """The aggregates of one shelf, item by item."""
    columns, rows = view.catalog.columns, shelf.rows.tolist()
    affinity = [float(view.affinity[row]) for row in rows]
    ages = [view.day - int(columns.release_day[row]) for row in rows if columns.release_day[row] > 0]
    weights = dict(zip(view.history_rows.tolist(), view.history_weights.tolist(), strict=True))
    creators = {int(columns.artist[row]) if columns.artist[row] >= 0 else row for row in rows}
    return {
        "head_taste": fmean(affinity[:HEAD]),
        "top_taste": max(affinity),
        "popularity_spread": 2.0 * pstdev(float(columns.popularity[row]) for row in rows),
        "history": fmean(weights.get(row, 0.0) for row in rows),
        "new": sum(0 <= age <= view.catalog.fresh_days for age in ages) / len(rows),
        "age": fmean(min(max(age / 365.25, 0.0), 20.0) for age in ages) / 20.0 if ages else 0.0,
        "artists": len(creators) / len(rows),
    }


def test_aggregates_of_a_page_are_those_of_each_shelf() -> None:
    made = world()
    for visitor in made.contexts[:5]:
        built = made.tools.builder.build(visitor)
        found = aggregates(built.shelves, built.view)
        expected = [list(by_hand(shelf, built.view).values()) for shelf in built.shelves]
        assert list(by_hand(built.shelves[0], built.view)) == list(AGGREGATES)
        np.testing.assert_allclose(found, expected, atol=1e-6)
        assert found.std(axis=0).max() > 0.1


@settings(max_examples=40, deadline=None, derandomize=True)
@given(sizes=st.lists(st.integers(1, 2 * HEAD), min_size=1, max_size=6), seed=st.integers(0, 9))
def test_shelves_of_any_size_have_the_aggregates_of_their_own_items(sizes: list[int], seed: int) -> None:
    made, rng = world(), np.random.default_rng(seed)
    view = View(made.tools.builder.catalog, made.contexts[seed % len(made.contexts)])
    shelves = [
        Shelf(
            id=str(size),
            title="",
            rows=rng.permutation(len(view.catalog))[:size].astype(np.int32),
            scores=np.zeros(size, dtype=np.float32),
            provenance=Provenance("any", ""),
        )
        for size in sizes
    ]
    expected = [list(by_hand(shelf, view).values()) for shelf in shelves]
    np.testing.assert_allclose(aggregates(shelves, view), expected, atol=1e-6)


def test_aggregates_follow_what_is_released() -> None:
    made = world()
    catalog, visitor = made.tools.builder.catalog, made.contexts[0]
    (old,) = np.flatnonzero(catalog.columns.release_day < catalog.day - 2 * catalog.fresh_days)[:1]
    rows = np.array([old], dtype=np.int32)
    shelf = Shelf("s", "", rows, np.zeros(1, dtype=np.float32), Provenance("any", ""))
    new = list(AGGREGATES).index("new")
    assert aggregates([shelf], View(catalog, visitor))[0, new] == 0.0
    assert aggregates([shelf], View(catalog.with_releases(rows), visitor))[0, new] == 1.0
