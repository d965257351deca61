"""KL-UCB by segment."""

from __future__ import annotations

import numpy as np
from scipy.special import xlogy

from home.simulate.carousel.environment import Outcome
from home.simulate.carousel.policies.policy import State, Task
from home.simulate.carousel.policies.scored import ScoredPolicy
from home.simulate.carousel.world import Floats

_EPSILON = 1e-15
_MAX_STEPS = 50


class KlUcb(ScoredPolicy):
    """Shows the highest upper confidence bounds: the largest q with displays · kl(rate, q) ≤ ln t.

    t counts all displays of all segments, as in the published code, and a bound is renewed when its playlist
    was shown in the segment. Source: Garivier and Cappé, "The KL-UCB Algorithm for Bounded Stochastic Bandits
    and Beyond", COLT 2011.
    """

    def __init__(self, task: Task, precision: float) -> None:
        super().__init__(task)
        self._precision = precision
        self._bounds: Floats = np.ones((task.segments, task.playlists))

    def scores(self) -> Floats:
        """The bounds."""
        return self._bounds

    def learn(self, outcome: Outcome) -> None:
        """Count the visits of a round and renew the bounds of what was shown."""
        before = self.counts.displays.copy()
        super().learn(outcome)
        changed = self.counts.displays > before
        displays, rates = self.counts.displays[changed], self.counts.rates[changed]
        reach = np.log(self.counts.displays.sum()) / displays
        self._bounds[changed] = upper_bounds(rates, reach, self._precision)

    def state(self) -> State:
        """The counts and the bounds."""
        return {**super().state(), "bounds": self._bounds}

    def restore(self, state: State) -> None:
        """Go on from counts and bounds."""
        super().restore(state)
        self._bounds = np.array(state["bounds"], dtype=np.float64)


def upper_bounds(rates: Floats, reach: Floats, precision: float) -> Floats:
    """The largest q with kl(rate, q) ≤ reach, each to within `precision`, by bisection of [rate, 1]."""
    low, high = rates.copy(), np.ones_like(rates)
    for _ in range(_MAX_STEPS):
        if not (high - low > precision).any():
            break
        middle = 0.5 * (low + high)
        above = bernoulli_divergence(rates, middle) > reach
        high[above] = middle[above]
        low[~above] = middle[~above]
    return 0.5 * (low + high)


def bernoulli_divergence(p: Floats, q: Floats) -> Floats:
    """The Kullback–Leibler divergence of Bernoulli(p) from Bernoulli(q)."""
    p, q = np.clip(p, _EPSILON, 1.0 - _EPSILON), np.clip(q, _EPSILON, 1.0 - _EPSILON)
    return np.asarray(xlogy(p, p / q) + xlogy(1.0 - p, (1.0 - p) / (1.0 - q)))
