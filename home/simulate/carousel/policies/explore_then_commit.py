"""Explore, then commit to the best."""

from __future__ import annotations

import numpy as np

from home.simulate.carousel.policies.policy import Task
from home.simulate.carousel.policies.scored import ScoredPolicy
from home.simulate.carousel.world import Floats


class ExploreThenCommit(ScoredPolicy):
    """Shows what was displayed least until everything has `displays` in a segment, then the best rates.

    As in the published code, a playlist short of displays goes before all others, the shortest first.
    """

    def __init__(self, task: Task, displays: int) -> None:
        super().__init__(task)
        self._enough = displays

    def scores(self) -> Floats:
        """How many displays are missing, or the rate of streams, which is below 1, once none is."""
        missing = np.maximum(0.0, self._enough - self.counts.displays)
        rates = np.nan_to_num(self.counts.rates, nan=0.0)
        return 2.0 * missing + rates
