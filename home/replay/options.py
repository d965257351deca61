"""How a replay is computed, whatever the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from home.errors import ConfigurationError
from home.replay.estimators import ESTIMATORS

Method = Literal["bootstrap", "normal"]
EVERY = ("all",)


@dataclass(frozen=True, slots=True)
class Options:
    """How estimates are made.

    `estimators`: by name, or `EVERY` one that the log has enough for; None for a few of these. `level` and
    method of `interval`s, with `replicates` of the bootstrap. `by`: names of breakdowns. `seed`: of all that
    is random. `keep`: how many rounds are held in memory at most; a longer log is summed up as it is read.
    Raises ConfigurationError.
    """

    estimators: tuple[str, ...] | None = None
    level: float = 0.95
    interval: Method = "bootstrap"
    replicates: int = 1000
    by: tuple[str, ...] = ()
    seed: int = 0
    keep: int = 1_000_000

    def __post_init__(self) -> None:
        asked = () if self.estimators in (None, EVERY) else self.estimators
        unknown = [name for name in asked or () if name not in ESTIMATORS]
        if unknown:
            raise ConfigurationError(
                f"estimators has {unknown[0]!r}: choose among {', '.join(ESTIMATORS)}, or all"
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
