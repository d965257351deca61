"""Features as lines of the learner's text format.

Namespaces are known to the learner by one letter, which is also how interactions name them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from bandits.types import Features

LETTERS: Mapping[str, str] = {
    "context": "c",
    "listener": "l",
    "user": "u",
    "leanings": "t",
    "kind": "k",
    "shelf": "s",
    "numbers": "n",
    "items": "i",
    "responses": "r",
    "presentation": "d",
    "position": "p",
}
"""Namespace → letter."""

SHARED = ("context", "listener", "user", "leanings", "position")
"""The namespaces that all shelves of a request share."""

_ESCAPES = str.maketrans(
    {"%": "%25", " ": "%20", ":": "%3A", "|": "%7C", "\n": "%0A", "\r": "%0D", "\t": "%09", "\0": "%00"}
)
_LAST_BUCKETED_SLOT = 8


def encode(features: Features) -> str:
    """One line body: "|letter name=category name:number …" per namespace.

    Names and categories are escaped, so no value can end a feature or open a namespace. Raises ValueError
    for a namespace that has no letter.
    """
    return " ".join([_namespace(namespace, values) for namespace, values in features.items()])


@lru_cache(maxsize=512)
def slot_bucket(slot: int) -> str:
    """The bucket of a slot counted from 0: the first three alone, then wider, then everything from 8 on.

    Buckets widen as examination falls: far down a page there is too little feedback to tell slots apart.
    """
    if slot < 3:
        return str(slot)
    if slot < _LAST_BUCKETED_SLOT:
        return "3-4" if slot < 5 else "5-7"
    return "8+"


def encode_slot(slot: int) -> str:
    """The position namespace for a slot counted from 0."""
    return f"|p slot={slot_bucket(slot)}"


def _namespace(namespace: str, values: Mapping[str, str | float]) -> str:
    """A namespace. One of categories alone comes again in other requests, so it is remembered."""
    kinds = set(map(type, values.values()))
    if str not in kinds:
        return _template(namespace, tuple(values)) % tuple(values.values())
    return (_remembered if kinds == {str} else _encoded)(namespace, tuple(values.items()))


@lru_cache(maxsize=1024)
def _template(namespace: str, names: tuple[str, ...]) -> str:
    """A namespace of numbers that waits for them."""
    each = [f"{_escaped(name).replace('%', '%%')}:%.6g" for name in names]
    return f"|{letter(namespace)} " + " ".join(each)


def _encoded(namespace: str, items: tuple[tuple[str, str | float], ...]) -> str:
    each = [
        _categorical(name, value) if isinstance(value, str) else f"{_escaped(name)}:{value:.6g}"
        for name, value in items
    ]
    return f"|{letter(namespace)} " + " ".join(each)


@lru_cache(maxsize=65536)
def _remembered(namespace: str, items: tuple[tuple[str, str | float], ...]) -> str:
    return _encoded(namespace, items)


def letter(namespace: str) -> str:
    """The letter of a namespace. Raises ValueError for one that has none."""
    try:
        return LETTERS[namespace]
    except KeyError:
        known = ", ".join(LETTERS)
        raise ValueError(f"feature namespace {namespace!r} is not known; use one of {known}") from None


@lru_cache(maxsize=65536)
def _categorical(name: str, value: str) -> str:
    return f"{name.translate(_ESCAPES)}={value.translate(_ESCAPES)}"


@lru_cache(maxsize=1024)
def _escaped(name: str) -> str:
    return name.translate(_ESCAPES)
