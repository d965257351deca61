from __future__ import annotations

from collections import Counter

from home.demo.generate import DemoCatalog
from home.demo.taxonomy import GENRES, MARKETS
from home.editorial import resolve, unknown_items
from shelves.types import Item, Kind


def _items(demo: DemoCatalog) -> dict[str, Item]:
    return {item.id: item for item in demo.items}


def test_there_is_enough_of_everything(demo: DemoCatalog) -> None:
    assert Counter(item.kind for item in demo.items) == {
        Kind.ARTIST: 500,
        Kind.ALBUM: 900,
        Kind.TRACK: 2000,
        Kind.PLAYLIST: 120,
        Kind.PODCAST: 150,
        Kind.AUDIOBOOK: 200,
        Kind.VIDEO: 150,
    }
    assert {item.genre for item in demo.items if item.kind is Kind.ARTIST} == {genre.name for genre in GENRES}
    assert len(demo.listeners) == 300
    assert {person.listener.market for person in demo.listeners} == set(MARKETS)


def test_ids_and_artist_names_are_unique(demo: DemoCatalog) -> None:
    assert len(_items(demo)) == len(demo.items)
    artists = [item.title for item in demo.items if item.kind is Kind.ARTIST]
    assert len(set(artists)) == len(artists)


def test_nothing_dangles(demo: DemoCatalog) -> None:
    items = _items(demo)
    people = {person.listener.id for person in demo.listeners}
    for item in demo.items:
        assert item.artist_id is None or items[item.artist_id].kind is Kind.ARTIST
    for person in demo.listeners:
        played = [interaction.item_id for interaction in person.history]
        assert len(set(played)) == len(played)
        assert items.keys() >= set(played)
        assert items.keys() >= set(person.follows)
        assert people - {person.listener.id} >= set(person.friends)
    assert unknown_items(demo.editorial, demo.items) == ()


def test_every_item_has_genre_tags_and_a_popularity(demo: DemoCatalog) -> None:
    for item in demo.items:
        assert item.genre in item.tags, item
        assert len(set(item.tags)) == len(item.tags), item
        assert item.popularity > 0.0
        assert item.title == item.title.strip() != ""
        assert item.markets <= set(MARKETS)


def test_markets_explicit_words_and_sponsors_are_there_but_rare(demo: DemoCatalog) -> None:
    for share in (
        sum(bool(item.markets) for item in demo.items),
        sum(item.explicit for item in demo.items),
    ):
        assert 0.02 < share / len(demo.items) < 0.2
    assert {item.kind for item in demo.items if item.sponsor} == {Kind.PLAYLIST, Kind.PODCAST}
    assert any(entry.sponsor for entry in demo.editorial)


def test_nothing_is_later_than_the_catalogue_and_some_things_are_new(demo: DemoCatalog) -> None:
    today = demo.as_of.date()
    dated = [item for item in demo.items if item.released]
    assert all(item.released <= today for item in dated if item.released)
    fresh = Counter(item.kind for item in dated if item.released and (today - item.released).days <= 28)
    assert (
        min(fresh[kind] for kind in (Kind.ALBUM, Kind.TRACK, Kind.PODCAST, Kind.AUDIOBOOK, Kind.VIDEO)) >= 5
    )


def test_histories_respect_time_market_and_explicit_setting(demo: DemoCatalog) -> None:
    items = _items(demo)
    for person in demo.listeners:
        weights = [interaction.weight for interaction in person.history]
        assert weights == sorted(weights, reverse=True)
        assert 20 <= len(weights) <= 122
        assert min(weights) >= 1.0
        for interaction in person.history:
            item = items[interaction.item_id]
            assert interaction.last_at is not None
            assert interaction.last_at <= demo.as_of
            assert not item.markets or person.listener.market in item.markets
            assert person.listener.allows_explicit or not item.explicit
            released = item.released if item.kind is not Kind.PODCAST else None
            assert released is None or released <= interaction.last_at.date()


def test_every_listener_has_every_content_type(demo: DemoCatalog) -> None:
    items = _items(demo)
    for person in demo.listeners:
        assert len({items[interaction.item_id].content_type for interaction in person.history}) == 4


def test_friendship_is_mutual_and_between_like_minds(demo: DemoCatalog) -> None:
    circles = {person.listener.id: set(person.friends) for person in demo.listeners}
    assert all(one in circles[other] for one, circle in circles.items() for other in circle)
    assert all(circles.values())
    items = _items(demo)
    favourites = {person.listener.id: items[person.history[0].item_id].genre for person in demo.listeners}
    pairs = [(one, other) for one, circle in circles.items() for other in circle]
    together = sum(favourites[one] == favourites[other] for one, other in pairs) / len(pairs)
    count = len(favourites)
    by_chance = sum(n * (n - 1) for n in Counter(favourites.values()).values()) / (count * (count - 1))
    assert together > 2.0 * by_chance


def test_popularity_has_a_long_tail(demo: DemoCatalog) -> None:
    streams = sorted((item.popularity for item in demo.items if item.kind is Kind.ARTIST), reverse=True)
    assert sum(streams[:100]) > 0.5 * sum(streams)
    assert streams[-1] < streams[0] / 40


def test_editorial_shelves_are_full(demo: DemoCatalog) -> None:
    shelves = resolve(demo.editorial, demo.items)
    assert len(shelves) == len(demo.editorial) == 12
    assert all(len(shelf.item_ids) >= 10 for shelf in shelves)
    assert any(shelf.markets for shelf in shelves)
    assert any(shelf.starts and shelf.starts > demo.as_of.date() for shelf in shelves)
