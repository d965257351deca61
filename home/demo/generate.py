"""The embedded catalogue, all of it made up, from one seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from home.demo import editorial, listeners, music, talk
from home.demo.listeners import DemoListener
from home.editorial import EditorialEntry
from shelves.types import Item

DEFAULT_SEED = 20_261_101
AS_OF = datetime(2026, 11, 1, 18, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DemoCatalog:
    """Everything in the embedded catalogue; nothing in it is later than `as_of`."""

    seed: int
    as_of: datetime
    items: tuple[Item, ...]
    listeners: tuple[DemoListener, ...]
    editorial: tuple[EditorialEntry, ...]


def generate(seed: int = DEFAULT_SEED) -> DemoCatalog:
    """Make the catalogue as of AS_OF; the same seed always gives the same one."""
    today = AS_OF.date()
    songs = music.make(seed, today)
    videos = talk.videos(seed, today, songs.artists)
    items = (*songs.items(), *talk.podcasts(seed, today), *talk.audiobooks(seed, today), *videos)
    people = listeners.make(seed, AS_OF, items)
    return DemoCatalog(seed, AS_OF, items, people, editorial.make(songs, videos, today))
