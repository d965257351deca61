"""ε-greedy by segment."""

from __future__ import annotations

import numpy as np

from home.simulate.carousel.environment import Batch, Lists
from home.simulate.carousel.policies.policy import Task
from home.simulate.carousel.policies.scored import ScoredPolicy
from home.simulate.carousel.ranking import random_lists
from home.simulate.carousel.world import Floats


class EpsilonGreedy(ScoredPolicy):
    """Shows a random list with probability `epsilon`, else the best rates; what was never shown has 1."""

    def __init__(self, task: Task, epsilon: float) -> None:
        super().__init__(task)
        self._epsilon = epsilon

    def scores(self) -> Floats:
        """Rates of streams, optimistic where nothing is known."""
        return np.nan_to_num(self.counts.rates, nan=1.0)

    def choose(self, batch: Batch, rng: np.random.Generator) -> Lists:
        """Greedy lists, some replaced by random ones."""
        lists = super().choose(batch, rng)
        explored = np.flatnonzero(rng.random(len(batch)) < self._epsilon)
        lists[explored] = random_lists(self.task.playlists, len(explored), rng)
        return lists
