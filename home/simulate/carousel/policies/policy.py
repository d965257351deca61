"""What every policy of the carousel can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from home.simulate.carousel.environment import Batch, Lists, Outcome

State = dict[str, NDArray[np.generic]]
"""All that a policy has learned, by name."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a policy may know beforehand: how many playlists, segments, and features with their constant."""

    playlists: int
    segments: int
    features: int


class CarouselPolicy(Protocol):
    """Chooses lists for a batch of visits; learns once a round, when all its visits are over."""

    def choose(self, batch: Batch, rng: np.random.Generator) -> Lists:
        """A list (n, slots) of distinct playlists for each visit, best first."""

    def learn(self, outcome: Outcome) -> None:
        """Learn from all visits of a round."""

    def state(self) -> State:
        """All that was learned, as arrays; enough to go on elsewhere."""

    def restore(self, state: State) -> None:
        """Go on from what another instance has learned."""
