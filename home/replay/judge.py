"""Judging targets on our own log: importance weighting with intervals, and a verdict on how far to trust it.

A page's reward is the sum of its shelves' rewards inside the horizon. Pages of one listener are dependent, so
intervals come from listeners as the independent draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from math import isfinite

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.ope.estimators import mean_of
from bandits.ope.rounds import Rounds
from bandits.rewards import RewardFormula
from home.configuration import Setup
from home.errors import HomeError
from home.ingest.progress import Progress, Silent
from home.records import DecisionRecord
from home.replay.estimators import NEED_CHOICES, NEED_LISTING, View
from home.replay.intervals import interval_of
from home.replay.judgement import Evidence, judged
from home.replay.log import DEFAULT_BY, Entry, Judged, Log, collect, joined
from home.replay.options import EVERY, Options
from home.replay.report import Judgement, Left, ReplayReport
from home.replay.sources.chunk import Labels
from home.replay.studies import Study
from home.replay.tally import Tally
from home.replay.targets import PageTarget
from home.replay.times import time_labels

DEFAULTS = Options()


class NothingToReplayError(HomeError):
    """No logged decision can be replayed."""

    def __init__(self, excluded: Left) -> None:
        super().__init__(
            f"the log holds no decision to replay ({excluded.open} still open, {excluded.inexact} without an"
            " exact propensity): serve pages, send their events, and come back when their horizon has closed;"
            " to try it at once, replay a log of simulated listeners: `home simulate --policies serving"
            " --log-to URL`, then `home --database URL replay`"
        )


class UnknowableTargetError(HomeError):
    """Nobody can say what a target would have done at any logged decision."""

    def __init__(self, target: str, unknowable: Mapping[str, int]) -> None:
        why, count = max(unknowable.items(), key=lambda entry: entry[1])
        super().__init__(
            f"target {target} is not known at any logged decision; at {count} of them because {why}"
        )


def replay(
    engine: Engine,
    formula: RewardFormula,
    targets: Sequence[PageTarget],
    *,
    now: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
    options: Options = DEFAULTS,
    progress: Progress | None = None,
) -> ReplayReport:
    """Judge `targets` on the decisions made in [start, end) whose horizon has closed by `now`.

    The log is streamed; of each decision only a few numbers per slot are kept, and as many for each target.
    Raises what `judge` raises.
    """
    progress = progress or Silent()
    with Session(engine) as session:
        return replay_entries(
            joined(session, start, end, progress),
            formula,
            targets,
            now=now,
            options=options,
            progress=progress,
        )


def replay_entries(
    entries: Iterable[Entry],
    formula: RewardFormula,
    targets: Sequence[PageTarget],
    *,
    now: datetime,
    options: Options = DEFAULTS,
    source: str = "decision log",
    setup_of: Callable[[DecisionRecord], Setup] | None = None,
    progress: Progress | None = None,
) -> ReplayReport:
    """Judge `targets` on decisions with their events, wherever they come from. Raises what `judge` raises.

    `setup_of` finds the rulebook and grid of a decision, without which no estimator can look into pages.
    """
    progress = progress or Silent()
    progress.start("Reading decisions", None)
    study = None if setup_of is None else _study(setup_of, options)
    log = collect(entries, formula, targets, now, options.by or DEFAULT_BY, study)
    progress.finish()
    return judge(log, options, source)


def judge(log: Log, options: Options = DEFAULTS, source: str = "decision log") -> ReplayReport:
    """Estimate the value of each target from the columns.

    Raises NothingToReplayError for an empty log, UnknowableTargetError for a target that is known at no
    decision, and ConfigurationError where the log cannot have the interval that was asked for.
    """
    if not len(log):
        raise NothingToReplayError(log.excluded)
    judgements = tuple(_judgement(log, target, options) for target in log.targets)
    return ReplayReport(
        source=source,
        unit="page",
        rounds=len(log),
        groups=len(np.unique(log.group)),
        on_policy=interval_of(mean_of("mean", log.reward, log.group), options, log.bounds),
        judgements=judgements,
        level=options.level,
        excluded=log.excluded,
    )


def _judgement(log: Log, target: Judged, options: Options) -> Judgement:
    if not target.known.any():
        raise UnknowableTargetError(target.name, target.unknowable)
    rows = target.known
    tally = Tally(drawn=target.drawn, reach=target.reach)
    slates = log.slates(target)
    rounds = Rounds(log.reward[rows], log.propensity[rows], slates.target, log.group[rows])
    bound = target.weight_bound if isfinite(target.weight_bound) else None
    tally.add(rounds, _labels(log, rows), target.outside[rows], slates, bound)
    looked = target.looked
    view = View(
        rounds,
        labels={name: column[rows] for name, column in log.segments.items()},
        slates=slates,
        features=looked.features,
        listed=looked.listed,
        unknown=looked.unknown,
        unlisted=looked.unlisted,
        weight_bound=options.weight_bound,
        outside=target.outside[rows],
        seed=options.seed,
    )
    return judged(Evidence(target.name, tally, view, log.bounds, dict(target.unknowable)), options)


def _study(setup_of: Callable[[DecisionRecord], Setup], options: Options) -> Study:
    every = options.estimators == EVERY
    asked = frozenset(options.estimators or ())
    return Study(setup_of, every or bool(asked & NEED_CHOICES), every or bool(asked & NEED_LISTING))


def _labels(log: Log, rows: NDArray[np.bool_]) -> Mapping[str, Labels]:
    labels = {**log.segments, **time_labels(log.at)}
    return {name: column[rows] for name, column in labels.items()}
