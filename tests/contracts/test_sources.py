"""The battery every registered source runs through. A source without an entry in `CLAIMS` fails the suite."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from shelves.catalog import Catalog, CatalogData, EditorialShelf, Embeddings, Interactions
from shelves.columns import KIND_CODE, TYPE_CODE
from shelves.registry import FAMILIES, SOURCES
from shelves.sources.base import ROW_LIMIT
from shelves.types import ContentType, Context, Interaction, Item, Kind, Shelf
from shelves.view import View
from tests.shelves.synthetic import AS_OF, MARKETS, NOW, catalog_data, context

Claim = Callable[[View, Sequence[Shelf]], bool]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog(catalog_data())


@pytest.fixture(scope="module")
def bare() -> Catalog:
    """Items alone: no interactions, tags, dates, listeners, editors or embeddings."""
    return Catalog(CatalogData([Item(f"a{i}", Kind.ARTIST, f"A{i}") for i in range(30)], AS_OF))


def types_of(view: View, shelf: Shelf) -> set[int]:
    return set(view.catalog.columns.content_type[shelf.rows].tolist())


def rows_of(shelves: Sequence[Shelf]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.concatenate([shelf.rows for shelf in shelves])


def only(kind: ContentType) -> Claim:
    """All items are of one content type and new to the listener."""

    def claim(view: View, shelves: Sequence[Shelf]) -> bool:
        return all(types_of(view, s) <= {TYPE_CODE[kind]} for s in shelves) and no_known(view, shelves)

    return claim


def no_known(view: View, shelves: Sequence[Shelf]) -> bool:
    return not view.known[rows_of(shelves)].any()


def all_known(view: View, shelves: Sequence[Shelf]) -> bool:
    return bool(view.known[rows_of(shelves)].all())


def near(view: View, shelves: Sequence[Shelf]) -> bool:
    """The first of each shelf are closer to the taste than what else could be shown, by a margin."""
    first = np.concatenate([shelf.rows[:6] for shelf in shelves])
    return bool(view.affinity[first].mean() > view.affinity[view.novel].mean() + 0.1)


def in_tail(view: View, shelves: Sequence[Shelf]) -> bool:
    tail = view.catalog.columns.popularity[rows_of(shelves)].max() <= 0.5
    return bool(tail) and no_known(view, shelves) and near(view, shelves)


def seeded_neighbours(view: View, shelves: Sequence[Shelf]) -> bool:
    """Every shelf is around an item of the history, with its neighbours and none known."""
    seeds = [view.catalog.row_of(shelf.provenance.seed_item or "") for shelf in shelves]
    around = [set(view.catalog.neighbours.of(seed)[0].tolist()) for seed in seeds]
    inside = all(set(s.rows.tolist()) <= near for s, near in zip(shelves, around, strict=True))
    return inside and bool(view.known[seeds].all()) and no_known(view, shelves)


def by_tag(view: View, shelves: Sequence[Shelf]) -> bool:
    """Every item has the tag that its shelf is named after, and the tag is in the listener's taste."""
    tags = view.catalog.tags
    for shelf in shelves:
        tag = tags.code(shelf.id.partition(":")[2])
        with_tag = set(np.flatnonzero(tags.weights[:, [tag]].toarray().ravel()).tolist())
        if tag not in view.top_tags[:8] or not set(shelf.rows.tolist()) <= with_tag:
            return False
    return near(view, shelves)


def released_lately(view: View, shelves: Sequence[Shelf]) -> bool:
    days = view.catalog.columns.release_day[rows_of(shelves)]
    return bool((days <= view.day).all() and (days >= view.day - 3 * view.catalog.fresh_days).all())


def rising(view: View, shelves: Sequence[Shelf]) -> bool:
    return set(rows_of(shelves).tolist()) <= set(view.catalog.listening.trending.values.tolist())


def on_the_chart(view: View, shelves: Sequence[Shelf]) -> bool:
    chart = view.catalog.listening.charts[view.context.market]
    named = all(shelf.title.endswith("in Brazil") for shelf in shelves)
    return named and set(rows_of(shelves).tolist()) <= set(chart.values.tolist())


def of_friends(view: View, shelves: Sequence[Shelf]) -> bool:
    return set(rows_of(shelves).tolist()) <= set(view.friend_rows.tolist()) and no_known(view, shelves)


def edited(view: View, shelves: Sequence[Shelf]) -> bool:
    """Running shelves only, those of other markets and of the past left out; the sponsor is passed on."""
    sponsors = {shelf.id: shelf.attributes["sponsor"] for shelf in shelves}
    return sponsors == {"editorial:summer": "", "editorial:acme": "Acme"}


def about_the_music(view: View, shelves: Sequence[Shelf]) -> bool:
    rows = rows_of(shelves)
    shared = view.catalog.tags.affinity_of(rows, view.music_taste)
    return bool((view.catalog.columns.content_type[rows] != 0).all() and (shared > 0).all())


def changes_daily(view: View, shelves: Sequence[Shelf]) -> bool:
    tomorrow = replace(view.context, now=NOW + timedelta(days=1))
    others = SOURCES["fresh_finds"].propose(View(view.catalog, tomorrow))
    changed = [s.rows.tolist() for s in shelves] != [s.rows.tolist() for s in others]
    marked = all(shelf.attributes["exploratory"] is True for shelf in shelves)
    return changed and marked and bool(view.catalog.columns.popularity[rows_of(shelves)].max() <= 0.5)


def works_of_their_artist(view: View, shelves: Sequence[Shelf]) -> bool:
    cols = view.catalog.columns
    seeds = [view.catalog.row_of(shelf.provenance.seed_item or "") for shelf in shelves]
    return all((cols.artist[s.rows] == seed).all() for s, seed in zip(shelves, seeds, strict=True))


def of_their_decade(view: View, shelves: Sequence[Shelf]) -> bool:
    released = {shelf.id: [view.catalog.items[row].released for row in shelf.rows] for shelf in shelves}
    return all(
        day is not None and f"decades:{day.year // 10 * 10}" == name
        for name, days in released.items()
        for day in days
    )


def one_kind_each(view: View, shelves: Sequence[Shelf]) -> bool:
    kinds = [set(view.catalog.columns.kind[shelf.rows].tolist()) for shelf in shelves]
    wanted = [{KIND_CODE[kind]} for kind in (Kind.PLAYLIST, Kind.ALBUM, Kind.TRACK)]
    return kinds == wanted and no_known(view, shelves)


def of_followed(view: View, shelves: Sequence[Shelf]) -> bool:
    works, themselves = shelves
    followed = {view.catalog.row_of(item_id) for item_id in view.context.follows}
    made_by = set(view.catalog.columns.artist[works.rows].tolist())
    return made_by <= followed and set(themselves.rows.tolist()) <= followed


def same_genres(view: View, shelves: Sequence[Shelf]) -> bool:
    """The test embeddings cluster by genre, so the first picks of each shelf are of genres in the history."""
    genre = view.catalog.columns.genre
    heard = set(genre[view.history_rows].tolist())
    first = np.concatenate([shelf.rows[:4] for shelf in shelves])
    return set(genre[first].tolist()) <= heard and near(view, shelves) and no_known(view, shelves)


CLAIMS: Mapping[str, Claim] = {
    "jump_back_in": all_known,
    "because_you_listened": seeded_neighbours,
    "embedding_picks": same_genres,
    "new_releases": released_lately,
    "more_from_genre": by_tag,
    "editorial": edited,
    "friends_listen_to": of_friends,
    "mixes": by_tag,
    "artist_tracks": works_of_their_artist,
    "playlists_for_you": one_kind_each,
    "followed": of_followed,
    "deep_catalogue": in_tail,
    "trending": rising,
    "popular_in_market": on_the_chart,
    "podcasts_for_you": only(ContentType.PODCAST),
    "audiobooks_for_you": only(ContentType.AUDIOBOOK),
    "watch": only(ContentType.VIDEO),
    "cross_content": about_the_music,
    "fresh_finds": changes_daily,
    "decades": of_their_decade,
}
"""What each source says about its shelves, checked for a listener with a full history in Brazil."""

every_source = pytest.mark.parametrize("name", SOURCES)


def test_every_registered_source_has_a_claim() -> None:
    assert set(CLAIMS) == set(SOURCES)


@every_source
def test_it_is_registered_under_its_name_with_a_family(name: str) -> None:
    assert SOURCES[name].name == name
    assert FAMILIES[name] == SOURCES[name].family != ""


@every_source
def test_it_keeps_its_claim(name: str, catalog: Catalog) -> None:
    view = View(catalog, rich(catalog))
    shelves = SOURCES[name].propose(view)
    assert sum(map(len, shelves)) >= 4
    assert CLAIMS[name](view, shelves)


@every_source
@pytest.mark.parametrize("who", [0, 1, 3, 8, 40])
def test_shelves_are_well_formed(name: str, who: int, catalog: Catalog) -> None:
    view = View(catalog, context(catalog, who))
    shelves = SOURCES[name].propose(view)
    assert len({shelf.id for shelf in shelves}) == len(shelves)
    assert len({shelf.title.casefold() for shelf in shelves}) == len(shelves)
    for shelf in shelves:
        assert shelf.id == name or shelf.id.startswith(f"{name}:")
        assert shelf.title == shelf.title.strip() != ""
        assert shelf.provenance.source == name
        assert shelf.provenance.reason.strip()
        assert shelf.provenance.seed_item is None or catalog.row_of(shelf.provenance.seed_item) >= 0
        assert len(shelf) <= ROW_LIMIT
        assert shelf.rows.dtype == np.int32
        assert shelf.scores.dtype == np.float32
        assert shelf.rows.shape == shelf.scores.shape
        assert len(np.unique(shelf.rows)) == len(shelf)
        assert np.isfinite(shelf.scores).all()
        assert (np.diff(shelf.scores) <= 0).all()
        assert view.eligible[shelf.rows].all()


@every_source
def test_it_is_deterministic_and_its_ids_are_stable(name: str, catalog: Catalog) -> None:
    first, second = (SOURCES[name].propose(View(catalog, rich(catalog))) for _ in range(2))
    assert [summary(shelf) for shelf in first] == [summary(shelf) for shelf in second]
    changed = rich(catalog, dismissed_items=frozenset({catalog.ids[int(first[0].rows[0])]}))
    later = SOURCES[name].propose(View(catalog, changed))
    assert {shelf.id for shelf in first} & {shelf.id for shelf in later}


@every_source
def test_an_empty_history_raises_nothing(name: str, catalog: Catalog) -> None:
    new = context(catalog, history=(), friends=(), follows=frozenset())
    for shelf in SOURCES[name].propose(View(catalog, new)):
        assert well_ordered(shelf)


@every_source
def test_unknown_ids_change_nothing(name: str, catalog: Catalog) -> None:
    person = rich(catalog)
    noisy = replace(
        person,
        history=(Interaction("gone", 9999.0, NOW), *person.history, Interaction("away", 1.0)),
        friends=(*person.friends, "stranger"),
        follows=person.follows | {"gone"},
        dismissed_items=frozenset({"gone"}),
    )
    plain, other = (SOURCES[name].propose(View(catalog, c)) for c in (person, noisy))
    assert [summary(shelf) for shelf in plain] == [summary(shelf) for shelf in other]


@every_source
def test_nothing_eligible_gives_nothing(name: str, catalog: Catalog) -> None:
    person = rich(catalog, dismissed_items=frozenset(catalog.ids))
    assert sum(map(len, SOURCES[name].propose(View(catalog, person)))) == 0


@every_source
@pytest.mark.parametrize("kind", list(Kind))
def test_a_catalogue_of_one_kind_raises_nothing(name: str, kind: Kind) -> None:
    whole = catalog_data()
    items = [item for item in whole.items if item.kind is kind]
    catalog = Catalog(replace(whole, items=items))
    for who in range(3):
        for shelf in SOURCES[name].propose(View(catalog, context(catalog, who))):
            assert well_ordered(shelf)


@every_source
def test_a_bare_catalogue_raises_nothing(name: str, bare: Catalog) -> None:
    history = (Interaction("a1", 3.0), Interaction("a2", 1.0))
    for person in (context(bare), context(bare, history=history, follows=frozenset({"a3"}))):
        for shelf in SOURCES[name].propose(View(bare, person)):
            assert well_ordered(shelf)


@every_source
def test_a_catalogue_of_one_item_raises_nothing(name: str) -> None:
    data = CatalogData(
        items=[Item("a", Kind.TRACK, "A", genre="jazz", released=AS_OF, artist_id="a")],
        as_of=AS_OF,
        interactions=Interactions(["listener-1"], ["a"], [2.0], [AS_OF]),
        editorial=[EditorialShelf("e", "E", "because", ("a", "gone"))],
        embeddings=Embeddings(["a"], np.ones((1, 4), dtype=np.float32)),
    )
    catalog = Catalog(data)
    for shelf in SOURCES[name].propose(View(catalog, context(catalog, history=(Interaction("a", 1.0),)))):
        assert well_ordered(shelf)


@every_source
def test_odd_weights_leave_scores_finite(name: str, catalog: Catalog) -> None:
    odd = [0.0, -3.0, float("nan"), float("inf"), 1e300]
    history = tuple(Interaction(catalog.ids[7 * i], odd[i % 5], NOW) for i in range(40))
    for shelf in SOURCES[name].propose(View(catalog, rich(catalog, history=history))):
        assert well_ordered(shelf)


def rich(catalog: Catalog, **changes: object) -> Context:
    """The listener that claims are checked for: in Brazil, with a full history, friends and follows."""
    return context(catalog, MARKETS.index("BR"), **changes)


def summary(shelf: Shelf) -> tuple[object, ...]:
    return shelf.id, shelf.title, shelf.provenance, shelf.rows.tolist(), shelf.scores.tolist()


def well_ordered(shelf: Shelf) -> bool:
    """Finite, non-increasing scores over distinct rows."""
    ordered = bool((np.diff(shelf.scores) <= 0).all())
    return ordered and bool(np.isfinite(shelf.scores).all()) and len(np.unique(shelf.rows)) == len(shelf)
