"""LinUCB: the shelves that could be best, judged by a linear model with confidence widths."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from bandits.policies.dense import Matrix
from bandits.policies.fixed import ranked
from bandits.policies.linear import LinearPolicy
from bandits.types import Probabilities


class LinUcbPolicy(LinearPolicy):
    """Registered as "linucb": ranks by θᵀx + width · sqrt(xᵀ A⁻¹ x), without chance.

    Use it as a reference whose arithmetic can be checked by hand, on few features. Do not use its pmf to
    gather data: all of slot k is on the shelf ranked k, so the floor of the page draw is all its support;
    its values are the plain means. Do not use it on rewards that drift: it never forgets. One matrix product
    per request makes it slower than "vw" and it sees hashed features that collide.
    Source: Li, Chu, Langford and Schapire, "A Contextual-Bandit Approach to Personalized News Article
    Recommendation", WWW 2010, algorithm 1, with one weight vector for all shelves.
    """

    name: ClassVar[str] = "linucb"

    def choose(self, values: NDArray[np.float64], covariance: Matrix, slots: int) -> Probabilities:
        """A pmf (slots, n): all of slot k on the shelf with the k-th highest upper bound."""
        widths = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        return ranked(values + self.config.width * widths, slots)
