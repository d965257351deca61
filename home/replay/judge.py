"""Judging targets on a log: inverse propensity scoring with intervals, and a verdict on how far to trust it.

A page's reward is the sum of its shelves' rewards inside the horizon. Pages of one listener are dependent, so
intervals come from a bootstrap that draws listeners.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import numpy as np
import orjson
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.ope.diagnostics import Diagnostics, Verdict, diagnose
from bandits.ope.estimators import Estimate, ips, snips
from bandits.ope.intervals import Interval, bootstrap
from bandits.ope.rounds import Rounds
from bandits.rewards import RewardFormula
from home.errors import HomeError
from home.ingest.progress import Progress, Silent
from home.replay.log import Excluded, Log, collect, joined
from home.replay.targets import Target


class NothingToReplayError(HomeError):
    """No logged decision can be replayed."""

    def __init__(self, excluded: Excluded) -> None:
        super().__init__(
            f"the log holds no decision to replay ({excluded.open} still open, {excluded.inexact} without an"
            " exact propensity): serve pages, send their events, and come back when their horizon has closed"
        )


@dataclass(frozen=True, slots=True)
class Judgement:
    """A target's value, reward per page, with intervals; and how far to trust them.

    `snips` is None when the target never shows what was logged.
    """

    target: str
    ips: Interval
    snips: Interval | None
    diagnostics: Diagnostics


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What the log says. `on_policy` is the plain mean reward per page, as it was."""

    decisions: int
    listeners: int
    excluded: Excluded
    on_policy: Interval
    judgements: tuple[Judgement, ...]
    level: float

    def to_json(self) -> bytes:
        """The report as indented JSON."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)


def replay(
    engine: Engine,
    formula: RewardFormula,
    targets: Sequence[Target],
    *,
    now: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
    seed: int = 0,
    level: float = 0.95,
    progress: Progress | None = None,
) -> ReplayReport:
    """Judge `targets` on the decisions made in [start, end) whose horizon has closed by `now`.

    The log is streamed; of each decision only three numbers are kept, and one for each target. Raises
    NothingToReplayError for a log without a replayable decision.
    """
    progress = progress or Silent()
    progress.start("Reading decisions", None)
    with Session(engine) as session:
        log = collect(joined(session, start, end, progress), formula, targets, now)
    progress.finish()
    return judge(log, targets, seed=seed, level=level)


def judge(log: Log, targets: Sequence[Target], *, seed: int = 0, level: float = 0.95) -> ReplayReport:
    """Estimate the value of each target from the columns. Raises NothingToReplayError for an empty log."""
    if not len(log):
        raise NothingToReplayError(log.excluded)
    return ReplayReport(
        decisions=len(log),
        listeners=len(np.unique(log.group)),
        excluded=log.excluded,
        on_policy=_interval(Estimate("mean", log.reward, np.ones(len(log)), log.group), seed, level),
        judgements=tuple(
            _judgement(
                target.name, Rounds(log.reward, log.propensity, probability, log.group), outside, seed, level
            )
            for target, probability, outside in zip(targets, log.targets, log.outside, strict=True)
        ),
        level=level,
    )


def _judgement(name: str, rounds: Rounds, outside: int, seed: int, level: float) -> Judgement:
    return Judgement(
        target=name,
        ips=_interval(ips(rounds), seed, level),
        snips=_interval(snips(rounds), seed, level) if rounds.target.any() else None,
        diagnostics=_refused(diagnose(rounds), outside) if outside else diagnose(rounds),
    )


def _refused(diagnostics: Diagnostics, outside: int) -> Diagnostics:
    return replace(
        diagnostics,
        verdict=Verdict.DO_NOT_TRUST,
        reason=f"at {outside} of {diagnostics.rounds} decisions the target shows pages that were never drawn"
        " there, so the log cannot tell what they earn",
    )


def _interval(estimate: Estimate, seed: int, level: float) -> Interval:
    """A bootstrap over listeners; of no width where there is only one, which the verdict says as well."""
    if len(np.unique(estimate.group)) < 2:
        return Interval(estimate.value, estimate.value, estimate.value, level, "one listener")
    return bootstrap(estimate, np.random.default_rng(seed), level)
