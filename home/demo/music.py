"""Artists, albums, tracks and playlists of the embedded catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from home.demo.dice import Dice
from home.demo.names import Names
from home.demo.taxonomy import GENRE_OF, GENRES, MARKETS, MOODS, SPONSORS, Genre
from shelves.types import Item, Kind

ARTISTS = 500
ALBUMS = 900
TRACKS = 2000
PLAYLISTS = 120

_LOUDEST = 900_000.0
_ZIPF_SHIFT = 6.0
_ZIPF_POWER = 0.95
_LIMITED = 0.12
_FRESH = 0.14
_RECENT = 0.3
_DAYS_FRESH = 56
_DAYS_RECENT = 730
_TRUE_TO_GENRE = 12


@dataclass(slots=True)
class Music:
    """The music of a catalogue under construction."""

    artists: list[Item] = field(default_factory=list)
    albums: list[Item] = field(default_factory=list)
    tracks: list[Item] = field(default_factory=list)
    playlists: list[Item] = field(default_factory=list)

    def items(self) -> list[Item]:
        """Everything, artists first."""
        return [*self.artists, *self.albums, *self.tracks, *self.playlists]


def make(seed: int, as_of: date) -> Music:
    """All music, none of it released after `as_of`. Popularity is a number of streams in four weeks."""
    music = Music()
    music.artists = _artists(seed)
    music.albums = _albums(seed, as_of, music.artists)
    music.tracks = _tracks(seed, music.albums)
    music.playlists = _playlists(seed)
    return music


def zipf(rank: int, top: float) -> float:
    """Popularity of the item at `rank` (from 1) when the first has `top`: a shifted power law."""
    return float(round(top * ((1.0 + _ZIPF_SHIFT) / (rank + _ZIPF_SHIFT)) ** _ZIPF_POWER))


def rights(dice: Dice, home: str | None) -> frozenset[str]:
    """Where an item may be played: most everywhere (empty), some in a few markets."""
    if not dice.chance(_LIMITED):
        return frozenset()
    chosen = set(dice.sample(MARKETS, dice.integer(2, 4)))
    return frozenset(chosen | {home} if home else chosen)


def release_date(dice: Dice, as_of: date, first: int, last: int) -> date:
    """A day up to `as_of`: some in the last weeks, some in the last two years, the rest in given years."""
    mark = dice.uniform()
    if last >= as_of.year and mark < _FRESH:
        return as_of - timedelta(days=dice.integer(0, _DAYS_FRESH))
    if last >= as_of.year and mark < _FRESH + _RECENT:
        return as_of - timedelta(days=dice.integer(_DAYS_FRESH, _DAYS_RECENT))
    start, end = date(first, 1, 1), min(date(last, 12, 28), as_of)
    return start + timedelta(days=dice.integer(0, (end - start).days))


def decade(day: date) -> str:
    """The decade of a day as a tag: "90s"."""
    return f"{day.year // 10 % 10}0s"


def _artists(seed: int) -> list[Item]:
    dice = Dice(seed, "artists")
    names = Names(Dice(seed, "artist names"))
    genres = _dealt(dice, [genre.name for genre in GENRES], ARTISTS)
    return [_artist(dice, names, rank, GENRE_OF[name]) for rank, name in enumerate(genres, start=1)]


def _dealt(dice: Dice, options: Sequence[str], count: int) -> list[str]:
    rounds = [
        option for _ in range(count // len(options) + 1) for option in dice.sample(options, len(options))
    ]
    return rounds[:count]


def _artist(dice: Dice, names: Names, rank: int, genre: Genre) -> Item:
    market = genre.home if genre.home and dice.chance(0.6) else dice.pick(MARKETS)
    name = names.artist(genre.family, market)
    identity = f"demo-artist-{rank}"
    return Item(
        id=identity,
        kind=Kind.ARTIST,
        title=name,
        creator=name,
        genre=genre.name,
        tags=_artist_tags(dice, genre),
        markets=rights(dice, market),
        popularity=zipf(rank, _LOUDEST),
        artist_id=identity,
    )


def _artist_tags(dice: Dice, genre: Genre) -> tuple[str, ...]:
    kin = [other.name for other in GENRES if other.family == genre.family and other != genre]
    likely = [*genre.moods * _TRUE_TO_GENRE, *MOODS]
    moods = dict.fromkeys(dice.sample(likely, 2))
    tags = [genre.name, dice.pick(kin), *moods]
    if dice.chance(0.3):
        tags.insert(2, dice.pick([other.name for other in GENRES if other.moods[0] in genre.moods]))
    return tuple(dict.fromkeys(tags))


def _albums(seed: int, as_of: date, artists: Sequence[Item]) -> list[Item]:
    dice = Dice(seed, "albums")
    names = Names(Dice(seed, "album titles"))
    weights = [artist.popularity**0.25 for artist in artists]
    extra = [dice.weighted(artists, weights) for _ in range(ALBUMS - len(artists))]
    return [
        _album(dice, names, number, artist, as_of)
        for number, artist in enumerate([*artists, *extra], start=1)
    ]


def _album(dice: Dice, names: Names, number: int, artist: Item, as_of: date) -> Item:
    genre = GENRE_OF[artist.genre]
    released = release_date(dice, as_of, genre.first, genre.last)
    return Item(
        id=f"demo-album-{number}",
        kind=Kind.ALBUM,
        title=names.once(lambda: names.title(genre.family)),
        creator=artist.title,
        genre=artist.genre,
        tags=(*artist.tags, decade(released)),
        released=released,
        markets=artist.markets,
        explicit=dice.chance(genre.explicit),
        popularity=float(round(artist.popularity * dice.uniform(0.15, 0.7))),
        artist_id=artist.id,
    )


def _tracks(seed: int, albums: Sequence[Item]) -> list[Item]:
    dice = Dice(seed, "tracks")
    names = Names(Dice(seed, "track titles"))
    spare = TRACKS - 2 * len(albums)
    longer = {album.id for album in dice.sample(albums, spare)}
    tracks: list[Item] = []
    for album in albums:
        shares = [0.5, 0.22, 0.12][: 3 if album.id in longer else 2]
        tracks += [
            _track(dice, names, len(tracks) + i, album, share) for i, share in enumerate(shares, start=1)
        ]
    return tracks


def _track(dice: Dice, names: Names, number: int, album: Item, share: float) -> Item:
    genre = GENRE_OF[album.genre]
    return Item(
        id=f"demo-track-{number}",
        kind=Kind.TRACK,
        title=names.title(genre.family),
        creator=album.creator,
        genre=album.genre,
        tags=album.tags,
        released=album.released,
        markets=album.markets,
        explicit=album.explicit and dice.chance(0.7),
        popularity=float(round(album.popularity * share * dice.uniform(0.7, 1.3))),
        artist_id=album.artist_id,
    )


_MOOD_TITLES = {
    "bittersweet": ("Smiling Through It", "Golden Hour Blues"),
    "driving": ("Full Tank", "Pace Setter"),
    "warm": ("Blanket Weather", "Kitchen Radio"),
    "raw": ("One Take", "Garage Door Open"),
    "dark": ("Lights Out", "Under the Bridge After Two"),
    "dreamy": ("Half Asleep", "Cloud Cover"),
    "melancholic": ("Rain on the Tram", "Letters Never Sent"),
    "euphoric": ("Hands Up", "Last Song Before the Sun"),
    "late night": ("Night Bus", "Three in the Morning"),
    "calm": ("Slow Breath", "Sunday with the Curtains Drawn"),
    "sunny": ("Windows Down", "Balcony Season"),
    "romantic": ("Candle and Two Glasses", "Slow Dance in Socks"),
}
_GENRE_FORMS = ("{} Essentials", "Fresh {}", "{} Deep Cuts")
_DECADES = ("60s", "70s", "80s", "90s", "00s", "10s")


def _playlists(seed: int) -> list[Item]:
    dice = Dice(seed, "playlists")
    plans = [(title, tags) for mood in MOODS for title, tags in _mood_plans(mood)]
    plans += [(f"All Out {name}", (name, *dice.sample(MOODS, 1))) for name in _DECADES]
    per_genre = [
        (form.format(display(genre.name)), (genre.name, *genre.moods))
        for form in _GENRE_FORMS
        for genre in GENRES
    ]
    plans += per_genre[: PLAYLISTS - len(plans)]
    ranks = dice.sample(range(1, len(plans) + 1), len(plans))
    return [
        _playlist(dice, number, title, tags, rank)
        for number, ((title, tags), rank) in enumerate(zip(plans, ranks, strict=True), start=1)
    ]


def _mood_plans(mood: str) -> list[tuple[str, tuple[str, ...]]]:
    kin = [genre.name for genre in GENRES if mood in genre.moods]
    return [(title, (mood, *kin[half::2][:4])) for half, title in enumerate(_MOOD_TITLES[mood])]


def _playlist(dice: Dice, number: int, title: str, tags: tuple[str, ...], rank: int) -> Item:
    genre = next((tag for tag in tags if tag in GENRE_OF), tags[0])
    return Item(
        id=f"demo-playlist-{number}",
        kind=Kind.PLAYLIST,
        title=title,
        creator="Home",
        genre=genre,
        tags=tags,
        sponsor=dice.pick(SPONSORS) if dice.chance(0.06) else None,
        popularity=zipf(rank, _LOUDEST / 2.0),
    )


def display(name: str) -> str:
    """A genre as written in a title."""
    return "R&B" if name == "rnb" else name.title().replace(" And ", " and ")
