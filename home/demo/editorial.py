"""The editorial shelves that ship with the embedded catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from home.demo.music import Music
from home.editorial import EditorialEntry
from shelves.types import ContentType, Item, Kind


def make(music: Music, videos: Sequence[Item], as_of: date) -> tuple[EditorialEntry, ...]:
    """Shelves that run around `as_of`: some always, some for a season, in one market, or sponsored.

    Most pick by tags, so that the same file is of use with another catalogue; some name items.
    """
    year = as_of.year
    autumn = (date(year, 9, 15), date(year, 12, 15))
    return (
        _entry("editors-week", "Editors' picks this week", "Twelve releases our editors keep returning to",
               item_ids=_ids(_newest(music.albums, 12))),
        _entry("late-trains", "Late trains", "Made for the last ride home",
               tags=("late night", "downtempo", "trip-hop", "synthwave"), content_type=ContentType.MUSIC,
               sponsor="Halcyon Rail"),
        _entry("autumn-windows", "Autumn windows", "For grey afternoons and long evenings",
               tags=("melancholic", "indie folk", "folk", "acoustic", "mellow"),
               content_type=ContentType.MUSIC,
               starts=autumn[0], ends=autumn[1]),
        _entry("deep-focus", "Deep focus", "Nothing with words in it",
               tags=("ambient", "piano", "lo-fi beats", "instrumental"), content_type=ContentType.MUSIC),
        _entry("nordic-light", "Nordic light", "New sounds from the north",
               tags=("nordic folk", "synthpop", "swedish"), content_type=ContentType.MUSIC,
               markets=frozenset({"SE", "DE"})),
        _entry("samba-saturday", "Samba Saturday", "The weekend starts in Itabira",
               tags=("samba", "baile funk", "bossa nova", "brazilian"), content_type=ContentType.MUSIC,
               markets=frozenset({"BR"})),
        _entry("front-row", "Front row", "Concerts worth watching with the lights off",
               item_ids=_ids([video for video in videos if video.genre == "concert"][:10]),
               tags=("concert", "musical"), kind=Kind.VIDEO),
        _entry("stories-for-november", "Stories for November", "Dark evenings, darker books",
               tags=("crime", "horror", "gothic"), kind=Kind.AUDIOBOOK,
               starts=date(year, 10, 15), ends=date(year, 11, 30), sponsor="Nordlicht Coffee"),
        _entry("curious-minds", "Curious minds", "Shows that explain one thing well",
               tags=("science", "space", "philosophy", "technology"), kind=Kind.PODCAST),
        _entry("one-world", "One small world", "Six markets, one shelf",
               tags=("afrobeat", "filmi", "city pop", "samba", "raga fusion", "world", "latin"),
               kind=Kind.ARTIST),
        _entry("heavier", "Heavier than it looks", "Loud, slow, and good for you",
               tags=("doom metal", "heavy metal", "metalcore", "metal"), content_type=ContentType.MUSIC),
        _entry("year-end", "The year in albums", "What we will remember",
               item_ids=_ids(_loudest_of(music.albums, year, 20)),
               starts=date(year, 12, 1), ends=date(year + 1, 1, 10)),
    )  # fmt: skip


def _entry(identity: str, title: str, reason: str, **fields: object) -> EditorialEntry:
    return EditorialEntry.model_validate({"id": identity, "title": title, "reason": reason, **fields})


def _ids(items: Sequence[Item]) -> tuple[str, ...]:
    return tuple(item.id for item in items)


def _newest(albums: Sequence[Item], count: int) -> list[Item]:
    return sorted(albums, key=lambda album: (album.released or date.min, album.popularity), reverse=True)[
        :count
    ]


def _loudest_of(albums: Sequence[Item], year: int, count: int) -> list[Item]:
    ours = [album for album in albums if album.released and album.released.year == year]
    return sorted(ours, key=lambda album: (-album.popularity, album.id))[:count]
