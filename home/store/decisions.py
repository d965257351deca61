"""The decision log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy import null as sql_null
from sqlalchemy.orm import InstrumentedAttribute, Session

from home.db import DecisionRow
from home.records import DecisionRecord, decode, encode
from home.store.statements import chunks

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """A decision with its standing in the loop, its record still packed: thousands fit in memory.

    Events up to `closes_at` count early, those up to `settles_at` (None without a long horizon) finally.
    `learned_in` is the model version that learned from it and `settled_in` the one that took its
    corrections, None before. `formula` and `taught` are as in the table.
    """

    id: str
    listener_id: str
    at: datetime
    closes_at: datetime
    learned_in: int | None
    data: bytes
    settles_at: datetime | None = None
    settled_in: int | None = None
    formula: str | None = None
    taught: tuple[float | None, ...] = ()

    @property
    def last_at(self) -> datetime:
        """The last moment whose events can still teach something."""
        return self.closes_at if self.settles_at is None else self.settles_at

    @property
    def done(self) -> bool:
        """Whether nothing will be learned from it any more."""
        return (self.learned_in if self.settles_at is None else self.settled_in) is not None

    def record(self) -> DecisionRecord:
        """Unpack the record."""
        return decode(self.data)


@dataclass(frozen=True, slots=True)
class DecisionSummary:
    """A decision as it appears in a list."""

    id: str
    listener_id: str
    surface: str
    at: datetime
    policy_version: int
    rules_version: str
    status: str
    explored: bool
    propensity: float | None
    learned_in: int | None


_SUMMARY: tuple[Any, ...] = (
    DecisionRow.id, DecisionRow.listener_id, DecisionRow.surface, DecisionRow.at, DecisionRow.policy_version,
    DecisionRow.rules_version, DecisionRow.status, DecisionRow.explored, DecisionRow.propensity,
    DecisionRow.learned_in,
)  # fmt: skip
_LOGGED: tuple[Any, ...] = (
    DecisionRow.id, DecisionRow.listener_id, DecisionRow.at, DecisionRow.closes_at, DecisionRow.learned_in,
    DecisionRow.record, DecisionRow.settles_at, DecisionRow.settled_in, DecisionRow.formula,
    DecisionRow.taught,
)  # fmt: skip


def add(
    session: Session,
    record: DecisionRecord,
    *,
    closes_at: datetime,
    settles_at: datetime | None = None,
    formula: str | None = None,
) -> None:
    """Log a decision. Events until `closes_at` count; it can be learned from afterwards.

    With `settles_at`, events until then correct what was learned. `formula` is the identity of the reward
    formula in force.
    """
    session.execute(
        insert(DecisionRow).values(
            id=record.id,
            listener_id=record.listener_id,
            surface=record.surface,
            at=record.at,
            closes_at=closes_at,
            policy_version=record.policy_version,
            rules_version=record.rules_version,
            status=record.solver.status,
            explored=record.explored,
            propensity=record.propensity,
            shelves=list(record.shelf_ids(record.page)),
            record=encode(record),
            learned_in=None,
            formula=formula,
            settles_at=settles_at,
            settled_in=None,
            taught=sql_null(),
        )
    )


def get(session: Session, decision_id: str) -> DecisionRecord | None:
    """A decision's record by id."""
    data = session.scalar(select(DecisionRow.record).where(DecisionRow.id == decision_id))
    return None if data is None else decode(data)


def last_page(session: Session, listener_id: str, surface: str, before: datetime) -> tuple[str, ...]:
    """The ids of the shelves on the listener's last page on this surface, top first; empty for none."""
    query = (
        select(DecisionRow.shelves)
        .where(
            DecisionRow.listener_id == listener_id, DecisionRow.surface == surface, DecisionRow.at < before
        )
        .order_by(DecisionRow.at.desc())
        .limit(1)
    )
    return tuple(session.scalar(query) or ())


def summaries(
    session: Session, listener_id: str | None = None, limit: int = 50, offset: int = 0
) -> tuple[DecisionSummary, ...]:
    """Decisions, newest first: one listener's, or everyone's."""
    query = (
        select(*_SUMMARY).order_by(DecisionRow.at.desc(), DecisionRow.id.desc()).limit(limit).offset(offset)
    )
    if listener_id is not None:
        query = query.where(DecisionRow.listener_id == listener_id)
    return tuple(DecisionSummary(*row) for row in session.execute(query))


def learnable(session: Session, now: datetime, limit: int) -> tuple[LoggedDecision, ...]:
    """The oldest decisions whose horizon has closed and that nothing has learned from, by (closes_at, id)."""
    query = (
        select(*_LOGGED).where(*_waiting(now)).order_by(DecisionRow.closes_at, DecisionRow.id).limit(limit)
    )
    return tuple(_logged(row) for row in session.execute(query))


def settleable(session: Session, now: datetime, limit: int) -> tuple[LoggedDecision, ...]:
    """The oldest learned decisions whose long horizon has closed unsettled, by (settles_at, id)."""
    query = (
        select(*_LOGGED)
        .where(
            DecisionRow.settled_in.is_(None),
            DecisionRow.settles_at <= now,
            DecisionRow.learned_in.is_not(None),
        )
        .order_by(DecisionRow.settles_at, DecisionRow.id)
        .limit(limit)
    )
    return tuple(_logged(row) for row in session.execute(query))


def returns(
    session: Session, logged: Sequence[LoggedDecision], zones: Mapping[str, tzinfo]
) -> Mapping[str, datetime]:
    """When the listener of each decision first opened Home on the day after; left out where not.

    `zones` says in which timezone each listener's days are.
    """
    if not logged:
        return {}
    first, last = min(d.at for d in logged), max(d.at for d in logged)
    visits: dict[tuple[str, date], datetime] = {}
    for some in chunks(sorted({decision.listener_id for decision in logged})):
        query = select(DecisionRow.listener_id, DecisionRow.at).where(
            DecisionRow.listener_id.in_(some), DecisionRow.at > first, DecisionRow.at <= last + 2 * _DAY
        )
        for listener_id, at in session.execute(query):
            day = (listener_id, at.astimezone(zones[listener_id]).date())
            visits[day] = min(at, visits.get(day, at))
    days = {d.id: d.at.astimezone(zones[d.listener_id]).date() for d in logged}
    found = {d.id: visits.get((d.listener_id, days[d.id] + _DAY)) for d in logged}
    return {decision_id: at for decision_id, at in found.items() if at is not None}


def waiting(session: Session, now: datetime) -> int:
    """How many decisions `learnable` would give without a limit."""
    return session.scalar(select(func.count()).select_from(DecisionRow).where(*_waiting(now))) or 0


def hold_open(session: Session, ids: Iterable[str]) -> Mapping[str, LoggedDecision]:
    """Read decisions while keeping a learner from closing them until the transaction ends, by id."""
    found = {}
    for some in chunks(sorted(set(ids))):
        query = (
            select(*_LOGGED)
            .where(DecisionRow.id.in_(some))
            .order_by(DecisionRow.id)
            .with_for_update(read=True)
        )
        found.update({row.id: _logged(row) for row in session.execute(query)})
    return found


def mark_learned(session: Session, ids: Iterable[str], version: int) -> int:
    """Record that model `version` learned from these decisions; returns how many were not marked before.

    Waits for transactions that hold them open.
    """
    return _mark(session, ids, DecisionRow.learned_in, version)


def mark_taught(session: Session, taught: Mapping[str, Sequence[float | None]], formula: str) -> None:
    """Keep what each decision taught early, slot by slot, and by which reward formula."""
    if not taught:
        return
    rows = [
        {"id": decision_id, "taught": list(rewards), "formula": formula}
        for decision_id, rewards in sorted(taught.items())
    ]
    session.execute(update(DecisionRow), rows)


def mark_settled(session: Session, ids: Iterable[str], version: int) -> int:
    """Record that model `version` took the corrections of these decisions; returns how many were unmarked.

    Waits for transactions that hold them open.
    """
    return _mark(session, ids, DecisionRow.settled_in, version)


def stream(
    session: Session, start: datetime | None = None, end: datetime | None = None, batch: int = 100
) -> Iterator[LoggedDecision]:
    """The decisions made in [start, end), oldest first, read `batch` at a time."""
    query = select(*_LOGGED).order_by(DecisionRow.at, DecisionRow.id)
    if start is not None:
        query = query.where(DecisionRow.at >= start)
    if end is not None:
        query = query.where(DecisionRow.at < end)
    for row in session.execute(query, execution_options={"yield_per": batch}):
        yield _logged(row)


def newest_closed(
    session: Session, now: datetime, limit: int, start: datetime | None = None
) -> tuple[LoggedDecision, ...]:
    """The newest decisions, made from `start` on, whose horizon has closed; newest first."""
    query = select(*_LOGGED).where(DecisionRow.closes_at <= now)
    if start is not None:
        query = query.where(DecisionRow.at >= start)
    query = query.order_by(DecisionRow.at.desc(), DecisionRow.id.desc()).limit(limit)
    return tuple(LoggedDecision(*row) for row in session.execute(query))


def _waiting(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return DecisionRow.learned_in.is_(None), DecisionRow.closes_at <= now


def _logged(row: Sequence[Any]) -> LoggedDecision:
    return LoggedDecision(*(*row[:-1], tuple(row[-1] or ())))


def _mark(
    session: Session, ids: Iterable[str], column: InstrumentedAttribute[int | None], version: int
) -> int:
    """Write the version into the column of these decisions where it is empty; returns in how many it was."""
    marked = 0
    for some in chunks(sorted(set(ids))):
        unmarked = (DecisionRow.id.in_(some), column.is_(None))
        # Locking in id order first: an UPDATE locks in any order and could deadlock with `hold_open`.
        session.execute(select(DecisionRow.id).where(*unmarked).order_by(DecisionRow.id).with_for_update())
        done = update(DecisionRow).where(*unmarked).values({column: version}).returning(DecisionRow.id)
        marked += len(session.scalars(done, execution_options={"synchronize_session": False}).all())
    return marked
