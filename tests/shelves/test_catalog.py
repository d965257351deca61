from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from shelves.catalog import Catalog, CatalogData, EditorialShelf, Embeddings, Interactions
from shelves.columns import TYPE_CODE, fresh_days, percentiles
from shelves.types import ContentType, Item, Kind, Listener
from tests.shelves.synthetic import AS_OF, catalog_data

MUSIC = TYPE_CODE[ContentType.MUSIC]


def artists(count: int, tags: tuple[str, ...] = ()) -> list[Item]:
    return [
        Item(f"a{i}", Kind.ARTIST, f"Artist {i}", tags=tags, popularity=float(count - i))
        for i in range(count)
    ]


def plays(pairs: list[tuple[str, str]], at: date | None = None) -> Interactions:
    who, what = zip(*pairs, strict=True)
    return Interactions(who, what, [5.0] * len(pairs), [at] * len(pairs))


def test_no_items_is_an_error() -> None:
    with pytest.raises(ValueError, match="items: empty"):
        Catalog(CatalogData(items=(), as_of=AS_OF))


def test_a_repeated_id_is_named() -> None:
    with pytest.raises(ValueError, match="'a1' occurs more than once"):
        Catalog(CatalogData(items=[*artists(3), Item("a1", Kind.ARTIST, "Again")], as_of=AS_OF))


def test_interaction_columns_must_match() -> None:
    with pytest.raises(ValueError, match="columns differ in length"):
        Interactions(["l"], ["a", "b"], [1.0, 2.0], [None, None])


def test_embeddings_need_one_row_per_id() -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 3\) for 1 item_ids"):
        Embeddings(["a"], np.zeros((2, 3), dtype=np.float32))


def test_rows_and_ids_agree(catalog: Catalog) -> None:
    assert [catalog.row_of(item_id) for item_id in catalog.ids] == list(range(len(catalog)))
    assert catalog.row_of("nobody") == -1


def test_percentiles_are_within_content_type_and_share_ties() -> None:
    codes = np.array([0, 0, 0, 1], dtype=np.int8)
    values = np.array([5.0, 1.0, 5.0, 0.0])
    assert percentiles(values, codes) == pytest.approx([2.5 / 3, 1 / 3, 2.5 / 3, 1])


def test_freshness_is_a_year_where_dates_are_years() -> None:
    years = np.array([date(y, 1, 1).toordinal() for y in range(1990, 2020)], dtype=np.int32)
    assert fresh_days(years) == 365
    assert fresh_days(years + 40) == 90
    assert fresh_days(np.zeros(3, dtype=np.int32)) == 90


def test_recent_leaves_out_what_is_not_out_yet() -> None:
    days = [-1, 0, 100, 271]
    items = [Item(f"t{d}", Kind.TRACK, str(d), released=AS_OF - timedelta(days=d)) for d in days]
    recent = Catalog(CatalogData(items, AS_OF)).recent.row(MUSIC)
    assert [items[row].id for row in recent] == ["t0", "t100"]


def test_neighbours_are_co_listened_items_of_the_same_content_type() -> None:
    items = [*artists(6), Item("film", Kind.VIDEO, "Film"), Item("film2", Kind.VIDEO, "Film 2")]
    pairs = [(f"l{k}", item) for k in range(9) for item in ("a0", "a1", "film")]
    pairs += [(f"m{k}", item) for k in range(9) for item in ("a2", "a3")]
    catalog = Catalog(CatalogData(items, AS_OF, plays(pairs)))
    rows, scores = catalog.neighbours.of(catalog.row_of("a0"))
    assert [catalog.ids[row] for row in rows] == ["a1"]
    assert 0 < scores[0] < 1


def test_neighbour_similarity_is_the_stated_cosine() -> None:
    catalog = Catalog(CatalogData(artists(3), AS_OF, plays([("x", "a0"), ("y", "a0"), ("x", "a1")])))
    _, scores = catalog.neighbours.of(0)
    square = np.log(6.0) ** 2
    assert scores[0] == pytest.approx(square / np.sqrt((2 * square + 4) * (square + 4)), rel=1e-5)


def test_cold_items_find_neighbours_by_tag() -> None:
    items = [
        *artists(6, tags=("jazz",)),
        *(Item(f"b{i}", Kind.ARTIST, "B", tags=("folk",)) for i in range(6)),
    ]
    catalog = Catalog(CatalogData(items, AS_OF))
    rows, _ = catalog.neighbours.of(0)
    assert {catalog.ids[row] for row in rows} == {"a1", "a2", "a3", "a4", "a5"}


def test_similarity_does_not_depend_on_the_chunk(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shelves.neighbours._CHUNK", 7)
    again = Catalog(catalog_data())
    assert np.array_equal(again.neighbours.rows, catalog.neighbours.rows)
    assert np.allclose(again.neighbours.scores, catalog.neighbours.scores)


def test_trending_is_growth_not_size() -> None:
    then, now = AS_OF - timedelta(days=200), AS_OF - timedelta(days=5)
    who = [f"l{k}" for k in range(60)]
    old = [(w, "a0", then) for w in who] + [(w + "x", "a0", now) for w in who[:12]]
    rising = [(w, "a1", now) for w in who[:12]]
    listener, item, day = zip(*(old + rising), strict=True)
    catalog = Catalog(CatalogData(artists(3), AS_OF, Interactions(listener, item, [1.0] * len(day), day)))
    chart = catalog.listening.trending.row(MUSIC)
    assert [catalog.ids[row] for row in chart] == ["a1", "a0"]
    expected = np.log(13) * 15 / (60 * 90 / 365 + 3)
    assert catalog.listening.trending.row_weights(MUSIC)[1] == pytest.approx(expected, rel=1e-5)


def test_trending_falls_back_to_the_last_season_of_the_data() -> None:
    pairs = [(f"l{k}", "a1") for k in range(30)]
    long_ago = plays(pairs, AS_OF - timedelta(days=4000))
    catalog = Catalog(CatalogData(artists(3), AS_OF, long_ago))
    assert [catalog.ids[row] for row in catalog.listening.trending.row(MUSIC)] == ["a1"]
    undated = Catalog(CatalogData(artists(3), AS_OF, plays(pairs)))
    assert len(undated.listening.trending.row(MUSIC)) == 0


def test_charts_count_listeners_of_the_market() -> None:
    listeners = [Listener(f"l{k}", "L", "SE" if k < 3 else "US") for k in range(8)]
    pairs = [(f"l{k}", "a2" if k < 3 else "a0") for k in range(8)]
    catalog = Catalog(CatalogData(artists(4), AS_OF, plays(pairs), listeners))
    assert [catalog.ids[row] for row in catalog.listening.charts["SE"].row(MUSIC)] == ["a2"]
    assert [catalog.ids[row] for row in catalog.listening.charts["US"].row(MUSIC)] == ["a0"]


def test_interactions_and_embeddings_of_unknown_items_are_left_out() -> None:
    vectors = Embeddings(["gone", "a1", "a2"], np.array([[1, 0], [3, 4], [0, 0]], dtype=np.float32))
    data = CatalogData(artists(3), AS_OF, plays([("l", "gone"), ("l", "a1")]), embeddings=vectors)
    catalog = Catalog(data)
    assert catalog.listening.by_listener.row(0).tolist() == [1]
    assert catalog.embeddings.position.tolist() == [-1, 0, -1]
    assert catalog.embeddings.vectors_of(np.array([1], dtype=np.int32), MUSIC).tolist() == [
        pytest.approx([0.6, 0.8])
    ]


def test_untagged_works_take_their_artists_tags() -> None:
    items = [*artists(5, tags=("jazz",)), Item("t", Kind.TRACK, "T", artist_id="a0")]
    catalog = Catalog(CatalogData(items, AS_OF))
    jazz = catalog.tags.code("Jazz")
    assert catalog.row_of("t") in catalog.tags.rows(MUSIC, jazz)
    assert catalog.columns.works.row(0).tolist() == [5]


def test_rare_tags_are_no_vocabulary() -> None:
    items = [*artists(5, tags=("jazz",)), Item("t", Kind.TRACK, "T", tags=("mine",))]
    catalog = Catalog(CatalogData(items, AS_OF))
    assert catalog.tags.names == ("jazz",)
    assert catalog.tags.code("mine") == -1


def test_editorial_dates_are_inclusive_and_markets_hold() -> None:
    shelf = EditorialShelf("e", "E", "r", (), frozenset({"SE"}), date(2024, 1, 1), date(2024, 1, 31))
    assert shelf.runs("SE", date(2024, 1, 1))
    assert shelf.runs("SE", date(2024, 1, 31))
    assert not shelf.runs("SE", date(2024, 2, 1))
    assert not shelf.runs("SE", date(2023, 12, 31))
    assert not shelf.runs("US", date(2024, 1, 10))
    assert replace(shelf, markets=frozenset()).runs("US", date(2024, 1, 10))
