"""What a listener remembers of earlier visits: looks in vain, plays, and how good it all was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from bandits.types import EventKind, RewardEvent
from home.simulate.parameters import ListenerParameters
from shelves.types import Shelf

_DAY_S = 86_400.0

Fading = tuple[float, float]
"""A level, and the POSIX time in seconds at which it was that high; it halves every half-life."""


@dataclass(slots=True)
class Memory:
    """One listener's memory under one policy.

    `fatigue` by shelf id and `satiation` by source, in looks and plays; `satisfaction` in the units of
    `home.simulate.parameters.Returns`.
    """

    fatigue: dict[str, Fading] = field(default_factory=dict)
    satiation: dict[str, Fading] = field(default_factory=dict)
    satisfaction: Fading = (0.0, 0.0)

    def weariness(
        self, parameters: ListenerParameters, shelves: Sequence[Shelf], now: datetime
    ) -> NDArray[np.float64]:
        """Log-odds (n,) that each shelf has lost by what came before."""
        at, fatigue, satiation = now.timestamp(), parameters.fatigue, parameters.satiation
        return np.array(
            [
                fatigue.per_look * _level(self.fatigue.get(shelf.id), at, fatigue.half_life_days)
                + satiation.per_play
                * _level(self.satiation.get(shelf.provenance.source), at, satiation.half_life_days)
                for shelf in shelves
            ]
        )

    def comes(self, parameters: ListenerParameters, now: datetime) -> float:
        """Probability that the listener comes when they could."""
        returns = parameters.returns
        satisfaction = _level(self.satisfaction, now.timestamp(), returns.half_life_days)
        return float(1.0 / (1.0 + np.exp(-(returns.base + returns.satisfied * satisfaction))))

    def remember(
        self,
        parameters: ListenerParameters,
        sources: Mapping[str, str],
        events: Iterable[RewardEvent],
        now: datetime,
    ) -> None:
        """Add a visit's events; `sources` gives the source of each shelf."""
        at, kinds = now.timestamp(), _by_shelf(events)
        fatigue, satiation = parameters.fatigue, parameters.satiation
        for shelf_id, happened in kinds.items():
            if EventKind.CLICK in happened:
                self.fatigue.pop(shelf_id, None)
            else:
                _raise(self.fatigue, shelf_id, at, fatigue.half_life_days)
            if EventKind.PLAY_30S in happened:
                _raise(self.satiation, sources[shelf_id], at, satiation.half_life_days)
        returns = parameters.returns
        worth = {
            EventKind.PLAY_30S: returns.play_30s,
            EventKind.SAVE: returns.save,
            EventKind.SKIP: returns.skip,
            EventKind.DISMISS: returns.dismiss,
        }
        gained = sum(worth.get(kind, 0.0) for happened in kinds.values() for kind in happened)
        self.satisfaction = (_level(self.satisfaction, at, returns.half_life_days) + gained, at)


def _level(fading: Fading | None, at: float, half_life_days: float) -> float:
    if fading is None:
        return 0.0
    level, since = fading
    # Python's power, because it is the same on every run; a level set in the far past is simply gone.
    return level * 2.0 ** (-max(at - since, 0.0) / (half_life_days * _DAY_S)) if level else 0.0


def _raise(levels: dict[str, Fading], key: str, at: float, half_life_days: float) -> None:
    levels[key] = (_level(levels.get(key), at, half_life_days) + 1.0, at)


def _by_shelf(events: Iterable[RewardEvent]) -> dict[str, set[EventKind]]:
    kinds: dict[str, set[EventKind]] = {}
    for event in events:
        kinds.setdefault(event.shelf_id, set()).add(event.kind)
    return kinds
