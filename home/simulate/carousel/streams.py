"""Random numbers that depend on what they are for, so that no result depends on who computes what, or when.

A stream is named by a seed and a key such as (purpose, round, shard). Luck goes further: each pair of a visit
and a playlist has a uniform of its own, so that two policies that show the same playlist to the same visitor
meet the same answer (common random numbers).
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_STEP = 2.0**-53


class Purpose(IntEnum):
    """What a stream is for."""

    POPULATION = 0
    USERS = 1
    LUCK = 2
    CHOICE = 3


def stream(seed: int, purpose: Purpose, *key: int) -> np.random.Generator:
    """The generator of a seed, purpose and key; independent of every other."""
    return np.random.Generator(np.random.SFC64(_sequence(seed, purpose, *key)))


def luck(seed: int, key: tuple[int, ...], counters: NDArray[np.int64]) -> NDArray[np.float64]:
    """A uniform in [0, 1) for each counter, in the shape of `counters`.

    Source: the SplitMix64 finaliser, Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators",
    OOPSLA 2014, applied to a counter under a key of 64 bits.
    """
    start = _sequence(seed, Purpose.LUCK, *key).generate_state(1, np.uint64)[0]
    with np.errstate(over="ignore"):
        bits = counters.astype(np.uint64) * _GOLDEN + start
        bits = (bits ^ (bits >> np.uint64(30))) * _MIX_1
        bits = (bits ^ (bits >> np.uint64(27))) * _MIX_2
    bits ^= bits >> np.uint64(31)
    return np.asarray((bits >> np.uint64(11)) * _STEP)


def _sequence(seed: int, purpose: Purpose, *key: int) -> np.random.SeedSequence:
    return np.random.SeedSequence(seed, spawn_key=(int(purpose), *key))
