"""How names, titles, tags and genres of the data sets are read."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from home.ingest.artists import Artist
from home.ingest.films import split_title
from home.ingest.pairing import MARKETS, listener, pair
from home.ingest.playlists import make
from home.ingest.tags import TOP_TAGS, book_genres, clean, top_tags
from home.ingest.tracks import normalise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Matrix, The (1999)", ("The Matrix", 1999)),
        ("Postman, The (Postino, Il) (1994)", ("The Postman (Postino, Il)", 1994)),
        ("Big Bang Theory, The (2007-)", ("The Big Bang Theory", 2007)),
        ("Fawlty Towers (1975-1979)", ("Fawlty Towers", 1975)),
        ("Hyena Road", ("Hyena Road", None)),
        ("2001: A Space Odyssey (1968)", ("2001: A Space Odyssey", 1968)),
        ("(1999)", ("", 1999)),
    ],
)
def test_film_titles(text: str, expected: tuple[str, int | None]) -> None:
    assert split_title(text) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("The Beatles", "beatles"),
        ("AC/DC", "acdc"),
        (".38 Special", "38special"),
        ("Theory", "theory"),
        ("嵐", ""),
    ],
)
def test_normalised_names(name: str, expected: str) -> None:
    assert normalise(name) == expected


def test_tags_have_one_spelling_and_state_no_opinion() -> None:
    assert clean("  Hip   Hop ") == "hip-hop"
    assert clean("Synth Pop") == "synthpop"
    assert clean("seen live") == ""


@settings(max_examples=50, deadline=None, derandomize=True)
@given(counts=st.dictionaries(st.text(min_size=1, max_size=3), st.integers(1, 5), max_size=15))
def test_top_tags_are_the_most_given(counts: dict[str, int]) -> None:
    top = top_tags(counts, Counter(counts))
    assert len(top) == min(TOP_TAGS, len(counts))
    left_out = [counts[tag] for tag in counts if tag not in top]
    assert all(counts[tag] >= max(left_out, default=0) for tag in top)


def test_book_genres_by_votes_of_shelf_names() -> None:
    assert book_genres("sci-fi,science-fiction,scifi,to-read-fiction,thriller") == (
        "science fiction",
        "thriller",
    )
    assert book_genres("fiction,to-read") == ()


def test_synthetic_listeners_are_stable_and_spread() -> None:
    people = [listener(user) for user in range(1200)]
    assert people == [listener(user) for user in range(1200)]
    assert people[2].name == "Listener 2"
    # Binomial(1200, 1/6) has standard deviation 13; five of them around the mean of 200.
    assert all(135 <= count <= 265 for count in Counter(one.market for one in people).values())
    assert {one.market for one in people} == set(MARKETS)


def test_pairing_gives_each_listener_one_stranger() -> None:
    paired = pair("reader", range(50), [7, 8, 9])
    assert sorted(user for users in paired.values() for user in users) == list(range(50))
    assert set(paired) == {7, 8, 9}
    assert pair("reader", range(50), []) == {}


def test_playlists_stand_for_the_artists_of_a_tag() -> None:
    shared = [Artist(f"artist-{i}", f"A {i}", {"indie": 40 - i, "rock": 1}, 10 * i) for i in range(40)]
    rare = [Artist("artist-99", "Rare", {"zither": 3}, 5)]
    playlists = {playlist.id: playlist for playlist in make([*shared, *rare])}
    assert set(playlists) == {"playlist-indie", "playlist-rock"}, "a tag of one artist makes no playlist"
    indie = playlists["playlist-indie"]
    assert (indie.title, indie.genre, indie.tags) == ("Indie essentials", "indie", ("indie", "rock"))
    assert indie.popularity == 145.0, "the mean of 0, 10, ..., 290: the thirty with most of the tag"


def test_playlist_titles_of_decades() -> None:
    artists = [Artist(f"artist-{i}", f"A {i}", {"80s": 1}, 1) for i in range(20)]
    assert [playlist.title for playlist in make(artists)] == ["Best of the 80s"]
