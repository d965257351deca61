"""The learner: closed decisions and their feedback in, one new model out, each decision exactly once.

The durable cursor is a mark on each decision, `learned_in` and `settled_in`, set in the transaction that
publishes the model which learned it. A single position in the log would not do: decisions are committed out
of the order in which they close, so a position would skip those that appear behind it.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bandits.policy import Policy
from bandits.responses import EVERYONE, Response
from bandits.rewards import RewardFormula
from bandits.types import Example, RewardEvent
from home.db import writing
from home.errors import HomeError
from home.imitation import imitation_of, is_baselines
from home.local_time import timezone_of
from home.records import DecisionRecord
from home.registry import NoModelError, StaleModelError, base, publish, restore
from home.settle import examples_of, in_turn, responses_of, settle, taught_by
from home.store import decisions, events, leases, listeners, models
from home.store import responses as memories
from home.store.decisions import LoggedDecision
from home.store.events import StoredEvent
from home.store.leases import Lease
from home.store.models import StoredModel

LEASE = "learner"
Teach = Callable[[Policy, Sequence[Example]], Policy]
"""How a policy learns a batch: returns the policy that has learned it."""

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
    record damaged, and the others gave examples. `settled` decisions saw their long horizon close and gave
    the rest of their `examples`; the reward of `corrections` of their shelves had changed. Those that taught
    early by another reward formula settle without. `version` is the newest model, a new one if anything was
    learned. `late` counts the events on these decisions that came too late to count.
    """

    decisions: int
    examples: int
    version: int
    late: int
    skipped: int
    settled: int = 0
    corrections: int = 0

    def then(self, later: LearnReport) -> LearnReport:
        """This run and a later one as one."""
        return LearnReport(
            self.decisions + later.decisions,
            self.examples + later.examples,
            later.version,
            self.late + later.late,
            self.skipped + later.skipped,
            self.settled + later.settled,
            self.corrections + later.corrections,
        )


@dataclass(frozen=True, slots=True)
class _Batch:
    model: StoredModel
    decisions: tuple[LoggedDecision, ...]
    settling: tuple[LoggedDecision, ...]
    events: Mapping[str, tuple[RewardEvent, ...]]
    returns: Mapping[str, datetime]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(decision.id for decision in self.decisions)

    @property
    def settling_ids(self) -> tuple[str, ...]:
        return tuple(decision.id for decision in self.settling)

    @property
    def done_ids(self) -> tuple[str, ...]:
        """Of these decisions nothing is left to learn."""
        return (*(d.id for d in self.decisions if d.settles_at is None), *self.settling_ids)

    @property
    def event_ids(self) -> frozenset[str]:
        return frozenset(event.id for group in self.events.values() for event in group)


@dataclass(frozen=True, slots=True)
class _Lessons:
    examples: tuple[Example, ...]
    corrections: int
    taught: Mapping[str, tuple[float | None, ...]]
    returns: tuple[RewardEvent, ...]
    skipped: int
    responses: Mapping[str, Sequence[Response]]


def teach_in_order(policy: Policy, examples: Sequence[Example]) -> Policy:
    """Teach one example after the other, in this process."""
    policy.learn(examples)
    return policy


class Learner:
    """The single writer of models.

    `load` rebuilds a policy from a snapshot. `holder` names this learner in the lease; it must differ
    between learners, so by default it is made unique. With `candidates` new models wait as candidates instead
    of going live. Of retired models the `keep` newest keep their data. `teach` is how a batch is learned, one
    example after the other by default. With `imitates`, decisions of the baseline teach to value shelves as
    it does (`home.imitation`) instead of their rewards. A learner that dies leaves its lease to expire after
    `lease`. A run slower than that may lose its lease, and then changes nothing.
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
        teach: Teach = teach_in_order,
        imitates: bool = False,
    ) -> None:
        self.holder = holder or f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._engine = engine
        self._load = load
        self._formula = formula
        self._clock = clock
        self._lease = lease
        self._candidates = candidates
        self._keep = keep
        self._teach = teach
        self._imitates = imitates

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
        total = step = self.run_once(max_decisions)
        while step.decisions or step.settled:
            step = self.run_once(max_decisions)
            total = total.then(step)
        return total

    def _learn(self, max_decisions: int) -> LearnReport:
        batch = self._read(max_decisions)
        if not batch.decisions and not batch.settling:
            return LearnReport(0, 0, batch.model.version, 0, 0)
        lessons = self._lessons(batch)
        policy = restore(batch.model, self._load)
        if lessons.examples:
            policy = self._teach(policy, lessons.examples)
        return self._commit(batch, policy, lessons)

    def _read(self, max_decisions: int) -> _Batch:
        with Session(self._engine) as session:
            model = base(session, candidate=self._candidates)
            if model is None:
                raise NoModelError
            now = self._clock()
            closed = decisions.learnable(session, now, max_decisions)
            settling = decisions.settleable(session, now, max_decisions)
            feedback = events.on_time(session, (decision.id for decision in (*closed, *settling)))
            return _Batch(model, closed, settling, feedback, _returns(session, settling))

    def _lessons(self, batch: _Batch) -> _Lessons:
        examples: list[Example] = []
        late: list[Example] = []
        corrections = 0
        returns: list[RewardEvent] = []
        taught = {}
        skipped = 0
        responses: dict[str, list[Response]] = defaultdict(list)
        for decision in batch.decisions:
            record = _readable(decision)
            if record is not None:
                found = responses_of(record, batch.events.get(decision.id, ()), self._formula)
                responses[record.listener_id] += found
                responses[EVERYONE] += found
            if record is not None and self._imitates and is_baselines(record):
                examples += imitation_of(record)
                continue
            if record is None or record.propensity is None:
                skipped += 1
                continue
            early = examples_of(record, batch.events.get(decision.id, ()), self._formula)
            taught[decision.id] = taught_by(early, len(record.page))
            examples += early
        for decision in batch.settling:
            record = _readable(decision)
            if record is None or not decision.taught or decision.formula != self._formula.identity:
                continue
            feedback, returned = batch.events.get(decision.id, ()), batch.returns.get(decision.id)
            rest = settle(record, feedback, self._formula, decision.taught, returned)
            late += rest.examples
            corrections += rest.corrected
            returns += rest.returns
        return _Lessons(in_turn(examples, late), corrections, taught, tuple(returns), skipped, responses)

    def _commit(self, batch: _Batch, policy: Policy, lessons: _Lessons) -> LearnReport:
        parent = version = batch.model.version
        with writing(self._engine) as session:
            self._take_lease(session)
            if lessons.examples:
                metrics = self._metrics(batch, lessons)
                times = [decision.at for decision in (*batch.decisions, *batch.settling)]
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
            self._mark(session, batch, lessons, version)
            late = events.count_late(session, batch.done_ids)
        return LearnReport(
            len(batch.decisions),
            len(lessons.examples),
            version,
            late,
            lessons.skipped,
            len(batch.settling),
            lessons.corrections,
        )

    def _metrics(self, batch: _Batch, lessons: _Lessons) -> dict[str, Any]:
        rewards = [example.reward for example in lessons.examples]
        return {
            "decisions": len(batch.decisions),
            "examples": len(lessons.examples),
            "skipped": lessons.skipped,
            "settled": len(batch.settling),
            "corrections": lessons.corrections,
            "mean_reward": fmean(rewards) if rewards else None,
            "formula": self._formula.identity,
        }

    def _mark(self, session: Session, batch: _Batch, lessons: _Lessons, version: int) -> None:
        """Move the cursor over the batch. Raises StaleModelError when somebody else moved it over a part."""
        if decisions.mark_learned(session, batch.ids, version) != len(batch.decisions):
            raise StaleModelError(batch.model.version)
        if decisions.mark_settled(session, batch.settling_ids, version) != len(batch.settling):
            raise StaleModelError(batch.model.version)
        decisions.mark_taught(session, lessons.taught, self._formula.identity)
        before = memories.memories(session, lessons.responses)
        after = {
            who: before[who].with_more(new, shelves=who != EVERYONE) for who, new in lessons.responses.items()
        }
        memories.keep(session, after)
        # Feedback that arrived while we learned was not seen; from here on it is late, and says so.
        events.mark_late(session, events.on_time_ids(session, batch.done_ids) - batch.event_ids)
        now = self._clock()
        events.insert(session, [StoredEvent(event, now, late=False) for event in lessons.returns])

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


def _returns(session: Session, settling: Sequence[LoggedDecision]) -> Mapping[str, datetime]:
    """Visits on the day after, in the timezones of the listeners' markets."""
    markets = listeners.markets(session, (decision.listener_id for decision in settling))
    zones = {d.listener_id: timezone_of(markets.get(d.listener_id, "")) for d in settling}
    return decisions.returns(session, settling, zones)
