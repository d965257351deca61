"""Seeded choices that come out the same on every machine and in every version of the libraries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Dice:
    """Draws everything from PCG64's raw 64-bit words, the one stream whose values numpy promises to keep."""

    def __init__(self, seed: int, label: str) -> None:
        digest = blake2b(f"{seed}:{label}".encode(), digest_size=16).digest()
        self._bits = np.random.PCG64(int.from_bytes(digest, "big"))

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """A number in [low, high)."""
        return low + (high - low) * ((int(self._bits.random_raw()) >> 11) / (1 << 53))

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

    def weighted_sample(self, options: Sequence[T], weights: Sequence[float], count: int) -> list[T]:
        """Options drawn one after another without putting back, in proportion to weight; zero is never drawn.

        Draws by the smallest exponential waiting times (Efraimidis and Spirakis 2006, algorithm A).
        """
        waits = [(self.exponential(1.0) / weight, i) for i, weight in enumerate(weights) if weight > 0.0]
        return [options[i] for _, i in sorted(waits)[:count]]
