"""Thompson sampling with a Bayesian logistic regression for each playlist."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from home.simulate.carousel.environment import Batch, Lists, Outcome
from home.simulate.carousel.policies.policy import State, Task
from home.simulate.carousel.ranking import best_lists
from home.simulate.carousel.world import SLOTS, Floats

_PRECISION = 1.0
_MAX_STEPS = 15


class LinearThompson:
    """Draws weights for each visitor and playlist from normal posteriors of diagonal covariance.

    Since the weights' draws are independent, the score x·θ of a visitor is normal with mean x·m and variance
    Σ x²/q, which is what is drawn. Source: Chapelle and Li, "An Empirical Evaluation of Thompson Sampling",
    NIPS 2011, algorithm 3. As in the published code, the bias is not regularised, the search starts where the
    last one ended, and precisions grow with p(1 − p) at a logit lowered by 1.
    """

    def __init__(self, task: Task, bias: float) -> None:
        self._means: Floats = np.zeros((task.playlists, task.features))
        self._means[:, -1] = bias
        self._precisions: Floats = np.full((task.playlists, task.features), _PRECISION)

    def choose(self, batch: Batch, rng: np.random.Generator) -> Lists:
        """The highest draws, each visitor with draws of its own."""
        means, variances = self._means.T.astype(np.float32), (1.0 / self._precisions).T.astype(np.float32)
        lists = np.empty((len(batch), SLOTS), dtype=np.int32)
        for _, run in batch.runs:
            features = batch.features[run]
            deviations = np.sqrt(features**2 @ variances)
            drawn = rng.standard_normal(deviations.shape, dtype=np.float32)
            drawn *= deviations
            drawn += features @ means
            lists[run] = best_lists(drawn)
        return lists

    def learn(self, outcome: Outcome) -> None:
        """Fit every playlist that was seen to the visits of a round, with its posterior as the prior."""
        for playlist, rows, streamed in by_playlist(outcome):
            self._fit(playlist, outcome.features[rows].astype(np.float64), streamed)

    def state(self) -> State:
        """Means and precisions."""
        return {"means": self._means, "precisions": self._precisions}

    def restore(self, state: State) -> None:
        """Go on from means and precisions."""
        self._means = np.array(state["means"], dtype=np.float64)
        self._precisions = np.array(state["precisions"], dtype=np.float64)

    def _fit(self, playlist: int, features: Floats, streamed: NDArray[np.bool_]) -> None:
        mean, precision = self._means[playlist], self._precisions[playlist].copy()
        signs = np.where(streamed, 1.0, -1.0)
        signed = features * signs[:, None]
        held = precision.copy()
        held[-1] = 0.0

        def loss(weights: Floats) -> tuple[float, Floats]:
            away, logits = weights - mean, signed @ weights
            gradient = held * away - expit(-logits) @ signed
            return float(0.5 * held @ away**2 + np.logaddexp(0.0, -logits).sum()), gradient

        found = minimize(loss, mean, jac=True, method="L-BFGS-B", options={"maxiter": _MAX_STEPS})
        self._means[playlist] = found.x
        chance = expit(features @ found.x - 1.0)
        self._precisions[playlist] = precision + (chance * (1.0 - chance)) @ features**2


def by_playlist(outcome: Outcome) -> list[tuple[int, NDArray[np.int64], NDArray[np.bool_]]]:
    """For each playlist that was seen: the visits (m,) that saw it, and whether they streamed it (m,)."""
    slots = np.arange(SLOTS)
    rows, columns = np.nonzero(slots < outcome.seen[:, None])
    shown = outcome.lists[rows, columns]
    streamed = columns == outcome.streamed[rows]
    order = np.argsort(shown, kind="stable")
    playlists, starts = np.unique(shown[order], return_index=True)
    parts = zip(np.split(rows[order], starts[1:]), np.split(streamed[order], starts[1:]), strict=True)
    return [(int(playlist), *part) for playlist, part in zip(playlists, parts, strict=True)]
