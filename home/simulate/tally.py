"""What adds up over a policy's pages: who was exposed how much, and what rules cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from home.compose import ComposedPage
from home.simulate.encounter import Display
from shelves.types import Rows

_Key = TypeVar("_Key", str, int)


@dataclass(slots=True)
class Tally:
    """Sums over pages.

    `items`: catalogue row → exposure, the expected number of looks. `sources`: the same by source. `plays`:
    listener id → item id → plays. `paid`: soft rule → predicted reward given up for breaking it, as a share
    of the page's, summed. `fallbacks` and `failures`: what fell back, and which sources failed → pages.
    """

    pages: int = 0
    items: dict[int, float] = field(default_factory=dict)
    sources: dict[str, float] = field(default_factory=dict)
    plays: dict[str, dict[str, int]] = field(default_factory=dict)
    paid: dict[str, float] = field(default_factory=dict)
    fallbacks: dict[str, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)

    def add(self, page: ComposedPage, display: Display, exposure: NDArray[np.float64]) -> None:
        """Add a page whose items, from the top and left to right, are looked at this often (m,)."""
        self.pages += 1
        starts = np.cumsum([0, *map(len, display.shown)])[:-1]
        for shelf, looks in zip(display.shelves, np.add.reduceat(exposure, starts).tolist(), strict=True):
            _add(self.sources, shelf.provenance.source, looks)
        for row, looks in zip(np.concatenate(display.shown).tolist(), exposure.tolist(), strict=True):
            _add(self.items, row, looks)
        for rule, units in page.paid.items():
            _add(self.paid, rule, units / worth_before(page))
        if page.fallback:
            self.fallbacks[page.fallback] = self.fallbacks.get(page.fallback, 0) + 1
        for dropped in page.dropped:
            self.failures[dropped.source] = self.failures.get(dropped.source, 0) + 1

    def play(self, listener: str, item: str) -> None:
        """Count a play."""
        plays = self.plays.setdefault(listener, {})
        plays[item] = plays.get(item, 0) + 1

    def exposure(self, n_items: int) -> NDArray[np.float64]:
        """Exposure of every item of the catalogue (n_items,)."""
        amounts = np.zeros(n_items)
        amounts[list(self.items)] = list(self.items.values())
        return amounts


def exposure_by(amounts: NDArray[np.float64], groups: Rows, n_groups: int) -> NDArray[np.float64]:
    """Exposure (n_groups,) of groups of items, given the items' own (n,) and the group of each (n,)."""
    return np.bincount(groups, amounts, n_groups).astype(np.float64)


def worth_before(page: ComposedPage) -> int:
    """What a page is worth in layout units before it pays for the soft rules that it breaks; at least 1."""
    return max(1, page.result.objective + sum(page.paid.values()))


def _add(sums: dict[_Key, float], key: _Key, amount: float) -> None:
    sums[key] = sums.get(key, 0.0) + amount
