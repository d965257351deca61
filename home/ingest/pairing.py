"""Deterministic stand-ins for what a data set does not say, by a hash of the listener's id.

Markets, tiers and pairings made here are synthetic: they give rules and shelves something to act on and
carry no information about real people.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

from shelves.types import Listener

T = TypeVar("T")

MARKETS = ("SE", "DE", "US", "BR", "IN", "JP")
_PREMIUM_IN_TEN = 4


def pick(label: str, options: Sequence[T]) -> T:
    """One of `options`, always the same for the same label, near uniform over labels."""
    return options[int.from_bytes(blake2b(label.encode(), digest_size=8).digest(), "big") % len(options)]


def listener_id(user: int) -> str:
    """The catalogue's id of a Last.fm user."""
    return f"listener-{user}"


def listener(user: int) -> Listener:
    """The listener that stands for a Last.fm user; market and tier are synthetic."""
    identity = listener_id(user)
    premium = pick(f"tier:{identity}", range(10)) < _PREMIUM_IN_TEN
    return Listener(
        id=identity,
        name=f"Listener {user}",
        market=pick(f"market:{identity}", MARKETS),
        tier="premium" if premium else "free",
    )


def pair(kind: str, listeners: Sequence[int], strangers: Sequence[int]) -> dict[int, list[int]]:
    """Give each listener one stranger from another data set; return stranger → listeners paired with it."""
    paired: dict[int, list[int]] = {}
    if strangers:
        for user in listeners:
            paired.setdefault(pick(f"{kind}:{listener_id(user)}", strangers), []).append(user)
    return paired
