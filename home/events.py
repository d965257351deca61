"""Taking in feedback: idempotent, in any order, and never lost, though it may come too late to count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bandits.types import EventKind, RewardEvent
from home.db import prepare_to_write
from home.store import decisions, listeners
from home.store import events as store
from home.store.decisions import LoggedDecision
from home.store.events import StoredEvent
from home.store.listeners import Dismissal, Play

MAX_SKEW = timedelta(minutes=5)
"""How far the clock of a surface may be off before its events are refused."""

_Shown = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class EventReport:
    """What became of a batch of events.

    Every event is `accepted` (stored now), one of the `duplicates` (its id was stored before, or came twice
    in the batch) or in `rejected`, as (event id, reason). `late` counts the accepted events that will never
    be learned from.
    """

    accepted: int
    duplicates: int
    late: int
    rejected: tuple[tuple[str, str], ...]


def ingest_events(
    session: Session, events: Sequence[RewardEvent], now: datetime, horizon: timedelta
) -> EventReport:
    """Store feedback; the caller commits. Call it first in its transaction.

    The same id twice is one event, in one batch, over several and under concurrent posts. An event that
    cannot be about the page it names is rejected with the reason, and the others are stored. An event is
    late when it happened after the decision's last horizon (`horizon` after the decision where it has no
    long one), or arrived when nothing was left to learn from it. A dismissal takes effect at once, late or
    not, and so does a play of 30 seconds, which joins the listener's history.

    Clocks of surfaces drift: a time within `MAX_SKEW` before the page or after `now` is moved to the page's
    time or to `now`, because nothing happens before its page or after it was reported.
    """
    prepare_to_write(session)
    logged = decisions.hold_open(session, (event.decision_id for event in events))
    shown = {decision.id: _shown(decision) for decision in logged.values()}
    faults = [_fault(event, logged.get(event.decision_id), shown, now) for event in events]
    sound = _distinct(event for event, fault in zip(events, faults, strict=True) if not fault)
    stored = [_stored(event, logged[event.decision_id], now, horizon) for event in sound]

    new_ids = store.insert(session, stored)
    new = [entry for entry in stored if entry.event.id in new_ids]
    listeners.dismiss(
        session, [_dismissal(e.event, logged) for e in new if e.event.kind is EventKind.DISMISS]
    )
    listeners.played(session, [_play(e.event, logged) for e in new if _is_play(e.event)])
    return EventReport(
        accepted=len(new),
        duplicates=faults.count("") - len(new),
        late=sum(entry.late for entry in new),
        rejected=tuple((event.id, fault) for event, fault in zip(events, faults, strict=True) if fault),
    )


def _shown(decision: LoggedDecision) -> _Shown | None:
    """What the page showed, shelf by shelf; None where the record is damaged."""
    try:
        record = decision.record()
    except ValueError:
        return None
    return {
        shelf_id: frozenset(item_ids)
        for shelf_id, item_ids in zip(record.shelf_ids(record.page), record.shown, strict=True)
    }


def _fault(
    event: RewardEvent, decision: LoggedDecision | None, shown: Mapping[str, _Shown | None], now: datetime
) -> str:
    if event.at.tzinfo is None:
        return f"at: {event.at.isoformat()} has no timezone; send one, such as {event.at.isoformat()}Z"
    if decision is None:
        return f"decision_id: {event.decision_id!r} is not in the log; send the id that came with the page"
    return _time_fault(event, decision, now) or _place_fault(event, shown[decision.id])


def _time_fault(event: RewardEvent, decision: LoggedDecision, now: datetime) -> str:
    if event.at > now + MAX_SKEW:
        return f"at: {event.at.isoformat()} is in the future; set the clock or send the time of the event"
    if event.at < decision.at - MAX_SKEW:
        return f"at: {event.at.isoformat()} is before the page was composed, {decision.at.isoformat()}"
    return ""


def _place_fault(event: RewardEvent, shown: _Shown | None) -> str:
    if shown is None:
        return f"decision_id: the record of {event.decision_id!r} is damaged; restore the database"
    if event.shelf_id not in shown:
        return f"shelf_id: {event.shelf_id!r} is not on the page of decision {event.decision_id!r}"
    if event.item_id is not None and event.item_id not in shown[event.shelf_id]:
        return f"item_id: {event.item_id!r} was not shown on shelf {event.shelf_id!r}"
    return ""


def _distinct(events: Iterable[RewardEvent]) -> list[RewardEvent]:
    first: dict[str, RewardEvent] = {}
    for event in events:
        first.setdefault(event.id, event)
    return list(first.values())


def _stored(event: RewardEvent, decision: LoggedDecision, now: datetime, horizon: timedelta) -> StoredEvent:
    at = min(max(event.at, decision.at), max(now, decision.at))
    last_at = decision.settles_at or min(decision.at + horizon, decision.closes_at)
    return StoredEvent(replace(event, at=at), now, late=at > last_at or decision.done)


def _dismissal(event: RewardEvent, logged: Mapping[str, LoggedDecision]) -> Dismissal:
    listener_id = logged[event.decision_id].listener_id
    if event.item_id is None:
        return Dismissal(listener_id, "shelf", event.shelf_id, event.at)
    return Dismissal(listener_id, "item", event.item_id, event.at)


def _is_play(event: RewardEvent) -> bool:
    return event.kind is EventKind.PLAY_30S and event.item_id is not None


def _play(event: RewardEvent, logged: Mapping[str, LoggedDecision]) -> Play:
    return Play(logged[event.decision_id].listener_id, event.item_id or "", event.at)
