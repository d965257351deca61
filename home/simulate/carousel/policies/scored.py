"""Segment policies that rank playlists by one score per segment, with ties broken at random."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from home.simulate.carousel.environment import Batch, Lists, Outcome
from home.simulate.carousel.policies.counts import Counts
from home.simulate.carousel.policies.policy import State, Task
from home.simulate.carousel.ranking import tied_lists
from home.simulate.carousel.world import SLOTS, Floats


class ScoredPolicy(ABC):
    """Shows each visitor the best-scored playlists of the segment."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.counts = Counts(task)

    @abstractmethod
    def scores(self) -> Floats:
        """The score of each playlist in each segment (segments, playlists); higher is shown first."""

    def choose(self, batch: Batch, rng: np.random.Generator) -> Lists:
        """The best-scored playlists, those that tie in a random order of each visitor's own."""
        lists = np.empty((len(batch), SLOTS), dtype=np.int32)
        scores = self.scores()
        for segment, run in batch.runs:
            lists[run] = tied_lists(scores[segment], run.stop - run.start, rng)
        return lists

    def learn(self, outcome: Outcome) -> None:
        """Count the visits of a round."""
        self.counts.learn(outcome)

    def state(self) -> State:
        """The counts."""
        return self.counts.state()

    def restore(self, state: State) -> None:
        """Go on from counts."""
        self.counts.restore(state)
