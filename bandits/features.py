"""Features of contexts, shelves and presentations, declared once and used for serving and for training alike.

A feature that is made in two places drifts apart. Decisions therefore log what these functions returned, and
learning reads the log. Change `FEATURE_SCHEMA_VERSION` with any change of a name, bucket or namespace: a
model trained on another schema must not be served.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

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
_AFFINITY_UPPER = (0.2, 0.4, 0.6, 0.8)
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
_ITEMS = (*AGGREGATES, "repeated", "looks", "clicks")
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
) -> list[Features]:
    """What is known about each of n shelves in a context, in five namespaces.

    `aggregates` are those of `shelves.aggregates`. "kind" holds the family, which contexts are crossed with,
    "shelf" the other categories, "numbers" and "items" what the items amount to and how well the listener
    knows the shelf, and "responses" the listener's leanings to the shelf's kind. Raises ValueError naming
    the shelf and the attribute that is not a finite number.
    """
    last, known = frozenset(context.previous_page), context.shelf_responses
    found: list[Features] = []
    for shelf, numbers, of_items in zip(shelves, _numbers(shelves), aggregates.tolist(), strict=True):
        looks, clicks = known.get(shelf.id, _NEVER)
        of_items += (float(shelf.id in last), log1p(looks), log1p(clicks))
        source, family, content_type, genre, fresh, sponsored, exploratory = _categories(shelf.attributes)
        categories: dict[str, str | float] = {
            "source": source,
            "content_type": content_type,
            "fresh": _YES_NO[fresh],
            "sponsored": _YES_NO[sponsored],
            "exploratory": _YES_NO[exploratory],
            "affinity": _AFFINITY[bisect_left(_AFFINITY_UPPER, numbers[0])],
        }
        if genre:
            categories["genre"] = genre
        found.append(
            {
                "kind": {"family": family},
                "shelf": categories,
                "numbers": dict(zip(_NUMBERS, numbers, strict=True)),
                "items": dict(zip(_ITEMS, of_items, strict=True)),
                "responses": {
                    "source": leaning.source.get(source, 0.0),
                    "family": leaning.family.get(family, 0.0),
                    "content_type": leaning.content_type.get(content_type, 0.0),
                },
            }
        )
    return found


def presentation_features(name: str) -> Features:
    """How a shelf is shown, in a namespace of its own; nothing for one without a name."""
    return {"presentation": {"name": name}} if name else {}


def _numbers(shelves: Sequence[Shelf]) -> list[list[float]]:
    """Taste, popularity, novelty and ln(1 + size) of n shelves: (n, 4)."""
    try:
        numbers = np.array([_numbers_of(shelf.attributes) for shelf in shelves], dtype=np.float64)
    except ValueError:
        raise ValueError(_not_a_number(shelves)) from None
    if not np.isfinite(numbers).all():
        raise ValueError(_not_a_number(shelves))
    numbers[:, 3] = np.log1p(numbers[:, 3])
    rows: list[list[float]] = numbers.tolist()
    return rows


def _not_a_number(shelves: Sequence[Shelf]) -> str:
    return next(
        f"shelf {shelf.id!r}: attribute {name} = {value!r} must be a finite number"
        for shelf in shelves
        for name in _NUMBERS
        if isinstance(value := shelf.attributes[name], str) or not np.isfinite(value)
    )
