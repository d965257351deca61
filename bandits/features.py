"""Features of contexts, shelves and presentations, declared once and used for serving and for training alike.

A feature that is made in two places drifts apart. Decisions therefore log what these functions returned, and
learning reads the log. Change `FEATURE_SCHEMA_VERSION` with any change of a name, bucket or namespace: a
model trained on another schema must not be served.
"""

from __future__ import annotations

import math

from bandits.types import Features
from shelves.types import Attribute, Context, Shelf

FEATURE_SCHEMA_VERSION = "2"

_HOUR_BUCKETS = ("night", "early", "morning", "midday", "afternoon", "evening")
_HOURS_PER_BUCKET = 24 // len(_HOUR_BUCKETS)
_HISTORY_BUCKETS = ((0, "none"), (9, "few"), (49, "some"), (199, "many"))
_CATEGORIES = ("source", "family", "content_type", "genre", "fresh", "sponsored", "exploratory")
_NUMBERS = ("taste", "popularity", "novelty", "freshness")
_AFFINITY_BUCKETS = ((0.2, "lowest"), (0.4, "low"), (0.6, "middle"), (0.8, "high"))


def context_features(context: Context) -> Features:
    """What is known about the request, in two namespaces.

    "context" holds surface, hour (six buckets of four hours in the timezone of `context.now`), day
    (weekday or weekend), market, tier and history size; "user" holds the listener's id alone, so that a
    policy can give a listener weights of their own or leave them out. All values are categorical.
    """
    return {
        "context": {
            "surface": context.surface,
            "hour": _HOUR_BUCKETS[context.now.hour // _HOURS_PER_BUCKET],
            "day": "weekend" if context.now.weekday() >= 5 else "weekday",
            "market": context.market,
            "tier": context.listener.tier,
            "history": _bucket(len(context.history), _HISTORY_BUCKETS, "most"),
        },
        "user": {"id": context.listener.id},
    }


def shelf_features(shelf: Shelf) -> Features:
    """What is known about a shelf, from its attributes, in two namespaces.

    "shelf" holds the categorical source, family, content_type, genre, fresh, sponsored, exploratory, and
    "affinity", which is taste in five steps so that a linear learner can bend it by context. "numbers" holds
    taste, popularity, novelty and freshness as they are, and size as ln(1 + items). Attributes a shelf lacks
    are left out. Raises ValueError when a number is not a finite number.
    """
    attributes = shelf.attributes
    numbers = {name: _number(shelf, name) for name in _NUMBERS if name in attributes}
    if "size" in attributes:
        numbers["size"] = math.log1p(max(0.0, _number(shelf, "size")))
    categories: dict[str, str | float] = {
        name: _category(attributes[name]) for name in _CATEGORIES if attributes.get(name, "") != ""
    }
    if "taste" in numbers:
        categories["affinity"] = _bucket(numbers["taste"], _AFFINITY_BUCKETS, "highest")
    return {"shelf": categories, "numbers": numbers}


def presentation_features(name: str) -> Features:
    """How a shelf is shown, in a namespace of its own; nothing for one without a name."""
    return {"presentation": {"name": name}} if name else {}


def _bucket(value: float, buckets: tuple[tuple[float, str], ...], beyond: str) -> str:
    return next((name for upper, name in buckets if value <= upper), beyond)


def _category(value: Attribute) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _number(shelf: Shelf, name: str) -> float:
    value = shelf.attributes[name]
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"shelf {shelf.id!r}: attribute {name} = {value!r} must be a finite number")
    return number
