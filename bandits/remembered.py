"""What a function returned for keys that come again, for where `functools.lru_cache` costs too much."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

MOST = 65536


class Remembered(dict[Key, Value]):
    """`remembered[key]` is what `make(key)` returned, or returns now.

    With `most` keys everything is forgotten, and remembering starts over. Safe to read from several threads
    when it does not matter which of two equal values is kept.
    """

    def __init__(self, make: Callable[[Key], Value], most: int = MOST) -> None:
        super().__init__()
        self._make = make
        self._most = most

    def __missing__(self, key: Key) -> Value:
        found = self._make(key)
        if len(self) >= self._most:
            self.clear()
        self[key] = found
        return found
