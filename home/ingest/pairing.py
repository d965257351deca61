"""Deterministic stand-ins for what a data set does not say, by a hash of the listener's or the item's id.

Markets, tiers, rights, explicit flags and settings and pairings made here are synthetic: they give rules,
filters and shelves something to act on and carry no information about real people or works.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import TypeVar

from shelves.types import Item, Listener

T = TypeVar("T")

MARKETS = ("SE", "DE", "US", "BR", "IN", "JP")
_PREMIUM_IN_TEN = 4
_NO_EXPLICIT_IN_TEN = 2
_RESTRICTED_IN_HUNDRED = 6
_EXPLICIT_IN_HUNDRED = 5


def pick(label: str, options: Sequence[T]) -> T:
    """One of `options`, always the same for the same label, near uniform over labels."""
    return options[_number(label) % len(options)]


def _number(label: str) -> int:
    return int.from_bytes(blake2b(label.encode(), digest_size=8).digest(), "big")


def listener_id(user: int) -> str:
    """The catalogue's id of a Last.fm user."""
    return f"listener-{user}"


def listener(user: int) -> Listener:
    """The listener that stands for a Last.fm user; market, tier and explicit setting are synthetic."""
    identity = listener_id(user)
    premium = pick(f"tier:{identity}", range(10)) < _PREMIUM_IN_TEN
    return Listener(
        id=identity,
        name=f"Listener {user}",
        market=pick(f"market:{identity}", MARKETS),
        allows_explicit=pick(f"explicit:{identity}", range(10)) >= _NO_EXPLICIT_IN_TEN,
        tier="premium" if premium else "free",
    )


def with_rights(item: Item) -> Item:
    """The item with synthetic rights: a few are cleared for two to five of the markets, a few explicit.

    Rights are the item's own, whatever its artist's: a catalogue has such cases, and filters must hold there.
    """
    markets: frozenset[str] = frozenset()
    if pick(f"restricted:{item.id}", range(100)) < _RESTRICTED_IN_HUNDRED:
        cleared = pick(f"cleared:{item.id}", range(2, len(MARKETS)))
        markets = frozenset(sorted(MARKETS, key=lambda market: _number(f"{market}:{item.id}"))[:cleared])
    explicit = pick(f"explicit:{item.id}", range(100)) < _EXPLICIT_IN_HUNDRED
    return replace(item, markets=markets, explicit=explicit)


def pair(kind: str, listeners: Sequence[int], strangers: Sequence[int]) -> dict[int, list[int]]:
    """Give each listener one stranger from another data set; return stranger → listeners paired with it."""
    paired: dict[int, list[int]] = {}
    if strangers:
        for user in listeners:
            paired.setdefault(pick(f"{kind}:{listener_id(user)}", strangers), []).append(user)
    return paired
