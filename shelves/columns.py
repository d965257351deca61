"""The attributes of items as arrays, one entry per catalogue row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from shelves.ragged import Ragged, group
from shelves.types import ContentType, Floats, Item, Kind, Mask, Rows

CONTENT_TYPES: tuple[ContentType, ...] = tuple(ContentType)
"""A content type's code is its position here."""

KINDS: tuple[Kind, ...] = tuple(Kind)
"""A kind's code is its position here."""

TYPE_CODE: Mapping[ContentType, int] = {content_type: i for i, content_type in enumerate(CONTENT_TYPES)}
KIND_CODE: Mapping[Kind, int] = {kind: i for i, kind in enumerate(KINDS)}

FRESH_DAYS = 90
FRESH_DAYS_BY_YEAR = 365
_YEAR_GRANULAR_SHARE = 0.95

TRAITS = ("popularity", "its square", "fresh", "age in units of 20 years, older ones as 20", "dated")
"""What each item brings to its shelf whoever looks at it; undated items have age 0."""

_OLD_DAYS = 7305


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Item attributes as arrays of length n.

    `content_type` and `kind` are codes; `popularity` is the percentile in (0, 1] within the content type;
    `release_day` is a proleptic ordinal, 0 where unknown; `genre` and `sponsor` index `genres` and
    `sponsors`, whose first name is empty; `artist` is the row of the item's artist or −1, and `creator` the
    same or the item's own. `by_type` and `by_kind` hold the rows of each code, most popular first. `works`
    holds, for each row, the tracks and albums of that artist, most popular first.
    """

    content_type: NDArray[np.int8]
    kind: NDArray[np.int8]
    popularity: Floats
    release_day: Rows
    explicit: Mask
    genre: Rows
    genres: tuple[str, ...]
    sponsor: Rows
    sponsors: tuple[str, ...]
    artist: Rows
    creator: NDArray[np.int64]
    by_type: Ragged
    by_kind: Ragged
    works: Ragged


def columns(items: Sequence[Item], row_of: Mapping[str, int]) -> Columns:
    """Read the columns of `items`; `row_of` maps their ids to rows."""
    n = len(items)
    content_type = np.fromiter((TYPE_CODE[item.content_type] for item in items), np.int8, n)
    kind = np.fromiter((KIND_CODE[item.kind] for item in items), np.int8, n)
    popularity = percentiles(np.array([item.popularity for item in items], dtype=np.float64), content_type)
    genre, genres = _codes([item.genre for item in items])
    sponsor, sponsors = _codes([item.sponsor or "" for item in items])
    artist = np.fromiter((row_of.get(item.artist_id or "", -1) for item in items), np.int32, n)
    best_first = np.argsort(-popularity, kind="stable").astype(np.int32)
    return Columns(
        content_type=content_type,
        kind=kind,
        popularity=popularity,
        release_day=np.fromiter((_ordinal(item.released) for item in items), np.int32, n),
        explicit=np.fromiter((item.explicit for item in items), np.bool_, n),
        genre=genre,
        genres=genres,
        sponsor=sponsor,
        sponsors=sponsors,
        artist=artist,
        creator=np.where(artist >= 0, artist, np.arange(n)),
        by_type=_grouped(content_type, len(CONTENT_TYPES), best_first, popularity),
        by_kind=_grouped(kind, len(KINDS), best_first, popularity),
        works=_works(artist, best_first, popularity),
    )


def percentiles(values: NDArray[np.float64], content_type: NDArray[np.int8]) -> Floats:
    """Mid-rank percentile in (0, 1] of each value within its content type; ties share their mean rank."""
    result = np.zeros(len(values), dtype=np.float32)
    for code in np.unique(content_type):
        members = content_type == code
        result[members] = rankdata(values[members]) / members.sum()
    return result


def fresh_days(release_day: Rows) -> int:
    """How young a release is called fresh: 90 days, or a year where dates are only known by year.

    A catalogue is taken to be dated by year when at least 95 % of its dated items fall on 1 January.
    """
    dated = release_day[release_day > 0]
    if len(dated) == 0:
        return FRESH_DAYS
    first_of_year = sum(_is_new_year(int(day)) for day in dated)
    return FRESH_DAYS_BY_YEAR if first_of_year >= _YEAR_GRANULAR_SHARE * len(dated) else FRESH_DAYS


def traits(cols: Columns, day: int, fresh_days: int) -> NDArray[np.float64]:
    """What shelves add up of their items (n, 5): `TRAITS`, in their order, on a day."""
    dated = cols.release_day > 0
    age = np.where(dated, day - cols.release_day, 0)
    found = np.empty((len(age), len(TRAITS)))
    found[:, 0] = cols.popularity
    found[:, 1] = found[:, 0] ** 2
    found[:, 2] = dated & (age >= 0) & (age <= fresh_days)
    found[:, 3] = age.clip(0, _OLD_DAYS) / _OLD_DAYS
    found[:, 4] = dated
    return found


def recent(cols: Columns, as_of: int, days: int) -> Ragged:
    """Items released in the `days` up to `as_of`, newest first, with one row for each content type."""
    age = as_of - cols.release_day
    rows = np.flatnonzero((cols.release_day > 0) & (age >= 0) & (age <= days)).astype(np.int32)
    rows = rows[np.argsort(age[rows], kind="stable")]
    return _grouped(cols.content_type, len(CONTENT_TYPES), rows, cols.popularity)


def decades(cols: Columns, content_type: ContentType, min_items: int, limit: int) -> dict[int, Rows]:
    """The `limit` most popular items of each decade that has at least `min_items`, latest decade first."""
    rows = cols.by_type.row(TYPE_CODE[content_type])
    rows = rows[cols.release_day[rows] > 0]
    years = np.array([date.fromordinal(int(day)).year for day in cols.release_day[rows]], dtype=np.int64)
    found, counts = np.unique(years // 10 * 10, return_counts=True)
    kept = found[counts >= min_items][::-1]
    return {int(decade): rows[years // 10 * 10 == decade][:limit] for decade in kept}


def tail(cols: Columns, percentile: float) -> Ragged:
    """Items of popularity at most `percentile`, most popular first, with one row for each content type."""
    rows = cols.by_type.values[cols.by_type.weights <= percentile]
    return _grouped(cols.content_type, len(CONTENT_TYPES), rows, cols.popularity)


def _is_new_year(ordinal: int) -> bool:
    day = date.fromordinal(ordinal)
    return day.month == 1 and day.day == 1


def _ordinal(day: date | None) -> int:
    return 0 if day is None else day.toordinal()


def _codes(names: Sequence[str]) -> tuple[Rows, tuple[str, ...]]:
    code: dict[str, int] = {"": 0}
    codes = np.fromiter((code.setdefault(name, len(code)) for name in names), np.int32, len(names))
    return codes, tuple(code)


def _grouped(keys: NDArray[np.int8], n_keys: int, rows: Rows, weights: Floats) -> Ragged:
    return group(keys[rows], n_keys, rows, weights[rows])


def _works(artist: Rows, best_first: Rows, popularity: Floats) -> Ragged:
    works = best_first[artist[best_first] >= 0]
    return group(artist[works], len(artist), works, popularity[works])
