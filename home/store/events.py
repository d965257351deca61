"""Feedback as it was reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bandits.types import EventKind, RewardEvent
from home.db import EventRow
from home.store.statements import chunks, insert_new

_EVENT = (
    EventRow.id, EventRow.decision_id, EventRow.kind, EventRow.shelf_id, EventRow.at, EventRow.item_id
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as received. A `late` one is kept but never learned from."""

    event: RewardEvent
    received_at: datetime
    late: bool


def insert(session: Session, events: Sequence[StoredEvent]) -> frozenset[str]:
    """Store the events whose id is new; returns those ids. Concurrent posts of the same events are safe."""
    rows = [_values(stored) for stored in sorted(events, key=lambda stored: stored.event.id)]
    return frozenset(insert_new(session, EventRow, rows, EventRow.id))


def for_decision(session: Session, decision_id: str) -> tuple[RewardEvent, ...]:
    """Every event on a decision, late ones too, oldest first."""
    query = select(*_EVENT).where(EventRow.decision_id == decision_id).order_by(EventRow.at, EventRow.id)
    return tuple(map(_event, session.execute(query)))


def on_time(session: Session, decision_ids: Iterable[str]) -> Mapping[str, tuple[RewardEvent, ...]]:
    """The events that count towards rewards by decision, oldest first; decisions without any are left out."""
    found: dict[str, list[RewardEvent]] = defaultdict(list)
    for some in chunks(sorted(set(decision_ids))):
        query = (
            select(*_EVENT)
            .where(EventRow.decision_id.in_(some), EventRow.late.is_(False))
            .order_by(EventRow.at, EventRow.id)
        )
        for row in session.execute(query):
            found[row[1]].append(_event(row))
    return {decision_id: tuple(events) for decision_id, events in found.items()}


def on_time_ids(session: Session, decision_ids: Iterable[str]) -> frozenset[str]:
    """Ids of the events that `on_time` would return."""
    found: set[str] = set()
    for some in chunks(sorted(set(decision_ids))):
        query = select(EventRow.id).where(EventRow.decision_id.in_(some), EventRow.late.is_(False))
        found.update(session.scalars(query))
    return frozenset(found)


def count_late(session: Session, decision_ids: Iterable[str]) -> int:
    """How many events on these decisions came too late to count."""
    return sum(
        session.scalar(
            select(func.count())
            .select_from(EventRow)
            .where(EventRow.decision_id.in_(some), EventRow.late.is_(True))
        )
        or 0
        for some in chunks(sorted(set(decision_ids)))
    )


def mark_late(session: Session, event_ids: Iterable[str]) -> None:
    """Record that these events came too late to count."""
    for some in chunks(sorted(set(event_ids))):
        session.execute(
            update(EventRow).where(EventRow.id.in_(some)).values(late=True),
            execution_options={"synchronize_session": False},
        )


def _values(stored: StoredEvent) -> dict[str, Any]:
    event = stored.event
    return {
        "id": event.id,
        "decision_id": event.decision_id,
        "kind": event.kind.value,
        "shelf_id": event.shelf_id,
        "item_id": event.item_id,
        "at": event.at,
        "received_at": stored.received_at,
        "late": stored.late,
    }


def _event(row: Sequence[Any]) -> RewardEvent:
    event_id, decision_id, kind, shelf_id, at, item_id = row
    return RewardEvent(event_id, decision_id, EventKind(kind), shelf_id, at, item_id)
