from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelves.attributes import MIXED
from shelves.build import ATTRIBUTES, Builder
from shelves.catalog import Catalog, CatalogData
from shelves.registry import FAMILIES, SOURCES
from shelves.types import Item, Kind
from tests.shelves.stubs import Stub, a_shelf
from tests.shelves.synthetic import AS_OF, MARKETS, context


@pytest.fixture(scope="module")
def builder(catalog: Catalog) -> Builder:
    return Builder(SOURCES.values(), catalog, budget_s=10)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    who=st.integers(0, 79),
    market=st.sampled_from([*MARKETS, "XX"]),
    explicit=st.booleans(),
    dismissed=st.frozensets(st.integers(0, 889), max_size=200),
)
def test_nothing_ineligible_ever_appears(
    builder: Builder, who: int, market: str, explicit: bool, dismissed: frozenset[int]
) -> None:
    items = builder.catalog.items
    gone = frozenset(items[i].id for i in dismissed)
    person = context(builder.catalog, who, dismissed_items=gone)
    person = replace(person, listener=replace(person.listener, market=market, allows_explicit=explicit))
    built = builder.build(person)
    assert not built.dropped
    for shelf in built.shelves:
        assert builder.min_items <= len(shelf) <= builder.max_items
        assert len(set(shelf.rows.tolist())) == len(shelf)
        for row in shelf.rows:
            item = items[row]
            assert not item.markets or market in item.markets
            assert explicit or not item.explicit
            assert item.id not in gone
        assert shelf.provenance.seed_item not in gone


def test_a_source_that_ignores_eligibility_is_filtered(catalog: Catalog) -> None:
    person = context(catalog, 0)
    barred = [row for row, item in enumerate(catalog.items) if item.explicit][:6]
    fine = np.flatnonzero(Builder([], catalog).build(person).view.eligible)[:5].tolist()
    careless = Stub("careless", lambda _: [a_shelf("careless", [*barred, *fine, *fine])])
    (shelf,) = Builder([careless], catalog).build(person).shelves
    assert shelf.rows.tolist() == fine


def test_a_limit_takes_from_the_sources_in_turns(catalog: Catalog) -> None:
    fine = np.flatnonzero(Builder([], catalog).build(context(catalog, 0)).view.eligible)[:5].tolist()
    many = Stub("many", lambda _: [a_shelf(f"many:{i}", fine) for i in range(6)])
    few = Stub("few", lambda _: [a_shelf(f"few:{i}", fine) for i in range(2)])
    shelves = Builder([many, few], catalog, max_shelves=5).build(context(catalog, 0)).shelves
    assert [shelf.id for shelf in shelves] == ["many:0:1", "many:1:1", "many:2:1", "few:0:1", "few:1:1"]


def test_a_heavy_listener_gets_fifty_to_eighty_shelves_and_a_new_one_enough(builder: Builder) -> None:
    heavy = builder.build(context(builder.catalog, 1))
    assert 50 <= len(heavy.shelves) <= 80
    new = builder.build(context(builder.catalog, 1, history=(), friends=(), follows=frozenset()))
    assert len(new.shelves) >= 15


def test_ids_and_titles_are_unique(builder: Builder) -> None:
    built = builder.build(context(builder.catalog))
    assert len({shelf.id for shelf in built.shelves}) == len(built.shelves)
    assert len({shelf.title.casefold() for shelf in built.shelves}) == len(built.shelves)


def test_shelves_with_a_taken_id_or_title_give_way(catalog: Catalog) -> None:
    rows = range(6)
    person = context(catalog, 1)
    first = Stub("a", lambda _: [a_shelf("a", rows, id="one"), a_shelf("a", rows, id="two", title="Other")])
    second = Stub(
        "b", lambda _: [a_shelf("b", rows, id="one"), a_shelf("b", rows, id="three", title="OTHER")]
    )
    built = Builder([first, second], catalog, min_items=1).build(person)
    assert [shelf.id for shelf in built.shelves] == ["one", "two"]


def test_a_dismissed_shelf_is_gone_and_nothing_else(builder: Builder) -> None:
    before = [shelf.id for shelf in builder.build(context(builder.catalog)).shelves]
    named_after_a_source = set(SOURCES) & set(before)
    assert {"jump_back_in", "deep_catalogue", "watch"} <= named_after_a_source
    for gone in {*before[::7], *named_after_a_source}:
        person = context(builder.catalog, dismissed_shelves=frozenset({gone}))
        assert [shelf.id for shelf in builder.build(person).shelves] == [i for i in before if i != gone]


def test_a_dismissed_shelf_does_not_come_back_under_another_id(catalog: Catalog) -> None:
    twins = [
        Stub("a", lambda _: [a_shelf("a", range(6), title="Same")]),
        Stub("b", lambda _: [a_shelf("b", range(6), title="Same")]),
    ]
    builder = Builder(twins, catalog, min_items=1)
    assert [shelf.id for shelf in builder.build(context(catalog, 1)).shelves] == ["a:1"]
    assert builder.build(context(catalog, 1, dismissed_shelves=frozenset({"a:1"}))).shelves == ()


def test_standard_attributes_match_their_definitions(builder: Builder) -> None:
    built = builder.build(context(builder.catalog))
    view, items = built.view, builder.catalog.items
    for shelf in built.shelves:
        values = shelf.attributes
        chosen = [items[row] for row in shelf.rows]
        assert set(values) >= set(ATTRIBUTES)
        assert values["source"] == shelf.provenance.source
        assert values["family"] == FAMILIES[shelf.provenance.source]
        types = [item.content_type.value for item in chosen]
        top = max(set(types), key=types.count)
        assert values["content_type"] == (top if types.count(top) >= 0.6 * len(types) else MIXED)
        genres = [item.genre for item in chosen]
        assert genres.count(str(values["genre"])) == max(map(genres.count, genres))
        dated = [item.released for item in chosen if item.released is not None]
        young = sum(0 <= (AS_OF - day).days <= builder.catalog.fresh_days for day in dated)
        assert values["fresh"] == (2 * young >= len(dated) > 0)
        assert values["size"] == len(shelf)
        assert values["taste"] == pytest.approx(float(view.affinity[shelf.rows].mean()), abs=1e-5)
        percentiles = builder.catalog.columns.popularity[shelf.rows]
        assert values["popularity"] == pytest.approx(float(percentiles.mean()), abs=1e-5)
        assert values["novelty"] == pytest.approx(1 - float(view.known[shelf.rows].mean()))
        assert values["exploratory"] == (shelf.provenance.source == "fresh_finds")
        assert values["seed"] == (shelf.provenance.seed_item or "")
        assert values["sponsored"] == bool(values["sponsor"])


def test_a_shelf_is_sponsored_by_its_sponsor_or_by_half_of_its_items() -> None:
    paid = [Item(f"p{i}", Kind.ARTIST, "P", sponsor="Acme") for i in range(4)]
    items = [*paid, *(Item(f"f{i}", Kind.ARTIST, "F") for i in range(4))]
    catalog = Catalog(CatalogData(items, AS_OF))
    shelves = [
        a_shelf("s", [0, 1, 4, 5], id="half", title="1"),
        a_shelf("s", [0, 4, 5, 6], id="few", title="2"),
        a_shelf("s", [4, 5, 6, 7], id="own", title="3", attributes={"sponsor": "Zest"}),
    ]
    built = Builder([Stub("s", lambda _: shelves)], catalog).build(context(catalog))
    found = {
        shelf.id: (shelf.attributes["sponsored"], shelf.attributes["sponsor"]) for shelf in built.shelves
    }
    assert found == {"half": (True, "Acme"), "few": (False, ""), "own": (True, "Zest")}


def test_attributes_cannot_be_changed(builder: Builder) -> None:
    shelf = builder.build(context(builder.catalog)).shelves[0]
    with pytest.raises(TypeError):
        shelf.attributes["size"] = 0.0  # type: ignore[index]
