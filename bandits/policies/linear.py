"""Ridge regression that learns one example at a time: what the linear policies believe.

A = I · ridge + Σ x xᵀ and b = Σ r x give θ = A⁻¹ b and, for a vector x, the width sqrt(xᵀ A⁻¹ x). A⁻¹ is
kept, and updated by Sherman and Morrison's formula in O(d²).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from bandits.policies.dense import Matrix, design
from bandits.policy import check_request
from bandits.snapshot import pack, unpack
from bandits.types import Example, Features, Probabilities, Scores

_MAX_DIMENSION = 4096


@dataclass(frozen=True, slots=True)
class LinearConfig:
    """Settings of a linear policy. A snapshot can only be read back with the settings that made it.

    `dimension`: length of the hashed vectors; memory and time grow with its square. `ridge`: how strongly
    weights are held at 0. `width`: how far the policy looks beyond its best guess, in standard widths.
    """

    dimension: int = 256
    ridge: float = 1.0
    width: float = 0.5

    def __post_init__(self) -> None:
        if not 8 <= self.dimension <= _MAX_DIMENSION:
            raise ValueError(f"dimension = {self.dimension}: must be between 8 and {_MAX_DIMENSION}")
        if not 1e-6 <= self.ridge <= 1e6:
            raise ValueError(f"ridge = {self.ridge}: must be between 1e-06 and 1e+06")
        if not 0.0 <= self.width <= 100.0:
            raise ValueError(f"width = {self.width}: must be between 0 and 100")


class LinearPolicy:
    """What linear policies share; a subclass turns beliefs into choice probabilities.

    Every example weighs the same: the regression is of the reward given what was shown, for which the
    probability of showing it does not matter where the model is right. Thread-safe.
    """

    name: ClassVar[str]

    def __init__(self, config: LinearConfig | None = None, snapshot: bytes | None = None) -> None:
        """Start from nothing, or from a `snapshot`; ValueError when it was made with another config."""
        self.config = config or LinearConfig()
        d = self.config.dimension
        self._lock = threading.Lock()
        self._inverse: Matrix = np.eye(d) / self.config.ridge
        self._moment: Matrix = np.zeros(d)
        if snapshot is not None:
            self._restore(unpack(snapshot, self.name, asdict(self.config)))

    def score(self, context: Features, actions: Sequence[Features], slots: int) -> Scores:
        """Values (n,) and pmf (slots, n). Raises ValueError without actions or slots."""
        check_request(actions, slots)
        x = design(context, actions, self.config.dimension)
        with self._lock:
            spread, weights = x @ self._inverse, self._inverse @ self._moment
        values = x @ weights
        return Scores(values=values, pmf=self.choose(values, spread @ x.T, slots))

    def choose(self, values: NDArray[np.float64], covariance: Matrix, slots: int) -> Probabilities:
        """A pmf (slots, n) from believed values (n,) and X A⁻¹ Xᵀ (n, n)."""
        raise NotImplementedError

    def learn(self, examples: Iterable[Example]) -> int:
        """One update per example, in order; returns their number."""
        count = 0
        for example in examples:
            x = design(example.context, [example.action], self.config.dimension)[0]
            with self._lock:
                spread = self._inverse @ x
                self._inverse -= np.outer(spread, spread) / (1.0 + x @ spread)
                self._moment += example.reward * x
            count += 1
        return count

    def snapshot(self) -> bytes:
        """The configuration, A⁻¹ and b, bit for bit."""
        with self._lock:
            state = self._inverse.astype("<f8").tobytes() + self._moment.astype("<f8").tobytes()
        return pack(self.name, asdict(self.config), state)

    def describe(self) -> str:
        """The policy and its settings in one line."""
        return " ".join([self.name, *(f"{name}={value:g}" for name, value in asdict(self.config).items())])

    def _restore(self, state: bytes) -> None:
        d = self.config.dimension
        numbers = np.frombuffer(state, dtype="<f8").astype(np.float64)
        if len(numbers) != d * d + d:
            raise ValueError(f"not a policy snapshot: {len(numbers)} numbers, but {d * d + d} were saved")
        self._inverse, self._moment = numbers[: d * d].reshape(d, d).copy(), numbers[d * d :].copy()
