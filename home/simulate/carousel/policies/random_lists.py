"""The baseline: uniformly random lists."""

from __future__ import annotations

import numpy as np

from home.simulate.carousel.environment import Batch, Lists, Outcome
from home.simulate.carousel.policies.policy import State, Task
from home.simulate.carousel.ranking import random_lists


class RandomLists:
    """Shows every playlist equally often and learns nothing."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def choose(self, batch: Batch, rng: np.random.Generator) -> Lists:
        """Lists of playlists drawn without replacement."""
        return random_lists(self._task.playlists, len(batch), rng)

    def learn(self, outcome: Outcome) -> None:
        """Learn nothing."""

    def state(self) -> State:
        """Nothing."""
        return {}

    def restore(self, state: State) -> None:
        """Restore nothing."""
