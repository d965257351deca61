"""Common random numbers: uniforms that depend on what they are for, and on nothing that happened before."""

from __future__ import annotations

import hashlib
import struct

_EIGHT = struct.Struct("<8Q")
_STEP = 2.0**-53

Uniforms = tuple[float, float, float, float, float, float, float, float]


def uniforms(seed: int, *key: str | int) -> Uniforms:
    """Eight independent numbers in [0, 1) for a key: the same on every machine and in every order of calls.

    Two policies that show the same shelf on the same visit meet the same luck, so that their difference has
    less variance than with luck of their own.
    """
    text = "\x1f".join([str(seed), *map(str, key)])
    words = _EIGHT.unpack(hashlib.blake2b(text.encode(), digest_size=64).digest())
    a, b, c, d, e, f, g, h = ((word >> 11) * _STEP for word in words)
    return a, b, c, d, e, f, g, h


def seed_of(seed: int, *key: str | int) -> int:
    """A seed in [0, 2⁵³) for a key."""
    return int(uniforms(seed, *key)[0] / _STEP)
