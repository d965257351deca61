"""What the listener comes back to: strength and recency across content types whose dates end years apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from shelves.catalog import Catalog, CatalogData, Interactions
from shelves.sources.base import turns
from shelves.sources.because_you_listened import BecauseYouListened
from shelves.sources.jump_back_in import JumpBackIn
from shelves.types import Interaction, Item, Kind, Shelf
from shelves.view import View
from tests.shelves.synthetic import context

FILMS_END = date(2016, 10, 16)
MUSIC_ENDS = date(2011, 5, 9)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """Music dated until 2011, films until 2016, books without dates."""
    kinds = (Kind.ARTIST, Kind.VIDEO, Kind.AUDIOBOOK)
    items = [Item(f"{kind}-{i}", kind, f"{kind} {i}", tags=("t",)) for kind in kinds for i in range(30)]
    heard = Interactions(["other", "other"], ["artist-29", "video-29"], [1.0, 1.0], [MUSIC_ENDS, FILMS_END])
    return Catalog(CatalogData(items, FILMS_END, heard))


def view(catalog: Catalog, history: Sequence[Interaction]) -> View:
    strongest = sorted(history, key=lambda one: -one.weight)
    return View(catalog, context(catalog, history=tuple(strongest), friends=(), follows=frozenset()))


def on(day: date, days_before: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=days_before)


def shelves(catalog: Catalog, history: Sequence[Interaction]) -> dict[str, Shelf]:
    return {shelf.id: shelf for shelf in JumpBackIn().propose(view(catalog, history))}


def names(catalog: Catalog, shelf: Shelf) -> list[str]:
    return [catalog.ids[row] for row in shelf.rows]


ARTISTS = [Interaction(f"artist-{i}", 5000.0 / (i + 1), None) for i in range(8)]
BOOKS = [Interaction(f"audiobook-{i}", 1.0) for i in range(10)]


def test_books_that_were_only_saved_are_not_what_was_played(catalog: Catalog) -> None:
    found = shelves(catalog, [*ARTISTS, *BOOKS])
    assert names(catalog, found["jump_back_in"]) == [artist.item_id for artist in ARTISTS]
    assert len(found["jump_back_in:audiobook"]) == 0
    assert set(names(catalog, found["jump_back_in:saved"])) == {book.item_id for book in BOOKS}
    seeds = BecauseYouListened().propose(view(catalog, [*ARTISTS, *BOOKS]))
    assert {shelf.provenance.seed_item for shelf in seeds} == {artist.item_id for artist in ARTISTS}


def test_a_book_that_was_opened_twice_or_on_a_known_day_was_read(catalog: Catalog) -> None:
    read = [Interaction("audiobook-1", 2.0), Interaction("audiobook-2", 1.0, on(FILMS_END, 900))]
    found = shelves(catalog, [*read, *BOOKS[3:]])
    assert set(names(catalog, found["jump_back_in"])) == {"audiobook-1", "audiobook-2"}
    assert set(names(catalog, found["jump_back_in:audiobook"])) == {"audiobook-1", "audiobook-2"}


def test_one_single_play_of_a_song_is_no_save(catalog: Catalog) -> None:
    assert len(shelves(catalog, [Interaction("artist-1", 1.0)])["jump_back_in:saved"]) == 0


def test_a_play_counts_as_late_by_the_clock_of_its_own_content_type(catalog: Catalog) -> None:
    late = Interaction("artist-9", 1200.0, on(MUSIC_ENDS, 3))
    old = [Interaction(one.item_id, one.weight, on(MUSIC_ENDS, 900)) for one in ARTISTS]
    assert names(catalog, shelves(catalog, [late, *old])["jump_back_in"])[0] == "artist-9"


def test_without_late_plays_strength_decides_whether_days_are_known_or_not(catalog: Catalog) -> None:
    history = [
        Interaction(one.item_id, one.weight, on(MUSIC_ENDS, 1500) if i % 2 else None)
        for i, one in enumerate(ARTISTS)
    ]
    expected = [artist.item_id for artist in ARTISTS]
    assert names(catalog, shelves(catalog, history)["jump_back_in"]) == expected


def test_content_types_take_turns(catalog: Catalog) -> None:
    films = [Interaction(f"video-{i}", 5.0, on(FILMS_END, 1500 + i)) for i in range(20)]
    first = names(catalog, shelves(catalog, [*ARTISTS, *films])["jump_back_in"])[:8]
    assert {name for name in first if name.startswith("artist")} == {f"artist-{i}" for i in range(4)}
    seeds = BecauseYouListened(max_shelves=8).propose(view(catalog, [*ARTISTS, *films]))
    kinds = [str(shelf.provenance.seed_item).partition("-")[0] for shelf in seeds]
    assert sorted(kinds) == ["artist"] * 4 + ["video"] * 4


def test_old_loves_are_old_by_the_clock_of_their_own_content_type(catalog: Catalog) -> None:
    history = [
        Interaction("artist-1", 50.0, on(MUSIC_ENDS, 100)),
        Interaction("artist-2", 50.0, on(MUSIC_ENDS, 400)),
        Interaction("video-1", 5.0, on(FILMS_END, 100)),
    ]
    assert names(catalog, shelves(catalog, history)["jump_back_in:rediscover"]) == ["artist-2"]


def test_a_listener_who_plays_on_moves_the_clock_for_themselves(catalog: Catalog) -> None:
    history = [
        Interaction("artist-1", 50.0, on(MUSIC_ENDS)),
        Interaction("artist-2", 2.0, on(date(2026, 1, 1))),
        Interaction("video-1", 5.0, on(FILMS_END)),
    ]
    seen = view(catalog, history)
    ages = dict(zip((catalog.ids[row] for row in seen.history_rows), seen.history_ages, strict=True))
    assert ages == {"artist-1": (date(2026, 1, 1) - MUSIC_ENDS).days, "artist-2": 0, "video-1": 0}


def test_turns_number_the_entries_of_each_type_in_their_order() -> None:
    codes = np.array([3, 0, 0, 3, 2, 0], dtype=np.int8)
    assert turns(codes).tolist() == [1, 1, 2, 2, 1, 3]
