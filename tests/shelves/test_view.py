from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelves.catalog import Catalog, CatalogData
from shelves.types import Interaction, Item, Kind
from shelves.view import View
from tests.shelves.synthetic import AS_OF, MARKETS, NOW, context


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    market=st.sampled_from([*MARKETS, "XX"]),
    explicit=st.booleans(),
    dismissed=st.frozensets(st.integers(0, 800), max_size=30),
)
def test_eligible_means_market_setting_and_not_dismissed(
    catalog: Catalog, market: str, explicit: bool, dismissed: frozenset[int]
) -> None:
    person = context(catalog)
    gone = frozenset(catalog.ids[i] for i in dismissed)
    listener = replace(person.listener, market=market, allows_explicit=explicit)
    view = View(catalog, replace(person, listener=listener, dismissed_items=gone))
    for row, item in enumerate(catalog.items):
        allowed = (not item.markets or market in item.markets) and (explicit or not item.explicit)
        assert view.eligible[row] == (allowed and item.id not in gone)


def test_shared_masks_cannot_be_changed(catalog: Catalog) -> None:
    with pytest.raises(ValueError, match="read-only"):
        View(catalog, context(catalog)).eligible[0] = True


def test_history_is_strongest_first_within_reach_of_other_content_types() -> None:
    items = [Item("a", Kind.ARTIST, "A"), Item("b", Kind.ARTIST, "B"), Item("f", Kind.VIDEO, "F")]
    catalog = Catalog(CatalogData(items, AS_OF))
    history = (
        Interaction("a", 9000, NOW),
        Interaction("gone", 50),
        Interaction("b", 20),
        Interaction("f", 1),
        Interaction("a", 1),
    )
    view = View(catalog, context(catalog, history=history))
    assert [catalog.ids[row] for row in view.history_rows] == ["a", "f", "b"]
    assert view.history_weights.tolist() == pytest.approx([1, 1, np.log(21) / np.log(9001)])
    assert view.history_days.tolist() == [NOW.toordinal(), 0, 0]
    assert view.known.tolist() == [True, True, True]


def test_taste_and_affinity_follow_the_history(catalog: Catalog) -> None:
    view = View(catalog, context(catalog))
    assert np.linalg.norm(view.taste) == pytest.approx(1, abs=1e-5)
    assert view.affinity.min() >= 0
    assert view.affinity.max() <= 1
    known, others = view.affinity[view.known], view.affinity[~view.known]
    assert known.mean() > others.mean() + 0.15


def test_affinity_of_a_few_equals_affinity_of_all(catalog: Catalog) -> None:
    taste = View(catalog, context(catalog)).taste
    rows = np.array([3, 700, 41], dtype=np.int32)
    assert catalog.tags.affinity_of(rows, taste) == pytest.approx(
        catalog.tags.affinity(taste)[rows], abs=1e-6
    )


def test_friends_pool_what_they_share(catalog: Catalog) -> None:
    view = View(catalog, context(catalog, friends=("listener-5", "listener-6", "nobody")))
    listening = catalog.listening
    heard = [set(listening.by_listener.row(listening.listener_row[f"listener-{i}"]).tolist()) for i in (5, 6)]
    assert set(view.friend_rows.tolist()) == heard[0] | heard[1]
    assert int(view.friend_rows[0]) in heard[0] & heard[1]
    assert (np.diff(view.friend_weights) <= 0).all()
