"""What `home replay` answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from bandits.ope.diagnostics import Diagnostics
from bandits.ope.intervals import Interval
from home.ingest.rejects import Reject, RejectCount
from home.replay.checks import Checks


@dataclass(frozen=True, slots=True)
class Estimated:
    """A target's value by one estimator. Without an `interval`, `note` says why there is none."""

    estimator: str
    interval: Interval | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """Rounds with one label: their logged mean, the target's value by SNIPS, and what they are worth."""

    label: str
    rounds: int
    logged: Interval
    target: Interval | None
    effective: float


@dataclass(frozen=True, slots=True)
class Support:
    """What of the target the log could not hold.

    `outside`: the share of its pages or actions; `decisions` at which there were any. Where it is
    estimated, from `drawn` pages, and none of these is outside, its interval is the rule of three. `low` and
    `high` bound the target's whole value, the interval of IPS widened by what that share could have earned at
    least and at most (partial identification, Manski, "Nonparametric Bounds on Treatment Effects", AER 1990).
    """

    outside: Interval
    decisions: int
    low: float
    high: float
    drawn: int = 0


@dataclass(frozen=True, slots=True)
class WeightClass:
    """How many rounds have an importance weight in [low, high); `high` is None for the last class."""

    low: float
    high: float | None
    rounds: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """A target's value, reward per page or round, by several estimators; and how far to trust them.

    `unknowable` counts decisions at which nobody can say what the target would have done, by reason; they
    are left out of its estimates. `unstudied` lists the ids of those that could not be looked into, by
    reason; they are left out of the estimators that need it. `breakdowns`: name → segments. `slots`: the
    value of each slot, top first. `checks` is None for a log that was longer than memory.
    """

    target: str
    estimates: tuple[Estimated, ...]
    diagnostics: Diagnostics
    support: Support | None = None
    checks: Checks | None = None
    unknowable: dict[str, int] = field(default_factory=dict)
    unstudied: dict[str, tuple[str, ...]] = field(default_factory=dict)
    weights: tuple[WeightClass, ...] = ()
    slots: tuple[Segment, ...] = ()
    breakdowns: dict[str, tuple[Segment, ...]] = field(default_factory=dict)

    def interval(self, estimator: str) -> Interval | None:
        """The value by one estimator, None where it has none."""
        return next((one.interval for one in self.estimates if one.estimator == estimator), None)


@dataclass(frozen=True, slots=True)
class Left:
    """Decisions of our own log that were left out.

    Their horizon is still `open`, their propensity `inexact`, or their record `damaged`: it cannot be read,
    or contradicts itself.
    """

    open: int = 0
    inexact: int = 0
    damaged: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """What a log says of some targets.

    `unit` is "page" or "round". `on_policy` is the plain mean reward as it was. `excluded` counts decisions
    of our own log that were left out, `rejected` faulty rows of other logs with `samples` of them, and
    `broken_slates` slates that lack a slot. With `estimated_propensities` no probability was logged, and
    every number rests on how often each action was shown. `streamed`: rounds were not kept in memory.
    """

    source: str
    unit: str
    rounds: int
    groups: int
    on_policy: Interval
    judgements: tuple[Judgement, ...]
    level: float
    excluded: Left = Left()
    rejected: tuple[RejectCount, ...] = ()
    samples: tuple[Reject, ...] = ()
    broken_slates: int = 0
    estimated_propensities: bool = False
    streamed: bool = False
    notes: tuple[str, ...] = ()

    def to_json(self) -> bytes:
        """The report as indented JSON."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2, default=_plain)


def _plain(value: Any) -> Any:
    return value.item()
