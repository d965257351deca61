"""Classic rock tracks, joined to the Last.fm artists by normalised name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from home.ingest.artists import Artist, LastfmSet
from home.ingest.rows import Line, RowError
from home.ingest.run import Run
from home.ingest.sources import ROCK, TRACKS
from home.ingest.tags import distinct
from shelves.types import Item, Kind

_FIRST_ROCK_YEAR = 1945
_LAST_LIST_YEAR = 2014
_FALLBACK = ("classic rock", "rock")


@dataclass(frozen=True, slots=True)
class _Track:
    number: int
    title: str
    creator: str
    year: int | None
    plays: int


def load(run: Run, lastfm: LastfmSet) -> None:
    """Load every track; one whose artist is not in Last.fm is loaded without `artist_id`.

    A matched track takes its artist's tags and every track the tag of its decade. Popularity is the
    number of radio plays.
    """
    artists = by_normalised_name(lastfm.artists)
    for track in run.parsed(TRACKS, lambda line: _parse(run, line)):
        run.item(_item(track, artists.get(normalise(track.creator))), ROCK)


def normalise(name: str) -> str:
    """The letters a-z and digits of a name, lower case, without a leading "the"."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"^the ", "", name.lower()))


def by_normalised_name(artists: Iterable[Artist]) -> dict[str, Artist]:
    """Artists by normalised name; the one with most listeners where several share it."""
    named: dict[str, Artist] = {}
    for artist in sorted(artists, key=lambda artist: artist.listeners):
        named[normalise(artist.name)] = artist
    named.pop("", None)
    return named


def _parse(run: Run, line: Line) -> _Track:
    return _Track(
        number=line.number - 1,
        title=line.text("Song Clean"),
        creator=line.text("ARTIST CLEAN"),
        year=run.tolerated(TRACKS, line, _year),
        plays=line.integer("PlayCount"),
    )


def _year(line: Line) -> int | None:
    if not line.optional("Release Year"):
        return None
    year = line.integer("Release Year")
    if not _FIRST_ROCK_YEAR <= year <= _LAST_LIST_YEAR:
        raise RowError("Release Year", year, f"is outside {_FIRST_ROCK_YEAR}-{_LAST_LIST_YEAR}")
    return year


def _item(track: _Track, artist: Artist | None) -> Item:
    tags = tuple(artist.tags) if artist and artist.tags else _FALLBACK
    decade = f"{track.year // 10 % 10}0s" if track.year else ""
    return Item(
        id=f"track-{track.number}",
        kind=Kind.TRACK,
        title=track.title,
        creator=artist.name if artist else track.creator,
        genre=tags[0],
        tags=distinct((*tags, decade)),
        released=date(track.year, 7, 1) if track.year else None,
        popularity=float(track.plays),
        artist_id=artist.id if artist else None,
    )
