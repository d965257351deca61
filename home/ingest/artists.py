"""The Last.fm set: artists, their tags, listeners, listening counts and friendships."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from home.db import FriendshipRow
from home.ingest.pairing import listener, listener_id
from home.ingest.rows import Line, RowError
from home.ingest.run import Run
from home.ingest.sources import ARTISTS, FRIENDS, LASTFM, PLAYS, TAGGINGS, TAGS
from home.ingest.tags import clean, top_tags
from shelves.types import Interaction, Item, Kind

_LASTFM_FOUNDED = 2002
_LAST_CRAWL = 2011


@dataclass(frozen=True, slots=True)
class Artist:
    """An artist with its leading tags, how often each was given, and its number of listeners."""

    id: str
    name: str
    tags: dict[str, int]
    listeners: int


@dataclass(frozen=True, slots=True)
class LastfmSet:
    """What the other parts of an ingest join to: the artists and the loaded users, in file order."""

    artists: tuple[Artist, ...]
    users: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Taggings:
    counts: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    overall: Counter[str] = field(default_factory=Counter)
    latest: dict[tuple[int, int], date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Tagging:
    user: int
    artist: int
    tag: str
    on: date | None


def load(run: Run, limit: int | None = None) -> LastfmSet:
    """Load the set; with `limit`, the first `limit` listeners of the file and all artists.

    An artist's genre is its most given tag and its popularity the number of its listeners. An
    interaction weighs its listening count and is dated by the listener's latest tag for the artist.
    """
    names = _names(run)
    taggings = _taggings(run, names)
    users, audience = _plays(run, names, taggings.latest, limit)
    kept = tuple(users)[:limit]
    _friends(run, users, frozenset(kept))
    artists = tuple(_artist(identity, name, taggings, audience[identity]) for identity, name in names.items())
    for artist in artists:
        run.item(_item(artist), LASTFM)
    return LastfmSet(artists, kept)


def _names(run: Run) -> dict[int, str]:
    return dict(run.unique(ARTISTS, "id", lambda line: line.text("name")))


def _taggings(run: Run, names: dict[int, str]) -> _Taggings:
    values = dict(run.unique(TAGS, "tagID", lambda line: line.text("tagValue")))

    def parse(line: Line) -> _Tagging:
        tag = values.get(line.integer("tagID"))
        if tag is None:
            raise RowError("tagID", line.values["tagID"], f"is not in {TAGS.label}")
        return _Tagging(
            line.integer("userID"), _known_artist(line, names), tag, run.tolerated(TAGGINGS, line, _date)
        )

    found = _Taggings()
    for tagging in run.parsed(TAGGINGS, parse):
        _count(found, tagging, names[tagging.artist])
    return found


def _count(found: _Taggings, tagging: _Tagging, name: str) -> None:
    tag = clean(tagging.tag)
    if tag and tag != name.lower():
        found.counts[tagging.artist][tag] += 1
        found.overall[tag] += 1
    if tagging.on is not None:
        key = (tagging.user, tagging.artist)
        found.latest[key] = max(tagging.on, found.latest.get(key, tagging.on))


def _known_artist(line: Line, names: dict[int, str]) -> int:
    artist = line.integer("artistID")
    if artist not in names:
        raise RowError("artistID", artist, f"is not in {ARTISTS.label}")
    return artist


def _date(line: Line) -> date:
    year, month, day = line.integer("year"), line.integer("month", high=12), line.integer("day", high=31)
    if not _LASTFM_FOUNDED <= year <= _LAST_CRAWL:
        raise RowError("year", year, f"is outside {_LASTFM_FOUNDED}-{_LAST_CRAWL}")
    try:
        return date(year, month, day)
    except ValueError:
        raise RowError("day", f"{year}-{month}-{day}", "is not a calendar date") from None


def _plays(
    run: Run, names: dict[int, str], latest: dict[tuple[int, int], date], limit: int | None
) -> tuple[dict[int, int], Counter[int]]:
    users: dict[int, int] = {}
    audience: Counter[int] = Counter()

    def parse(line: Line) -> tuple[int, int, int]:
        return line.integer("userID"), _known_artist(line, names), line.integer("weight", low=1)

    for user, artist, weight in run.parsed(PLAYS, parse):
        audience[artist] += 1
        rank = users.setdefault(user, len(users))
        if limit is not None and rank >= limit:
            continue
        last = latest.get((user, artist))
        last_at = datetime(last.year, last.month, last.day, tzinfo=UTC) if last else None
        run.interaction(listener_id(user), Interaction(artist_id(artist), weight, last_at), LASTFM)
    for user in tuple(users)[:limit]:
        run.listener(listener(user), LASTFM)
    return users, audience


def _friends(run: Run, everyone: Mapping[int, int], kept: frozenset[int]) -> None:

    def parse(line: Line) -> tuple[int, int]:
        user, friend = line.integer("userID"), line.integer("friendID")
        for name, value in (("userID", user), ("friendID", friend)):
            if value not in everyone:
                raise RowError(name, value, f"is not in {PLAYS.label}")
        if user == friend:
            raise RowError("friendID", friend, "is the user's own id")
        return user, friend

    for user, friend in run.parsed(FRIENDS, parse):
        if user in kept and friend in kept:
            row = {"listener_id": listener_id(user), "friend_id": listener_id(friend)}
            run.writer.add(FriendshipRow, row)


def artist_id(artist: int) -> str:
    """The catalogue's id of a Last.fm artist."""
    return f"artist-{artist}"


def _artist(identity: int, name: str, taggings: _Taggings, listeners: int) -> Artist:
    counts = taggings.counts.get(identity, Counter())
    tags = {tag: counts[tag] for tag in top_tags(counts, taggings.overall)}
    return Artist(artist_id(identity), name, tags, listeners)


def _item(artist: Artist) -> Item:
    tags = tuple(artist.tags)
    return Item(
        id=artist.id,
        kind=Kind.ARTIST,
        title=artist.name,
        creator=artist.name,
        genre=tags[0] if tags else "",
        tags=tags,
        popularity=float(artist.listeners),
        artist_id=artist.id,
    )
