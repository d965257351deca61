"""Segment policies that rank playlists by one score per segment, with ties broken at random."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from home.simulate.carousel.environment import Batch, Lists
from home.simulate.carousel.policies.counts import Counting
from home.simulate.carousel.policies.policy import Task
from home.simulate.carousel.ranking import tied_lists
from home.simulate.carousel.world import SLOTS, Floats


class ScoredPolicy(Counting, ABC):
    """Shows each visitor the best-scored playlists of the segment."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.task = task

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
