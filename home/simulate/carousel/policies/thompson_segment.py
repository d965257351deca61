"""Thompson sampling by segment with Beta posteriors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from home.simulate.carousel.environment import Batch, Lists
from home.simulate.carousel.policies.counts import Counting
from home.simulate.carousel.policies.policy import Task
from home.simulate.carousel.ranking import best_lists
from home.simulate.carousel.world import SLOTS, Floats


class SegmentThompson(Counting):
    """Draws a rate for each visitor and playlist from the segment's Beta posterior and shows the highest.

    Playlists are ranked by −ln(1 − rate), which has the same order and is cheap to draw: with a first
    parameter of 1 it is exponential with the second as its rate.
    Source: Chapelle and Li, "An Empirical Evaluation of Thompson Sampling", NIPS 2011.
    """

    def __init__(self, task: Task, alpha: float, beta: float) -> None:
        super().__init__(task)
        self._alpha = alpha
        self._beta = beta

    def choose(self, batch: Batch, rng: np.random.Generator) -> Lists:
        """The highest draws, each visitor with draws of its own."""
        lists = np.empty((len(batch), SLOTS), dtype=np.int32)
        first = self._alpha + self.counts.streams
        second = self._beta + self.counts.displays - self.counts.streams
        for segment, run in batch.runs:
            drawn = draw_ranks(first[segment], second[segment], run.stop - run.start, rng)
            lists[run] = best_lists(drawn)
        return lists


def draw_ranks(first: Floats, second: Floats, rows: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """−ln(1 − X) for `rows` independent draws (rows, k) of X ~ Beta(first, second), each (k,)."""
    drawn = rng.standard_exponential((rows, len(first)), dtype=np.float32)
    drawn *= (1.0 / second).astype(np.float32)
    others = np.flatnonzero(first != 1.0)
    shape = rows, len(others)
    above = rng.standard_gamma(np.broadcast_to(first[others].astype(np.float32), shape), dtype=np.float32)
    below = rng.standard_gamma(np.broadcast_to(second[others].astype(np.float32), shape), dtype=np.float32)
    drawn[:, others] = np.log1p(above / below)
    return drawn
