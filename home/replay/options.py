"""How a replay is computed, whatever the log."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal, get_args

from bandits.ope.intervals import Bounds
from home.errors import ConfigurationError
from home.replay.estimators import ESTIMATORS
from home.replay.known import TERMS

Method = Literal["bootstrap", "bca", "normal", "empirical-bernstein", "confidence-sequence"]
BOUNDED: tuple[Method, ...] = ("empirical-bernstein", "confidence-sequence")
"""Intervals that hold at every sample size, for means whose terms have known bounds."""

EVERY = ("all",)


@dataclass(frozen=True, slots=True)
class Options:
    """How estimates are made.

    `estimators`: by name, or `EVERY` one that the log has enough for; None for a few of these. `level` and
    method of `interval`s, with `replicates` of the bootstrap. `by`: names of breakdowns. `seed`: of all that
    is random. `keep`: how many rounds are held in memory at most; a longer log is summed up as it is read.
    `weight_bound` and `rewards`, the least and the most that a row can earn, are known before looking at the
    log; None where they are not given. Raises ConfigurationError.
    """

    estimators: tuple[str, ...] | None = None
    level: float = 0.95
    interval: Method = "bootstrap"
    replicates: int = 1000
    by: tuple[str, ...] = ()
    seed: int = 0
    keep: int = 1_000_000
    weight_bound: float | None = None
    rewards: Bounds | None = None

    @property
    def bounded(self) -> bool:
        """Whether intervals are to hold at every sample size."""
        return self.interval in BOUNDED

    def __post_init__(self) -> None:
        asked = () if self.estimators in (None, EVERY) else self.estimators
        unknown = [name for name in asked or () if name not in ESTIMATORS]
        if unknown:
            raise ConfigurationError(
                f"estimators has {unknown[0]!r}: choose among {', '.join(ESTIMATORS)}, or all"
            )
        without = [name for name in asked or () if name not in TERMS]
        if without and self.bounded:
            raise ConfigurationError(
                f"interval is {self.interval!r}, which {without[0]} has not: it is for {', '.join(TERMS)};"
                " choose among these, or use normal or bootstrap"
            )
        if not 0.0 < self.level < 1.0:
            raise ConfigurationError(
                f"level is {self.level}: give a probability between 0 and 1, such as 0.95"
            )
        if self.interval not in get_args(Method):
            raise ConfigurationError(
                f"interval is {self.interval!r}: use one of {', '.join(get_args(Method))}"
            )
        if self.replicates < 100:
            raise ConfigurationError(f"replicates is {self.replicates}: percentiles need at least 100")
        if self.weight_bound is not None and not 0.0 < self.weight_bound < inf:
            raise ConfigurationError(
                f"weight-bound is {self.weight_bound}: give the largest weight that can occur, above 0"
            )
        if self.rewards is not None and not -inf < self.rewards[0] < self.rewards[1] < inf:
            raise ConfigurationError(
                f"reward-range is {self.rewards[0]:g},{self.rewards[1]:g}: give the least and the most that a"
                " row can earn, such as 0,1"
            )
