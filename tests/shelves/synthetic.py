"""Seeded synthetic catalogues with known structure: every listener has three genres and stays near them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from shelves.catalog import Catalog, CatalogData, EditorialShelf, Embeddings, Interactions
from shelves.types import Context, Interaction, Item, Kind, Listener

AS_OF = date(2024, 6, 1)
NOW = datetime(2024, 6, 1, 20, 0, tzinfo=UTC)
MARKETS = ("SE", "GB", "US", "BR", "JP")


@dataclass(frozen=True)
class Size:
    """How many of each kind, and how many interactions by content type."""

    artists: int = 220
    albums: int = 60
    tracks: int = 200
    playlists: int = 30
    podcasts: int = 60
    audiobooks: int = 160
    videos: int = 160
    listeners: int = 80
    music_plays: int = 3200
    podcast_plays: int = 400
    audiobook_plays: int = 1200
    video_plays: int = 1200
    genres: int = 12
    extra_tags: int = 40


SMALL = Size()
REAL = Size(
    artists=17_600,
    albums=0,
    tracks=2_200,
    playlists=200,
    podcasts=284,
    audiobooks=10_000,
    videos=9_125,
    listeners=1_892,
    music_plays=95_000,
    podcast_plays=0,
    audiobook_plays=140_000,
    video_plays=100_000,
    genres=40,
    extra_tags=3_000,
)

_KINDS = (
    (Kind.ARTIST, "artists"),
    (Kind.ALBUM, "albums"),
    (Kind.TRACK, "tracks"),
    (Kind.PLAYLIST, "playlists"),
    (Kind.PODCAST, "podcasts"),
    (Kind.AUDIOBOOK, "audiobooks"),
    (Kind.VIDEO, "videos"),
)
_PLAYS = (
    ("music_plays", (Kind.ARTIST, Kind.ALBUM, Kind.TRACK)),
    ("podcast_plays", (Kind.PODCAST,)),
    ("audiobook_plays", (Kind.AUDIOBOOK,)),
    ("video_plays", (Kind.VIDEO,)),
)


def catalog_data(size: Size = SMALL, seed: int = 7, *, embeddings: bool = True) -> CatalogData:
    """A catalogue of the given size."""
    rng = np.random.default_rng(seed)
    items = _items(size, rng)
    genre = np.array([int(item.genre.split()[-1]) for item in items])
    interactions = _interactions(size, items, genre, rng)
    listeners = tuple(listener(i) for i in range(size.listeners))
    return CatalogData(
        items=items,
        as_of=AS_OF,
        interactions=interactions,
        listeners=listeners,
        editorial=_editorial(items),
        embeddings=_embeddings(items, genre, interactions, rng) if embeddings else None,
    )


def listener(i: int) -> Listener:
    """Listener number i; one in three does not allow explicit content."""
    return Listener(f"listener-{i}", f"Listener {i}", MARKETS[i % len(MARKETS)], allows_explicit=i % 3 != 0)


def context(catalog: Catalog, i: int = 1, **changes: object) -> Context:
    """The context of listener i, with their history in the catalogue and two friends."""
    person = listener(i)
    who = catalog.listening.listener_row.get(person.id)
    history: tuple[Interaction, ...] = ()
    if who is not None:
        rows = catalog.listening.by_listener.row(who)
        weights = np.expm1(catalog.listening.by_listener.row_weights(who))
        history = tuple(
            Interaction(catalog.ids[row], float(weight), NOW - timedelta(days=int(7 * at)))
            for at, (row, weight) in enumerate(zip(rows, weights, strict=True))
        )
    follows = frozenset(item.item_id for item in history if item.item_id.startswith("artist"))
    fields: dict[str, object] = {
        "listener": person,
        "history": history,
        "now": NOW,
        "follows": follows,
        "friends": (f"listener-{i + 1}", f"listener-{i + 2}"),
    }
    return Context(**{**fields, **changes})  # type: ignore[arg-type]


def _items(size: Size, rng: np.random.Generator) -> tuple[Item, ...]:
    items: list[Item] = []
    for kind, field in _KINDS:
        count = getattr(size, field)
        popularity = 1e5 / np.arange(1, count + 1) ** 0.9
        items += [_item(kind, i, float(popularity[i]), size, rng) for i in range(count)]
    return tuple(items)


def _item(kind: Kind, i: int, popularity: float, size: Size, rng: np.random.Generator) -> Item:
    genre = int(rng.integers(size.genres))
    artist = int(rng.integers(size.artists)) if kind in (Kind.ALBUM, Kind.TRACK) and size.artists else None
    extra = rng.zipf(1.4, size=int(rng.integers(0, 9)))
    return Item(
        id=f"{kind}-{i}",
        kind=kind,
        title=f"{kind.title()} {i}",
        creator=f"Artist {artist}" if artist is not None else f"Maker {i % 97}",
        genre=f"genre {genre}",
        tags=(f"genre {genre}", *dict.fromkeys(f"tag {tag % size.extra_tags}" for tag in extra)),
        released=None
        if kind is Kind.ARTIST
        else AS_OF - timedelta(days=int(rng.integers(0, 9000) ** 2 / 9000)),
        markets=frozenset() if rng.random() < 0.8 else frozenset(rng.choice(MARKETS, 2).tolist()),
        explicit=bool(rng.random() < 0.08),
        sponsor="Acme" if rng.random() < 0.02 else None,
        popularity=popularity,
        artist_id=None if artist is None else f"artist-{artist}",
    )


def _interactions(
    size: Size, items: tuple[Item, ...], genre: NDArray[np.int64], rng: np.random.Generator
) -> Interactions:
    tastes = np.stack([rng.choice(size.genres, 3, replace=False) for _ in range(size.listeners)])
    pairs: dict[tuple[int, int], None] = {}
    for field, kinds in _PLAYS:
        members = np.array([row for row, item in enumerate(items) if item.kind in kinds], dtype=np.int64)
        if len(members) == 0 or getattr(size, field) == 0:
            continue
        near = [members[genre[members] == g] for g in range(size.genres)]
        count = getattr(size, field)
        for who in rng.integers(size.listeners, size=count):
            pool = near[tastes[who, rng.integers(3)]] if rng.random() < 0.85 else members
            pool = pool if len(pool) else members
            pick = min(int(len(pool) * rng.random() ** 2.2), len(pool) - 1)
            pairs[int(who), int(pool[pick])] = None
    keys = list(pairs)
    ages = rng.integers(0, 700, size=len(keys))
    return Interactions(
        listener_id=[f"listener-{who}" for who, _ in keys],
        item_id=[items[row].id for _, row in keys],
        weight=np.ceil(rng.lognormal(3, 1.5, size=len(keys))),
        last_at=[None if age < 30 else AS_OF - timedelta(days=int(age) - 30) for age in ages],
    )


def _editorial(items: tuple[Item, ...]) -> tuple[EditorialShelf, ...]:
    ids = tuple(item.id for item in items)
    step = max(1, len(ids) // 40)
    return (
        EditorialShelf("summer", "Sounds of summer", "Picked by our editors", ids[::step]),
        EditorialShelf("acme", "Acme presents", "A partner's selection", ids[1::step], sponsor="Acme"),
        EditorialShelf("nordic", "Northern lights", "For the north", ids[2::step], markets=frozenset({"SE"})),
        EditorialShelf("past", "Last winter", "Picked by our editors", ids[3::step], ends=date(2024, 2, 1)),
    )


def _embeddings(
    items: tuple[Item, ...], genre: NDArray[np.int64], interactions: Interactions, rng: np.random.Generator
) -> Embeddings:
    """Vectors around a centre for each genre; zero, as if not trained, for items of few listeners."""
    heard = Counter(interactions.item_id)
    trained = np.array([heard[item.id] >= 3 for item in items])
    centres = rng.normal(size=(int(genre.max()) + 1, 32))
    vectors = centres[genre] + 0.4 * rng.normal(size=(len(items), 32))
    return Embeddings([item.id for item in items], (vectors * trained[:, None]).astype(np.float32))
