"""Seeded choices that come out the same on every machine and in every version of the libraries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
_UNIT = 2.0**-53


class Dice:
    """Draws everything from PCG64's raw 64-bit words, the one stream whose values numpy promises to keep."""

    def __init__(self, seed: int, label: str) -> None:
        digest = blake2b(f"{seed}:{label}".encode(), digest_size=16).digest()
        self._bits = np.random.PCG64(int.from_bytes(digest, "big"))

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """A number in [low, high)."""
        return low + (high - low) * (int(self._bits.random_raw()) >> 11) * _UNIT

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.uniform() < probability

    def integer(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.uniform() * (high - low + 1))

    def exponential(self, mean: float) -> float:
        """A waiting time with the given mean."""
        return -mean * math.log1p(-self.uniform())

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, all equally likely."""
        return options[int(self.uniform() * len(options))]

    def weighted(self, options: Sequence[T], weights: Sequence[float]) -> T:
        """One of the options, likely in proportion to its weight."""
        sums = list(accumulate(weights))
        mark = self.uniform() * sums[-1]
        return options[min(next(i for i, total in enumerate(sums) if mark < total), len(options) - 1)]

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        """Distinct positions of the options in random order, at most `count`."""
        return self.weighted_sample(options, [1.0] * len(options), count)

    def weighted_sample(
        self, options: Sequence[T], weights: Sequence[float] | NDArray[np.float64], count: int
    ) -> list[T]:
        """Options drawn one after another without putting back, in proportion to weight; zero is never drawn.

        Draws by the smallest exponential waiting times (Efraimidis and Spirakis 2006, algorithm A).
        """
        pull = np.asarray(weights, dtype=np.float64)
        drawable = np.flatnonzero(pull > 0.0)
        waits = self._waits(len(drawable)) / pull[drawable]
        return [options[i] for i in drawable[np.argsort(waits, kind="stable")[:count]]]

    def _waits(self, count: int) -> NDArray[np.float64]:
        words = np.asarray(self._bits.random_raw(count), dtype=np.uint64)
        return -np.log1p(-((words >> np.uint64(11)).astype(np.float64) * _UNIT))
