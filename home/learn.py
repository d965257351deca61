"""The learner: closed decisions and their feedback in, one new model out, each decision exactly once."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import fmean

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bandits.policy import Policy
from bandits.rewards import RewardFormula, shelf_rewards
from bandits.types import Example, RewardEvent
from home.db import writing
from home.errors import HomeError
from home.records import DecisionRecord
from home.registry import NoModelError, StaleModelError, base, publish, restore
from home.store import decisions, events, leases, models
from home.store.decisions import LoggedDecision
from home.store.leases import Lease
from home.store.models import StoredModel

LEASE = "learner"

_log = structlog.get_logger()


class LeaseHeldError(HomeError):
    """Another learner is at work."""

    def __init__(self, lease: Lease | None) -> None:
        who = "another learner" if lease is None else f"{lease.holder} until {lease.expires_at.isoformat()}"
        super().__init__(f"the learner's lease is held by {who}: one learner at a time, try again later")
        self.lease = lease


@dataclass(frozen=True, slots=True)
class LearnReport:
    """What one run did.

    `decisions` had closed; `skipped` of them taught nothing because their propensity is unknown or their
    record damaged, and the others gave `examples`. `version` is the newest model, a new one if there were
    examples. `late` counts the events on these decisions that came too late to count.
    """

    decisions: int
    examples: int
    version: int
    late: int
    skipped: int


@dataclass(frozen=True, slots=True)
class _Batch:
    model: StoredModel
    decisions: tuple[LoggedDecision, ...]
    events: Mapping[str, tuple[RewardEvent, ...]]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(decision.id for decision in self.decisions)

    @property
    def event_ids(self) -> frozenset[str]:
        return frozenset(event.id for group in self.events.values() for event in group)


class Learner:
    """The single writer of models.

    `load` rebuilds a policy from a snapshot. `holder` names this learner in the lease; it must differ
    between learners, so by default it is made unique. With `candidates` new models wait as candidates instead
    of going live. Of retired models the `keep` newest keep their data. A learner that dies leaves its lease
    to expire after `lease`. A run slower than that may lose its lease, and then changes nothing.
    """

    def __init__(
        self,
        engine: Engine,
        load: Callable[[bytes], Policy],
        formula: RewardFormula,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        holder: str | None = None,
        lease: timedelta = timedelta(minutes=5),
        candidates: bool = False,
        keep: int = 20,
    ) -> None:
        self.holder = holder or f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._engine = engine
        self._load = load
        self._formula = formula
        self._clock = clock
        self._lease = lease
        self._candidates = candidates
        self._keep = keep

    def run_once(self, max_decisions: int = 1000) -> LearnReport:
        """Learn from the oldest closed decisions and publish the model, all or nothing.

        Raises LeaseHeldError while another learner holds the lease, NoModelError without a model to start
        from, and StaleModelError when another writer got in between; then nothing has changed.
        """
        with writing(self._engine) as session:
            self._take_lease(session)
        try:
            return self._learn(max_decisions)
        finally:
            with suppress(SQLAlchemyError), writing(self._engine) as session:
                leases.release(session, LEASE, self.holder)

    def catch_up(self, max_decisions: int = 1000) -> LearnReport:
        """Learn from every closed decision, `max_decisions` to a model; raises what `run_once` raises."""
        total = self.run_once(max_decisions)
        step = total
        while step.decisions == max_decisions:
            step = self.run_once(max_decisions)
            total = LearnReport(
                total.decisions + step.decisions,
                total.examples + step.examples,
                step.version,
                total.late + step.late,
                total.skipped + step.skipped,
            )
        return total

    def _learn(self, max_decisions: int) -> LearnReport:
        batch = self._read(max_decisions)
        if not batch.decisions:
            return LearnReport(0, 0, batch.model.version, 0, 0)
        examples: list[Example] = []
        skipped = 0
        for decision in batch.decisions:
            record = _readable(decision)
            if record is None or record.propensity is None:
                skipped += 1
            else:
                examples += examples_of(record, batch.events.get(decision.id, ()), self._formula)
        policy = restore(batch.model, self._load)
        if examples:
            policy.learn(examples)
        return self._commit(batch, policy, examples, skipped)

    def _read(self, max_decisions: int) -> _Batch:
        with Session(self._engine) as session:
            model = base(session, candidate=self._candidates)
            if model is None:
                raise NoModelError
            closed = decisions.learnable(session, self._clock(), max_decisions)
            return _Batch(model, closed, events.on_time(session, (decision.id for decision in closed)))

    def _commit(self, batch: _Batch, policy: Policy, examples: list[Example], skipped: int) -> LearnReport:
        parent = version = batch.model.version
        with writing(self._engine) as session:
            self._take_lease(session)
            if examples:
                metrics = {
                    "decisions": len(batch.decisions),
                    "examples": len(examples),
                    "skipped": skipped,
                    "mean_reward": fmean(example.reward for example in examples),
                }
                times = [decision.at for decision in batch.decisions]
                version = publish(
                    session,
                    policy,
                    parent=parent,
                    now=self._clock(),
                    metrics=metrics,
                    data=(min(times), max(times)),
                    candidate=self._candidates,
                )
                models.drop_data(session, self._keep)
            if decisions.mark_learned(session, batch.ids, version) != len(batch.decisions):
                raise StaleModelError(parent)
            # Feedback that arrived while we learned was not seen; from here on it is late, and says so.
            events.mark_late(session, events.on_time_ids(session, batch.ids) - batch.event_ids)
            late = events.count_late(session, batch.ids)
        return LearnReport(len(batch.decisions), len(examples), version, late, skipped)

    def _take_lease(self, session: Session) -> None:
        now = self._clock()
        if not leases.take(session, Lease(LEASE, self.holder, now + self._lease), now):
            raise LeaseHeldError(leases.get(session, LEASE))


def _readable(decision: LoggedDecision) -> DecisionRecord | None:
    """The decision's record. A damaged one must cost itself alone, not all learning from then on."""
    try:
        return decision.record()
    except ValueError as error:
        _log.warning("decision_unreadable", decision=decision.id, error=str(error))
        return None


def examples_of(
    record: DecisionRecord, feedback: Sequence[RewardEvent], formula: RewardFormula
) -> tuple[Example, ...]:
    """What one decision teaches: an example per examined shelf, top slot first.

    The probability is the logged conditional of the slot. Without an exact propensity there is nothing to
    learn from, because nobody knows how likely the page was.
    """
    if record.propensity is None:
        return ()
    outcomes = shelf_rewards(formula, record.at, record.shelf_ids(record.page), feedback)
    return tuple(
        Example(
            record.context, record.options[option].features, slot, outcome.reward, record.conditionals[slot]
        )
        for slot, (option, outcome) in enumerate(zip(record.page, outcomes, strict=True))
        if outcome.examined
    )
