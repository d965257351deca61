"""Aggregates are what a loop over a shelf's items would say."""

from __future__ import annotations

from statistics import fmean, pstdev

import numpy as np

from shelves.aggregates import AGGREGATES, HEAD, aggregates
from shelves.types import Shelf
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
