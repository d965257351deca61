"""MovieLens films as video, with the liked films of viewers paired with listeners."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from home.ingest.pairing import listener_id, pair
from home.ingest.rows import Line, RowError
from home.ingest.run import Run
from home.ingest.sources import MOVIE_TAGS, MOVIELENS, MOVIES, RATINGS
from home.ingest.tags import TOP_TAGS, clean, distinct
from shelves.types import Interaction, Item, Kind

LIKED = 4.0
_EARLIEST = datetime(1995, 1, 1, tzinfo=UTC).timestamp()
_LATEST = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
_YEAR = re.compile(r"\s*\((\d{4})(?:[-–]\d{0,4})?\)\s*$")
_ARTICLE = re.compile(r"^(?P<name>.+?), (?P<article>The|An|A|Il|La|Le|Les|El|Los|Las|Der|Die|Das)(?= \(|$)")
_NOT_GENRES = frozenset({"(no genres listed)", "IMAX"})


@dataclass(frozen=True, slots=True)
class _Film:
    title: str
    year: int | None
    genres: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Rating:
    user: int
    film: int
    rating: float
    at: datetime


def load(run: Run, users: Sequence[int]) -> None:
    """Load every film, and give each listener the films that one viewer rated LIKED or better.

    The pairing of listeners with viewers is synthetic: by a hash of the listener's id. A film weighs its
    rating and is dated by it. Popularity is the number of ratings. The set lists genres by alphabet; here
    the rarest, which says most, comes first. Viewers' tags follow the genres when at least two viewers use
    them, which leaves out private lists.
    """
    films = _films(run)
    tags = _viewer_tags(run, films)
    audience: Counter[int] = Counter()
    liked: dict[int, list[_Rating]] = defaultdict(list)
    for rating in _ratings(run, films):
        audience[rating.film] += 1
        if rating.rating >= LIKED:
            liked[rating.user].append(rating)
    for identity, film in films.items():
        run.item(_item(identity, film, tags.get(identity, []), audience[identity]), MOVIELENS)
    _pair(run, users, liked)


def split_title(text: str) -> tuple[str, int | None]:
    """A title in reading order and its year: "Matrix, The (1999)" → ("The Matrix", 1999)."""
    match = _YEAR.search(text)
    title = _ARTICLE.sub(r"\g<article> \g<name>", _YEAR.sub("", text).strip())
    return title, int(match.group(1)) if match else None


def _films(run: Run) -> dict[int, _Film]:
    films = dict(run.unique(MOVIES, "movieId", lambda line: _film(run, line)))
    spread = Counter(genre for film in films.values() for genre in film.genres)
    return {identity: _rarest_first(film, spread) for identity, film in films.items()}


def _rarest_first(film: _Film, spread: Mapping[str, int]) -> _Film:
    return replace(film, genres=tuple(sorted(film.genres, key=lambda genre: (spread[genre], genre))))


def _film(run: Run, line: Line) -> _Film:
    title, _ = split_title(line.text("title"))
    if not title:
        raise RowError("title", line.values["title"], "holds nothing but a year")
    return _Film(title, run.tolerated(MOVIES, line, _year), _genres(line.text("genres")))


def _year(line: Line) -> int | None:
    _, year = split_title(line.text("title"))
    if year is not None and year < date.min.year:
        raise RowError("title", line.values["title"], "has a year that no date can hold")
    return year


def _genres(text: str) -> tuple[str, ...]:
    return distinct(clean(genre) for genre in text.split("|") if genre not in _NOT_GENRES)


def _known_film(line: Line, films: dict[int, _Film]) -> int:
    film = line.integer("movieId")
    if film not in films:
        raise RowError("movieId", film, f"is not in {MOVIES.label}")
    return film


def _viewer_tags(run: Run, films: dict[int, _Film]) -> dict[int, list[str]]:
    def parse(line: Line) -> tuple[int, int, str]:
        return line.integer("userId"), _known_film(line, films), clean(line.text("tag"))

    given: dict[int, list[str]] = defaultdict(list)
    users: dict[str, set[int]] = defaultdict(set)
    for user, film, tag in run.parsed(MOVIE_TAGS, parse):
        given[film].append(tag)
        users[tag].add(user)
    return {film: [tag for tag in tags if len(users[tag]) > 1] for film, tags in given.items()}


def _ratings(run: Run, films: dict[int, _Film]) -> Iterator[_Rating]:
    def parse(line: Line) -> _Rating:
        seconds = line.decimal("timestamp", _EARLIEST, _LATEST)
        return _Rating(
            user=line.integer("userId"),
            film=_known_film(line, films),
            rating=line.decimal("rating", 0.5, 5.0),
            at=datetime.fromtimestamp(seconds, UTC),
        )

    return run.parsed(RATINGS, parse)


def _pair(run: Run, users: Sequence[int], liked: dict[int, list[_Rating]]) -> None:
    for viewer, listeners in pair("viewer", users, sorted(liked)).items():
        for user in listeners:
            for rating in liked[viewer]:
                interaction = Interaction(_film_id(rating.film), rating.rating, rating.at)
                run.interaction(listener_id(user), interaction, MOVIELENS)


def _item(identity: int, film: _Film, viewer_tags: Sequence[str], ratings: int) -> Item:
    tags = distinct((*film.genres, *viewer_tags))[:TOP_TAGS]
    return Item(
        id=_film_id(identity),
        kind=Kind.VIDEO,
        title=film.title,
        genre=film.genres[0] if film.genres else "",
        tags=tags,
        released=date(film.year, 7, 1) if film.year else None,
        popularity=float(ratings),
    )


def _film_id(film: int) -> str:
    return f"film-{film}"
