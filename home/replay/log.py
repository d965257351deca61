"""Logged decisions, joined with their feedback, as columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

import numpy as np
from sqlalchemy.orm import Session

from bandits.ope.rounds import Column, Groups
from bandits.rewards import RewardFormula, page_reward
from bandits.types import RewardEvent
from home.ingest.progress import Progress
from home.replay.targets import Target
from home.settle import outcomes_of
from home.store import decisions, events
from home.store.decisions import LoggedDecision

_BATCH = 200


@dataclass(frozen=True, slots=True)
class Excluded:
    """Decisions left out: their horizon is `open`, their propensity `inexact`, or their record `damaged`."""

    open: int = 0
    inexact: int = 0
    damaged: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """Replayable decisions as columns of length m.

    `reward`, `propensity` and `group`, the number of the listener; `targets` (targets, m): the probability of
    each page under each target, and `outside` (targets,), at how many decisions a target could have shown
    pages that the log could not hold.
    """

    reward: Column
    propensity: Column
    targets: Column
    outside: tuple[int, ...]
    group: Groups
    excluded: Excluded

    def __len__(self) -> int:
        return len(self.reward)


def collect(
    logged: Iterable[tuple[LoggedDecision, Sequence[RewardEvent]]],
    formula: RewardFormula,
    targets: Sequence[Target],
    now: datetime,
) -> Log:
    """Decisions with their events to columns, one at a time."""
    columns = _Columns(formula, targets)
    for decision, feedback in logged:
        columns.add(decision, feedback, now)
    return columns.log()


def joined(
    session: Session, start: datetime | None, end: datetime | None, progress: Progress
) -> Iterator[tuple[LoggedDecision, Sequence[RewardEvent]]]:
    """The decisions made in [start, end), oldest first, each with the events that count."""
    stream = decisions.stream(session, start, end, _BATCH)
    while batch := tuple(islice(stream, _BATCH)):
        feedback = events.on_time(session, [decision.id for decision in batch])
        yield from ((decision, feedback.get(decision.id, ())) for decision in batch)
        progress.advance(len(batch))


@dataclass(slots=True, eq=False)
class _Columns:
    formula: RewardFormula
    targets: Sequence[Target]
    reward: list[float] = field(default_factory=list)
    propensity: list[float] = field(default_factory=list)
    target: list[list[float]] = field(default_factory=list)
    within: list[list[bool]] = field(default_factory=list)
    group: list[int] = field(default_factory=list)
    listeners: dict[str, int] = field(default_factory=dict)
    open: int = 0
    inexact: int = 0
    damaged: int = 0

    def add(self, decision: LoggedDecision, feedback: Sequence[RewardEvent], now: datetime) -> None:
        if decision.closes_at > now:
            self.open += 1
            return
        try:
            record = decision.record()
        except ValueError:
            self.damaged += 1
            return
        if record.propensity is None:
            self.inexact += 1
            return
        outcomes = outcomes_of(record, feedback, self.formula)
        self.reward.append(page_reward(outcomes))
        self.propensity.append(record.propensity)
        self.target.append([target.probability(record) for target in self.targets])
        self.within.append([target.within(record) for target in self.targets])
        self.group.append(self.listeners.setdefault(record.listener_id, len(self.listeners)))

    def log(self) -> Log:
        return Log(
            reward=np.array(self.reward),
            propensity=np.array(self.propensity),
            targets=np.array(self.target).reshape(len(self.reward), len(self.targets)).T,
            outside=tuple(sum(not one for one in each) for each in zip(*self.within, strict=True)),
            group=np.array(self.group, dtype=np.int64),
            excluded=Excluded(self.open, self.inexact, self.damaged),
        )
