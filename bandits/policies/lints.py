"""Linear Thompson sampling: shelves as often as they are best under the posterior of a linear model."""

from __future__ import annotations

from hashlib import blake2b
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from bandits.policies.dense import Matrix
from bandits.policies.linear import LinearPolicy
from bandits.types import Probabilities

_SAMPLES = 256


class LinTsPolicy(LinearPolicy):
    """Registered as "lints": draws values from N(θᵀx, width² · X A⁻¹ Xᵀ) and ranks the shelves by each draw.

    The pmf of slot k is the share of 256 draws in which a shelf is ranked k. The draws are seeded by the
    beliefs themselves, so that the same snapshot and request give the same pmf.

    Use it as a reference for exploration that fits what is known. Do not use it where probabilities
    below 1/256 matter: they are printed as 0.
    Its posterior is that of Gaussian noise, and it never forgets; the eigenvalues of an n × n matrix per
    request make it slower than "vw".
    Source: Agrawal and Goyal, "Thompson Sampling for Contextual Bandits with Linear Payoffs", ICML 2013.
    """

    name: ClassVar[str] = "lints"

    def choose(self, values: NDArray[np.float64], covariance: Matrix, slots: int) -> Probabilities:
        """A pmf (slots, n) of ranks over draws; slots beyond n repeat the last rank."""
        n = len(values)
        draws = values + self.config.width * _normals(values, covariance)
        ranking = np.argsort(-draws, axis=1, kind="stable")
        pmf = np.empty((slots, n))
        for slot in range(slots):
            pmf[slot] = np.bincount(ranking[:, min(slot, n - 1)], minlength=n) / _SAMPLES
        return pmf


def _normals(values: NDArray[np.float64], covariance: Matrix) -> Matrix:
    """Draws (samples, n) from N(0, covariance), by its eigenvectors because shelves may be alike."""
    seed = blake2b(values.tobytes() + covariance.tobytes(), digest_size=8).digest()
    generator = np.random.default_rng(int.from_bytes(seed, "big"))
    eigenvalues, vectors = np.linalg.eigh((covariance + covariance.T) / 2.0)
    root = vectors * np.sqrt(np.maximum(eigenvalues, 0.0))
    drawn: Matrix = generator.standard_normal((_SAMPLES, len(values))) @ root.T
    return drawn
