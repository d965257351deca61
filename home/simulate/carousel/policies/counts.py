"""Displays and streams of each playlist in each segment: what all segment policies learn."""

from __future__ import annotations

import numpy as np

from home.simulate.carousel.environment import Outcome
from home.simulate.carousel.policies.policy import State, Task
from home.simulate.carousel.world import SLOTS, Floats


class Counting:
    """What segment policies have in common: what they learn is counts, and nothing else."""

    def __init__(self, task: Task) -> None:
        self.counts = Counts(task)

    def learn(self, outcome: Outcome) -> None:
        """Count the visits of a round."""
        self.counts.learn(outcome)

    def state(self) -> State:
        """The counts."""
        return self.counts.state()

    def restore(self, state: State) -> None:
        """Go on from counts."""
        self.counts.restore(state)


class Counts:
    """`displays` and `streams` (segments, playlists). Only slots that count as seen are counted."""

    def __init__(self, task: Task) -> None:
        self.displays: Floats = np.zeros((task.segments, task.playlists))
        self.streams: Floats = np.zeros((task.segments, task.playlists))

    @property
    def rates(self) -> Floats:
        """Streams per display (segments, playlists); NaN where never displayed."""
        with np.errstate(invalid="ignore"):
            return self.streams / self.displays

    def learn(self, outcome: Outcome) -> None:
        """Count the visits of a round."""
        cells = outcome.segments[:, None].astype(np.int64) * self.displays.shape[1] + outcome.lists
        seen = np.arange(SLOTS) < outcome.seen[:, None]
        streamed = np.flatnonzero(outcome.rewards)
        size = self.displays.size
        hits = cells[streamed, outcome.streamed[streamed]]
        self.displays += np.bincount(cells[seen], minlength=size).reshape(self.displays.shape)
        self.streams += np.bincount(hits, minlength=size).reshape(self.streams.shape)

    def state(self) -> State:
        """Both counts, as arrays."""
        return {"displays": self.displays, "streams": self.streams}

    def restore(self, state: State) -> None:
        """Go on from counted visits."""
        self.displays = np.array(state["displays"], dtype=np.float64)
        self.streams = np.array(state["streams"], dtype=np.float64)
