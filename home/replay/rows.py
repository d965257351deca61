"""Judging targets on logs of other systems: one pass, in memory as long as the log fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bandits.ope.actions import ActionRounds
from bandits.ope.cascade_model import SlotFeatures
from bandits.ope.multi_logger import LoggedBySeveral
from bandits.ope.rounds import Column, Rounds
from bandits.ope.slates import SlateRounds
from home.ingest.progress import Progress, Silent
from home.ingest.rejects import Rejects
from home.replay.estimators import DEFAULTS, STREAMED, Needs, View
from home.replay.found import Found
from home.replay.frequencies import NOTE, FrequencySource
from home.replay.judgement import Evidence, judged, on_policy
from home.replay.options import EVERY, Options
from home.replay.report import ReplayReport
from home.replay.row_targets import RowTarget, of_shown, weight_bound
from home.replay.slates import Folded, folded, together, whole_slates
from home.replay.sources.chunk import Chunk, Labels, NoPropensityError, ReplayInputError, Source
from home.replay.streams import Streams
from home.replay.tables import slates_from
from home.replay.tally import Tally
from home.replay.times import time_labels


def judge_rows(
    source: Source,
    targets: Sequence[RowTarget],
    options: Options,
    *,
    estimate_propensities: bool = False,
    rejects: Rejects | None = None,
    progress: Progress | None = None,
) -> ReplayReport:
    """Judge `targets` on a log of rounds, or of slates.

    Up to `options.keep` rounds are held in memory, which reward models and tuned parameters need; of a longer
    log only sums are kept. Raises NoPropensityError for a log without propensities unless told to estimate
    them, and ReplayInputError for one without a valid round, or that lacks what a target needs.
    """
    if not source.has_propensities:
        if not estimate_propensities:
            raise NoPropensityError(source.name)
        source = FrequencySource.counted(source)
    rejects = Rejects() if rejects is None else rejects
    reading = _Reading(targets, options)
    for chunk in _read(source, rejects, progress or Silent()):
        reading.add(chunk)
    if not reading.rounds:
        raise ReplayInputError(_nothing(source.name, rejects))
    known = tuple(reading.evidence())
    judgements = tuple(judged(evidence, options) for evidence in known)
    return ReplayReport(
        source=source.name,
        unit="page" if reading.slates else "round",
        rounds=judgements[0].diagnostics.rounds,
        groups=judgements[0].diagnostics.groups,
        on_policy=on_policy(known[0], options),
        judgements=judgements,
        level=options.level,
        rejected=rejects.counts(),
        samples=rejects.samples(),
        broken_slates=reading.broken,
        estimated_propensities=not source.has_propensities,
        streamed=reading.kept is None,
        notes=() if source.has_propensities else (NOTE,),
    )


def _read(source: Source, rejects: Rejects, progress: Progress) -> Iterator[Chunk]:
    progress.start(f"Reading {source.name}", None)
    for chunk in whole_slates(source.chunks(rejects)):
        if len(chunk):
            yield chunk
        progress.advance(len(chunk))
    progress.finish()


def _nothing(name: str, rejects: Rejects) -> str:
    if not rejects.counts():
        return f"{name} holds no round"
    worst = rejects.counts()[0]
    return f"{name} holds no valid round: of {worst.count} rows, {worst.field} {worst.reason}"


@dataclass(slots=True, eq=False)
class _Reading:
    targets: Sequence[RowTarget]
    options: Options
    tallies: list[Tally] = field(init=False)
    kept: list[Chunk] | None = field(default_factory=list)
    rounds: int = 0
    broken: int = 0
    slates: bool = False

    def __post_init__(self) -> None:
        self.tallies = [Tally(_streams(self.options)) for _ in self.targets]

    def add(self, chunk: Chunk) -> None:
        """Add a chunk to the sums, and keep it as long as there is room."""
        self.slates = chunk.slate is not None
        if self.slates:
            chunk, _, broken = folded(chunk)
            self.broken += broken
        if not len(chunk):
            return
        self.rounds += len(chunk)
        labels = _labels(chunk)
        for target, tally in zip(self.targets, self.tallies, strict=True):
            probabilities = target.probabilities(chunk)
            shown, outside = of_shown(probabilities, chunk), _outside(chunk, probabilities)
            bound = weight_bound(chunk, probabilities)
            if chunk.slate is None:
                rounds = Rounds(chunk.reward, chunk.propensity, shown, chunk.group)
                tally.add(rounds, labels, outside, weight_bound=bound)
            else:
                whole, fold, _ = folded(chunk)
                slates = _slates(whole, fold, shown)
                part = {name: column[fold.first] for name, column in labels.items()}
                tally.add(slates.as_rounds(), part, outside, slates, bound)
        if self.kept is not None and self.rounds <= self.options.keep:
            self.kept.append(chunk)
        else:
            self.kept = None

    def evidence(self) -> Iterator[Evidence]:
        """What is known of each target."""
        chunk = None if self.kept is None else together(self.kept)
        for target, tally in zip(self.targets, self.tallies, strict=True):
            if chunk is None:
                yield Evidence(target.name, tally, None)
                continue
            yield Evidence(target.name, tally, _view(chunk, target.probabilities(chunk), self.options))


def _labels(chunk: Chunk) -> Mapping[str, Labels]:
    labels: dict[str, Labels] = dict(chunk.segments)
    if chunk.slate is None and chunk.position.any():
        labels["position"] = (chunk.position + 1).astype(np.str_)
    if chunk.at is not None:
        labels |= time_labels(chunk.at)
    return labels


def _streams(options: Options) -> Streams:
    """Other sums than every report has, where they are asked for, or pages have them by default."""
    asked = options.estimators
    wanted = (
        frozenset(STREAMED)
        if asked == EVERY
        else frozenset(DEFAULTS[Needs.SLOTS] if asked is None else asked)
    )
    return Streams(wanted, options.weight_bound, options.seed)


def _slates(chunk: Chunk, fold: Folded, shown: Column) -> SlateRounds:
    propensity, target = fold.prefixes(chunk.propensity), fold.prefixes(shown)
    return slates_from(fold.table(chunk.reward), propensity, target, fold.filled, chunk.group[fold.first])


def _view(chunk: Chunk, probabilities: Column, options: Options) -> View:
    shown = of_shown(probabilities, chunk)
    if chunk.slate is not None:
        chunk, fold, _ = folded(chunk)
        slates, features = _slates(chunk, fold, shown), _features(chunk, fold, probabilities)
        return View(
            slates.as_rounds(),
            slates=slates,
            features=None if features is None else Found(features, np.ones(len(slates), dtype=np.bool_)),
            weight_bound=options.weight_bound,
            seed=options.seed,
        )
    rounds = Rounds(chunk.reward, chunk.propensity, shown, chunk.group)
    if probabilities.ndim == 1 or (chunk.action < 0).any():
        return View(
            rounds,
            labels=chunk.segments,
            logged=_logged(chunk),
            weight_bound=options.weight_bound,
            seed=options.seed,
        )
    actions = ActionRounds(
        reward=chunk.reward,
        action=chunk.action,
        propensity=chunk.propensity,
        target=probabilities / probabilities.sum(axis=1, keepdims=True),
        context=np.empty((len(chunk), 0)) if chunk.context is None else chunk.context,
        position=chunk.position,
        group=chunk.group,
    )
    return View(
        rounds,
        actions,
        expected=chunk.expected,
        logging=chunk.distribution,
        embedding=chunk.embedding,
        logged=_logged(chunk),
        labels=chunk.segments,
        weight_bound=options.weight_bound,
        outside=_outside(chunk, probabilities),
        seed=options.seed,
    )


def _logged(chunk: Chunk) -> LoggedBySeveral | None:
    """Who showed what; None where one policy did, or one showed too little to tell."""
    if chunk.logger is None or chunk.propensities is None:
        return None
    counts = np.bincount(chunk.logger, minlength=chunk.propensities.shape[1])
    return LoggedBySeveral(chunk.logger, chunk.propensities) if counts.min() > 1 else None


def _features(chunk: Chunk, fold: Folded, probabilities: Column) -> SlotFeatures | None:
    """An indicator of the action in each slot, and what the target makes of it; None where nobody knows."""
    if probabilities.ndim == 1 or (chunk.action < 0).any():
        return None
    shape = (*fold.shape, probabilities.shape[1])
    shown, expected = np.zeros(shape), np.zeros(shape)
    shown[fold.row, fold.slot, chunk.action] = 1.0
    expected[fold.row, fold.slot] = probabilities
    return SlotFeatures(shown, expected)


def _outside(chunk: Chunk, probabilities: Column) -> Column | None:
    """The share of each round's target that was never shown (m,); None where nobody knows."""
    if chunk.distribution is None or probabilities.ndim == 1 or chunk.slate is not None:
        return None
    never: Column = np.where(chunk.distribution > 0.0, 0.0, probabilities).sum(axis=1)
    return never
