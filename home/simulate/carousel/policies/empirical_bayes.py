"""Our policy: a Bayesian logistic regression for each playlist, with one prior learned from all of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.lapack import dpotrf, dpotri
from scipy.special import expit

from home.simulate.carousel.environment import Batch, Lists, Outcome
from home.simulate.carousel.policies.policy import State, Task
from home.simulate.carousel.policies.thompson_linear import by_playlist
from home.simulate.carousel.ranking import best_lists
from home.simulate.carousel.world import SLOTS, Floats

_BIAS, _BIAS_DEVIATION = -5.0, 1.0
_DEVIATION = 0.03
"""Priors before anything is known: a rate of 0.7 %, give or take a factor of e, and little in a user's taste
that changes it. The second prior of the published linear policy has the same bias."""

_MAX_STEPS = 15
_CLOSE = 0.1
_STRIDE = 2.0
"""Newton steps move no visit's logit by more than `_STRIDE`, and end once none would move by `_CLOSE`."""


class EmpiricalBayes:
    """Draws each visitor's logit for each playlist from its posterior, and shows the highest.

    Model: a stream has probability sigmoid(x·θ), and the θ of all playlists come from one N(μ, diag(τ²)), so
    that what most playlists have in common need not be learned for each. The posterior of a θ is normal with
    full covariance: each round adds the curvature and gradient of its log-likelihood at its mode (Laplace).
    μ and τ take one step of expectation maximisation a round. Sources: Chapelle and Li, "An Empirical
    Evaluation of Thompson Sampling", NIPS 2011; Efron and Morris, "Stein's Estimation Rule and Its
    Competitors: An Empirical Bayes Approach", JASA 1973.

    A carousel is worth the same in any order, but its first slots are the likeliest to be seen: those of the
    chosen playlists that are least certain go first, which costs nothing and teaches most.

    Draws use the deviation at the centre of a segment's visitors, in place of each visitor's own. Do not use
    it for very many features: a round costs playlists · features³.
    """

    def __init__(self, task: Task) -> None:
        self._prior_mean: Floats = np.zeros(task.features)
        self._prior_mean[-1] = _BIAS
        self._prior_variance: Floats = np.full(task.features, _DEVIATION**2)
        self._prior_variance[-1] = _BIAS_DEVIATION**2
        shape = task.playlists, task.features
        self._information: NDArray[np.float32] = np.zeros((*shape, task.features), dtype=np.float32)
        self._evidence: Floats = np.zeros(shape)
        self._infer()

    def choose(self, batch: Batch, rng: np.random.Generator) -> Lists:
        """The highest draws, each visitor with draws of its own, the least certain of them first."""
        starts = [run.start for _, run in batch.runs]
        sizes = np.array([run.stop - run.start for _, run in batch.runs])
        centres = np.add.reduceat(batch.features, starts, axis=0, dtype=np.float64) / sizes[:, None]
        deviations = self.deviations(centres)
        means = self.means.T.astype(np.float32)
        lists = np.empty((len(batch), SLOTS), dtype=np.int32)
        for (_, run), deviation in zip(batch.runs, deviations, strict=True):
            drawn = rng.standard_normal((run.stop - run.start, len(deviation)), dtype=np.float32)
            drawn *= deviation
            drawn += batch.features[run] @ means
            chosen = best_lists(drawn)
            doubtful = np.argsort(-deviation[chosen], axis=1, kind="stable")
            lists[run] = np.take_along_axis(chosen, doubtful, axis=1)
        return lists

    def learn(self, outcome: Outcome) -> None:
        """Add a round to every playlist that was seen. The prior learns from the posteriors before it."""
        prior = np.diag(1.0 / self._prior_variance)
        for playlist, rows, streamed in by_playlist(outcome):
            precision = self._information[playlist] + prior
            seen = outcome.features[rows]
            information, evidence = laplace(seen, streamed, self.means[playlist], precision)
            self._information[playlist] += information.astype(np.float32)
            self._evidence[playlist] += evidence
        self._learn_prior()
        self._infer()

    def state(self) -> State:
        """The evidence on each playlist and the prior."""
        rows, columns = np.triu_indices(self._information.shape[1])
        return {
            "information": self._information[:, rows, columns],
            "evidence": self._evidence,
            "prior_mean": self._prior_mean,
            "prior_variance": self._prior_variance,
        }

    def restore(self, state: State) -> None:
        """Go on from evidence and a prior."""
        rows, columns = np.triu_indices(self._information.shape[1])
        self._information[:, rows, columns] = state["information"]
        self._information[:, columns, rows] = state["information"]
        self._evidence = np.array(state["evidence"], dtype=np.float64)
        self._prior_mean = np.array(state["prior_mean"], dtype=np.float64)
        self._prior_variance = np.array(state["prior_variance"], dtype=np.float64)
        self._infer()

    def _infer(self) -> None:
        """Posterior means (playlists, d + 1) and covariances (playlists, d + 1, d + 1)."""
        precisions = self._information + np.diag(1.0 / self._prior_variance)
        self._covariances = np.array([inverse(precision) for precision in precisions])
        pull = self._evidence + self._prior_mean / self._prior_variance
        self.means = np.einsum("kde,ke->kd", self._covariances, pull)

    def _learn_prior(self) -> None:
        """μ, and τ² as one value for all tastes and one for the bias, given the posteriors."""
        self._prior_mean = self.means.mean(axis=0)
        second = np.einsum("kdd->d", self._covariances) / len(self.means) + self.means.var(axis=0)
        self._prior_variance[:-1] = second[:-1].mean()
        self._prior_variance[-1] = second[-1]

    def deviations(self, centres: Floats) -> NDArray[np.float32]:
        """Posterior deviations (runs, playlists) of the logit at `centres` (runs, d + 1)."""
        points = centres.astype(np.float32)
        spread = points @ self._covariances.astype(np.float32)
        return np.asarray(np.sqrt(np.einsum("kse,se->sk", spread, points)))


def inverse(precision: Floats) -> Floats:
    """The inverse of a symmetric positive definite matrix, at half the cost of `numpy.linalg.inv`."""
    factor, _ = dpotrf(precision, lower=True)
    lower, _ = dpotri(factor, lower=True, overwrite_c=True)
    half = np.tril(lower, -1)
    return np.asarray(half + half.T + np.diag(np.diag(lower)))


def laplace(
    features: NDArray[np.float32], streamed: NDArray[np.bool_], mean: Floats, precision: Floats
) -> tuple[Floats, Floats]:
    """A logistic likelihood as a normal one: its precision (d + 1, d + 1), and precision · mean (d + 1,).

    It is expanded within `_CLOSE` of the mode of its product with N(mean, precision⁻¹), which Newton steps
    find. Their length is bounded: at a rate of 0.7 % the likelihood is flatter than where full steps lead.
    """
    mode = mean
    for _ in range(_MAX_STEPS):
        chance = expit(features @ mode.astype(np.float32))
        pull = ((streamed - chance) @ features).astype(np.float64)
        weighted = features * (chance * (1.0 - chance))[:, None]
        curvature = (weighted.T @ features).astype(np.float64)
        factor = cho_factor(precision + curvature, overwrite_a=True, check_finite=False)
        step = cho_solve(factor, pull - precision @ (mode - mean), check_finite=False)
        moved = float(np.abs(features @ step.astype(np.float32)).max())
        if moved < _CLOSE:
            break
        mode = mode + step * min(1.0, _STRIDE / moved)
    return curvature, curvature @ mode + pull
