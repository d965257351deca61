"""The vocabulary of the catalogue: items, listeners, contexts and the shelves proposed for them.

Everything here is immutable. An item's *row* is its position in the catalogue it was loaded into; rows are
what sources, shelves and filters exchange, because numpy can index with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int32]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Attribute = str | bool | float
"""A value that layout rules can select on and bandit features can be made from."""

ShelfKind = tuple[str, str, str]
"""Source, family and content type of a shelf: what responses to shelves are counted by."""

Counts = tuple[float, float]
"""How often something was looked at, and how often clicked, both faded with time."""

Responses = Mapping[ShelfKind, Counts]
"""Kind of shelf → looks and clicks."""

NO_ATTRIBUTES: Mapping[str, Attribute] = MappingProxyType({})


class ContentType(StrEnum):
    """What a listener does with an item; the unit of content-type diversity."""

    MUSIC = "music"
    PODCAST = "podcast"
    AUDIOBOOK = "audiobook"
    VIDEO = "video"


class Kind(StrEnum):
    """What an item is."""

    ARTIST = "artist"
    ALBUM = "album"
    TRACK = "track"
    PLAYLIST = "playlist"
    PODCAST = "podcast"
    AUDIOBOOK = "audiobook"
    VIDEO = "video"

    @property
    def content_type(self) -> ContentType:
        """The content type this kind of item belongs to."""
        return _CONTENT_TYPE_OF_KIND[self]


_CONTENT_TYPE_OF_KIND = {
    Kind.ARTIST: ContentType.MUSIC,
    Kind.ALBUM: ContentType.MUSIC,
    Kind.TRACK: ContentType.MUSIC,
    Kind.PLAYLIST: ContentType.MUSIC,
    Kind.PODCAST: ContentType.PODCAST,
    Kind.AUDIOBOOK: ContentType.AUDIOBOOK,
    Kind.VIDEO: ContentType.VIDEO,
}


@dataclass(frozen=True, slots=True)
class Item:
    """One catalogue entry.

    `tags` run from most to least characteristic; `genre` is the first of them in most catalogues. An empty
    `markets` means every market. `artist_id` links albums and tracks to their artist. `popularity` is a
    play count or its nearest equivalent (≥ 0), comparable within one content type only.
    """

    id: str
    kind: Kind
    title: str
    creator: str = ""
    genre: str = ""
    tags: tuple[str, ...] = ()
    released: date | None = None
    markets: frozenset[str] = frozenset()
    explicit: bool = False
    sponsor: str | None = None
    popularity: float = 0.0
    artist_id: str | None = None

    @property
    def content_type(self) -> ContentType:
        """The content type of the item's kind."""
        return self.kind.content_type


@dataclass(frozen=True, slots=True)
class Interaction:
    """A listener's standing with an item: how much, and when last.

    `weight` is a play count or its equivalent (> 0). `last_at` is `None` where the data has no date.
    """

    item_id: str
    weight: float
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """Who the page is for. `allows_explicit` is the listener's own setting; `tier` is a subscription tier."""

    id: str
    name: str
    market: str
    allows_explicit: bool = True
    tier: str = "free"


@dataclass(frozen=True, slots=True)
class Context:
    """What is known at decision time, before any outcome.

    `history` runs from the strongest interaction to the weakest. `friends` are listener ids, closest first.
    `previous_page` are the ids of the shelves on the listener's last page on this surface, top first.
    `responses` are the listener's own to kinds of shelves so far, `crowd_responses` everybody's, and
    `shelf_responses` the listener's lately, by shelf id.
    `now` is timezone-aware and passed in: nothing below `home` reads a clock.
    """

    listener: Listener
    history: tuple[Interaction, ...]
    now: datetime
    surface: str = "phone"
    follows: frozenset[str] = frozenset()
    friends: tuple[str, ...] = ()
    dismissed_items: frozenset[str] = frozenset()
    dismissed_shelves: frozenset[str] = frozenset()
    previous_page: tuple[str, ...] = ()
    responses: Responses = field(default_factory=dict)
    crowd_responses: Responses = field(default_factory=dict)
    shelf_responses: Mapping[str, Counts] = field(default_factory=dict)

    @property
    def market(self) -> str:
        """The market whose rights and charts apply."""
        return self.listener.market


@dataclass(frozen=True, slots=True)
class Provenance:
    """Why a shelf exists: the source that proposed it, the item that seeded it, and the reason in words."""

    source: str
    reason: str
    seed_item: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """A titled, ordered row of candidates.

    `rows` (n,) are catalogue rows, best first, without repeats; `scores` (n,) are the source's own scores
    in the same order, comparable within the shelf only. `attributes` are what rules select on and features
    are made from. `id` is stable between requests: a dismissed shelf is recognised by it.
    """

    id: str
    title: str
    rows: Rows
    scores: Floats
    provenance: Provenance
    attributes: Mapping[str, Attribute] = field(default_factory=lambda: NO_ATTRIBUTES)

    @property
    def kind(self) -> ShelfKind:
        """What responses to it are counted by; parts that its attributes lack are empty."""
        return shelf_kind(self.attributes)

    def __len__(self) -> int:
        return len(self.rows)


def shelf_kind(attributes: Mapping[str, Attribute]) -> ShelfKind:
    """The kind of a shelf with these attributes."""
    source, family, content_type = (
        str(attributes.get(name, "")) for name in ("source", "family", "content_type")
    )
    return source, family, content_type
