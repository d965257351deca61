"""Rounds: decisions joined with their rewards, as columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bandits.types import Probabilities

Column = NDArray[np.float64]
Groups = NDArray[np.int64]
_ROWS_NAMED = 5


@dataclass(frozen=True, slots=True, eq=False)
class Rounds:
    """m rounds of a log, with what a target policy would have done.

    `reward` (m,): finite, unitless. `propensity` (m,): probability of what was shown under the logging
    policy, in (0, 1]. `target` (m,): its probability under the target policy, in [0, 1]. `group` (m,): rounds
    that share a number are dependent, as those of one listener are; each round its own group if empty.
    Raises ValueError listing rows that cannot be: an estimate from a wrong propensity is worse than none.
    """

    reward: Column
    propensity: Probabilities
    target: Probabilities
    group: Groups = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def __post_init__(self) -> None:
        if not len(self.group):
            object.__setattr__(self, "group", np.arange(len(self.reward), dtype=np.int64))
        shapes = {name: column.shape for name, column in self._columns()}
        if len(set(shapes.values())) > 1 or self.reward.ndim != 1:
            raise ValueError(f"columns must be one-dimensional and of equal length, not {shapes}")
        if not len(self.reward):
            raise ValueError("no rounds: nothing can be estimated from an empty log")
        check_rows("reward", self.reward, np.isfinite(self.reward), "must be finite")
        p, t = self.propensity, self.target
        check_rows("propensity", p, (p > 0.0) & (p <= 1.0), "what was shown had a probability in (0, 1]")
        check_rows("target", t, (t >= 0.0) & (t <= 1.0), "must be a probability")

    def __len__(self) -> int:
        return len(self.reward)

    @property
    def weights(self) -> Column:
        """Importance weights target / propensity (m,)."""
        return self.target / self.propensity

    def _columns(self) -> Iterator[tuple[str, NDArray[np.generic]]]:
        yield "reward", self.reward
        yield "propensity", self.propensity
        yield "target", self.target
        yield "group", self.group


def check_rows(
    name: str, column: NDArray[np.float64 | np.int64], valid: NDArray[np.bool_], meaning: str
) -> None:
    """Raise ValueError naming the first rows of `column` that are not `valid`."""
    bad = np.flatnonzero(~valid)
    if len(bad):
        rows = ", ".join(f"row {row}: {column[row]:g}" for row in bad[:_ROWS_NAMED])
        more = ", …" if len(bad) > _ROWS_NAMED else ""
        raise ValueError(
            f"{name}: {meaning}, but {len(bad)} of {len(column)} rows break that ({rows}{more});"
            " correct or leave out those rounds"
        )
