"""Features of contexts, shelves and presentations, declared once and used for serving and for training alike.

A feature that is made in two places drifts apart. Decisions therefore log what these functions returned, and
learning reads the log. Change `FEATURE_SCHEMA_VERSION` with any change of a name, bucket or namespace: a
model trained on another schema must not be served.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bandits.feature_table import Categories, FeatureTable, categories, joined
from bandits.remembered import Remembered
from bandits.responses import STRANGER, Leaning
from bandits.types import Features
from shelves.aggregates import AGGREGATES
from shelves.types import Context, Shelf

FEATURE_SCHEMA_VERSION = "3"

_HOUR_BUCKETS = ("night", "early", "morning", "midday", "afternoon", "evening")
_HOURS_PER_BUCKET = 24 // len(_HOUR_BUCKETS)
_HISTORY = ("none", "few", "some", "many", "most")
_HISTORY_UPPER = (0, 9, 49, 199)
_AFFINITY = ("lowest", "low", "middle", "high", "highest")
_AFFINITY_UPPER = np.array([0.2, 0.4, 0.6, 0.8])
_YES_NO = ("no", "yes")


@dataclass(frozen=True, slots=True)
class Declared:
    """A feature: where it is, what it means, and what values it takes.

    `values` are its categories, empty where the data names them; `low` and `high` bound a number, and are
    both None for a category. With `sparse`, `name` stands for as many features as the data names, and those
    left out are 0.
    """

    namespace: str
    name: str
    meaning: str
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    sparse: bool = False

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers."""
        return self.low is not None

    def admits(self, value: str | float) -> bool:
        """Whether a value is one that the feature takes."""
        if isinstance(value, str):
            return not self.numeric and (not self.values or value in self.values)
        return self.low is not None and self.high is not None and self.low <= value <= self.high


def _number(namespace: str, name: str, meaning: str, low: float = 0.0, high: float = 1.0) -> Declared:
    return Declared(namespace, name, meaning, low=low, high=high)


FEATURES: tuple[Declared, ...] = (
    Declared("context", "surface", "the surface that asks"),
    Declared("context", "hour", "part of the day, four hours each, in the request's timezone", _HOUR_BUCKETS),
    Declared("context", "day", "kind of day", ("weekday", "weekend")),
    Declared("listener", "market", "the listener's market"),
    Declared("listener", "tier", "the listener's tier"),
    Declared(
        "listener", "history", "items in the listener's history: 0, up to 9, 49, 199, or more", _HISTORY
    ),
    Declared("user", "id", "the listener"),
    Declared("leanings", "FAMILY", "leaning of the listener to a family", low=-1.0, high=1.0, sparse=True),
    Declared("kind", "family", "the family of the source that proposed the shelf"),
    Declared("shelf", "source", "the source that proposed the shelf"),
    Declared("shelf", "content_type", "content type of at least 60 % of the items, else mixed"),
    Declared("shelf", "genre", "most frequent genre among the items; left out where there is none"),
    Declared("shelf", "fresh", "whether at least half of the dated items are fresh", _YES_NO),
    Declared("shelf", "sponsored", "whether somebody pays for the shelf", _YES_NO),
    Declared("shelf", "exploratory", "whether the shelf exists to explore", _YES_NO),
    Declared(
        "shelf",
        "affinity",
        "taste in five equal steps, so that a linear learner can bend it by context",
        _AFFINITY,
    ),
    _number("numbers", "taste", "mean affinity of the items to the listener's taste"),
    _number("numbers", "popularity", "mean popularity percentile of the items"),
    _number("numbers", "novelty", "share of items that are not in the listener's history"),
    _number("numbers", "size", "ln(1 + items)", high=12.0),
    *(_number("items", name, meaning) for name, meaning in AGGREGATES.items()),
    _number("items", "repeated", "1 where the shelf was on the listener's last page on this surface, else 0"),
    _number("items", "looks", "ln(1 + the listener's looks at this shelf lately)", high=12.0),
    _number("items", "clicks", "ln(1 + the listener's clicks on this shelf lately)", high=12.0),
    _number("responses", "source", "leaning of the listener to shelves of this source", -1.0),
    _number("responses", "family", "leaning of the listener to this family", -1.0),
    _number("responses", "content_type", "leaning of the listener to shelves of this content type", -1.0),
    Declared("presentation", "name", "how the shelf is shown; left out where there is only one way"),
)
"""Every feature, by namespace; see `bandits.responses` for what a leaning is, and how looks fade."""

SPARSE = frozenset(one.namespace for one in FEATURES if one.sparse)
"""The namespaces from which features that are 0 are left out."""

_NUMBERS = ("taste", "popularity", "novelty", "size")
_COLUMNS = (
    *(("numbers", name) for name in _NUMBERS),
    *(("items", name) for name in (*AGGREGATES, "repeated", "looks", "clicks")),
    *(("responses", name) for name in ("source", "family", "content_type")),
)
_NEVER = (0.0, 0.0)
_categories = itemgetter("source", "family", "content_type", "genre", "fresh", "sponsored", "exploratory")
_numbers_of = itemgetter(*_NUMBERS)


def context_features(context: Context, leaning: Leaning = STRANGER) -> Features:
    """What is known about the request, in the namespaces "context", "listener", "user" and "leanings".

    "context" is when and where, "listener" what is known of them beforehand, and "leanings" what their own
    responses say. "user" holds the listener's id alone, so that a policy can give a listener weights of their
    own or leave them out.
    """
    return {
        "context": {
            "surface": context.surface,
            "hour": _HOUR_BUCKETS[context.now.hour // _HOURS_PER_BUCKET],
            "day": "weekend" if context.now.weekday() >= 5 else "weekday",
        },
        "listener": {
            "market": context.market,
            "tier": context.listener.tier,
            "history": _HISTORY[bisect_left(_HISTORY_UPPER, len(context.history))],
        },
        "user": {"id": context.listener.id},
        "leanings": leaning.family,
    }


def shelf_features(
    shelves: Sequence[Shelf],
    aggregates: NDArray[np.float64],
    context: Context,
    leaning: Leaning = STRANGER,
) -> FeatureTable:
    """What is known about each of n shelves in a context, in five namespaces.

    `aggregates` are those of `shelves.aggregates`. "kind" holds the family, which contexts are crossed with,
    "shelf" the other categories, "numbers" and "items" what the items amount to and how well the listener
    knows the shelf, and "responses" the listener's leanings to the shelf's kind. Raises ValueError naming
    the shelf and the attribute that is not a finite number, 0 or more.
    """
    known_as = [_categories(shelf.attributes) for shelf in shelves]
    numbers = np.empty((len(shelves), len(_COLUMNS)))
    numbers[:, :4] = _numbers(shelves)
    numbers[:, 4:-6] = aggregates
    numbers[:, -6:-3] = _known_shelves(shelves, context)
    numbers[:, -3:] = _leanings(known_as, leaning)
    affinity = _AFFINITY_UPPER.searchsorted(numbers[:, 0]).tolist()
    found = [_CATEGORIES[*known, step] for known, step in zip(known_as, affinity, strict=True)]
    return FeatureTable(tuple(found), _COLUMNS, numbers)


def _known_shelves(shelves: Sequence[Shelf], context: Context) -> NDArray[np.float64] | float:
    """Whether each shelf was on the last page, and ln(1 + its looks and clicks): (n, 3), or 0."""
    last, known = context.previous_page, context.shelf_responses
    if not last and not known:
        return 0.0
    each = [(shelf.id in last, *known.get(shelf.id, _NEVER)) for shelf in shelves]
    found = np.array(each, dtype=np.float64)
    np.log1p(found[:, 1:], out=found[:, 1:])
    return found


def _leanings(known_as: Sequence[tuple[Any, ...]], leaning: Leaning) -> NDArray[np.float64] | float:
    """The leaning to each shelf's source, family and content type: (n, 3), or 0."""
    if leaning is STRANGER:
        return 0.0
    kinds = zip(*known_as, strict=True)
    parts = (leaning.source, leaning.family, leaning.content_type)
    return np.array(
        [[part.get(name, 0.0) for name in names] for part, names in zip(parts, kinds, strict=False)]
    ).T


def in_presentations(shelves: FeatureTable, rows: Sequence[int], names: Sequence[str]) -> FeatureTable:
    """Options of shelves: which one each is, and the name of its presentation, which may be none."""
    known = {name: _presentation(name) for name in set(names)}
    own = shelves.categories
    found = tuple([joined[own[row], known[name]] for row, name in zip(rows, names, strict=True)])
    return FeatureTable(found, shelves.columns, shelves.numbers.take(rows, axis=0))


@lru_cache(maxsize=1024)
def _presentation(name: str) -> Categories:
    return categories((("presentation", "name", name),) if name else ())


_Known = tuple[str, str, str, str, bool, bool, bool, int]
"""What `_categories` reads of a shelf, and its step of affinity."""


def _categories_of(shelf: _Known) -> Categories:
    source, family, content_type, genre, fresh, sponsored, exploratory, affinity = shelf
    known = [
        ("kind", "family", family),
        ("shelf", "source", source),
        ("shelf", "content_type", content_type),
        ("shelf", "fresh", _YES_NO[fresh]),
        ("shelf", "sponsored", _YES_NO[sponsored]),
        ("shelf", "exploratory", _YES_NO[exploratory]),
        ("shelf", "affinity", _AFFINITY[affinity]),
    ]
    return categories((*known, ("shelf", "genre", genre)) if genre else tuple(known))


_CATEGORIES: Mapping[_Known, Categories] = Remembered(_categories_of)


def _numbers(shelves: Sequence[Shelf]) -> NDArray[np.float64]:
    """Taste, popularity, novelty and ln(1 + size) of n shelves: (n, 4)."""
    each = [number for shelf in shelves for number in _numbers_of(shelf.attributes)]
    try:
        numbers = np.array(each, dtype=np.float64).reshape(-1, len(_NUMBERS))
    except (TypeError, ValueError):
        raise ValueError(_not_a_number(shelves)) from None
    if not (numbers.min() >= 0.0 and numbers.max() < np.inf):
        raise ValueError(_not_a_number(shelves))
    numbers[:, 3] = np.log1p(numbers[:, 3])
    return numbers


def _not_a_number(shelves: Sequence[Shelf]) -> str:
    return next(
        f"shelf {shelf.id!r}: attribute {name} = {value!r} must be a finite number, 0 or more"
        for shelf in shelves
        for name in _NUMBERS
        if not isinstance(value := shelf.attributes[name], int | float) or not 0.0 <= value < np.inf
    )
