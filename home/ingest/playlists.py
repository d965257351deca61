"""Titled playlists made from the tags that listeners gave artists."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean

from home.ingest.artists import Artist, LastfmSet
from home.ingest.run import Run
from home.ingest.sources import LASTFM
from shelves.types import Item, Kind

MOST_PLAYLISTS = 150
_FEWEST_ARTISTS = 20
_LEADING_ARTISTS = 30
_NEIGHBOURS = 5
_SPELLED = {"ebm": "EBM", "idm": "IDM", "mpb": "MPB", "rnb": "R&B"}
_DECADE = re.compile(r"\d0s")


def load(run: Run, lastfm: LastfmSet) -> None:
    """Load one playlist for each of the tags that most artists carry."""
    for playlist in make(lastfm.artists):
        run.item(playlist, LASTFM)


def make(artists: Iterable[Artist]) -> list[Item]:
    """Playlists of at most MOST_PLAYLISTS tags, the tag with most artists first.

    A playlist stands for the artists to whom its tag was given most often. Its popularity is their mean
    number of listeners, so that it compares with an artist's; its other tags are those that its artists
    share most often.
    """
    tagged: dict[str, list[Artist]] = defaultdict(list)
    for artist in artists:
        for tag in artist.tags:
            tagged[tag].append(artist)
    common = sorted(tagged, key=lambda tag: (-len(tagged[tag]), tag))
    usable = [tag for tag in common if len(tagged[tag]) >= _FEWEST_ARTISTS and _slug(tag)]
    by_slug = {_slug(tag): tag for tag in reversed(usable[:MOST_PLAYLISTS])}
    return [_playlist(slug, tag, tagged[tag]) for slug, tag in reversed(by_slug.items())]


def _playlist(slug: str, tag: str, artists: Sequence[Artist]) -> Item:
    leading = sorted(artists, key=lambda artist: (-artist.tags[tag], -artist.listeners, artist.id))
    leading = leading[:_LEADING_ARTISTS]
    return Item(
        id=f"playlist-{slug}",
        kind=Kind.PLAYLIST,
        title=_title(tag),
        creator="Home",
        genre=tag,
        tags=(tag, *_neighbours(tag, leading)),
        popularity=round(fmean(artist.listeners for artist in leading), 1),
    )


def _neighbours(tag: str, artists: Sequence[Artist]) -> list[str]:
    shared: dict[str, int] = defaultdict(int)
    for artist in artists:
        for other in artist.tags.keys() - {tag}:
            shared[other] += 1
    return sorted(shared, key=lambda name: (-shared[name], name))[:_NEIGHBOURS]


def _title(tag: str) -> str:
    if _DECADE.fullmatch(tag):
        return f"Best of the {tag}"
    return f"{_SPELLED.get(tag, tag[0].upper() + tag[1:])} essentials"


def _slug(tag: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", tag).strip("-")
