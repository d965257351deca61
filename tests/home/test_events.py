from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from bandits.types import EventKind, RewardEvent
from home.db import DecisionRow, EventRow, writing
from home.events import MAX_SKEW, EventReport, ingest_events
from home.store import decisions, events, listeners
from home.store.listeners import Dismissals
from tests.home.loop import HORIZON, NOON, feedback, make_record

_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)
_SOON = NOON + 10 * _MINUTE


@pytest.fixture
def log(engine: Engine) -> Engine:
    """A database with the decisions d1 and d2, made at noon."""
    with writing(engine) as session:
        for name in ("d1", "d2"):
            decisions.add(session, make_record(name), closes_at=NOON + HORIZON)
    return engine


def test_feedback_is_stored(log: Engine) -> None:
    batch = [
        feedback("e1", "d1"),
        feedback("e2", "d1", EventKind.CLICK, "a", item="a1"),
        feedback("e3", "d2"),
    ]
    assert _post(log, *batch) == EventReport(accepted=3, duplicates=0, late=0, rejected=())
    assert _stored(log, "d1") == tuple(batch[:2])
    assert _stored(log, "d2") == (batch[2],)


def test_the_same_id_is_one_event_within_and_over_batches(log: Engine) -> None:
    click = feedback("e1", "d1", EventKind.CLICK)
    assert _post(log, click, click) == EventReport(accepted=1, duplicates=1, late=0, rejected=())
    assert _post(log, feedback("e1", "d1", EventKind.SAVE)) == EventReport(0, 1, 0, ())
    assert _stored(log, "d1") == (click,)


def test_order_of_arrival_does_not_matter(log: Engine) -> None:
    _post(log, feedback("e2", "d1", EventKind.CLICK, after=2 * _MINUTE))
    _post(log, feedback("e1", "d1", EventKind.IMPRESSION, after=_MINUTE))
    assert [event.id for event in _stored(log, "d1")] == ["e1", "e2"]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (feedback("x", "nowhere"), "decision_id: 'nowhere' is not in the log"),
        (feedback("x", "d1", shelf="b"), "shelf_id: 'b' is not on the page"),
        (feedback("x", "d1", item="a0"), "item_id: 'a0' was not shown on shelf 'c'"),
        (feedback("x", "d1", item="c2"), "item_id: 'c2' was not shown on shelf 'c'"),
        (feedback("x", "d1", after=_SOON - NOON + MAX_SKEW + _SECOND), "in the future"),
        (feedback("x", "d1", after=-MAX_SKEW - _SECOND), "before the page was composed"),
        (RewardEvent("x", "d1", EventKind.CLICK, "c", datetime(2026, 3, 1, 12, 1)), "has no timezone"),
    ],
)
def test_feedback_on_what_was_not_shown_is_rejected_alone(
    log: Engine, event: RewardEvent, reason: str
) -> None:
    report = _post(log, feedback("e1", "d1"), event, feedback("e2", "d2"))
    assert (report.accepted, report.duplicates) == (2, 0)
    [(event_id, why)] = report.rejected
    assert event_id == "x"
    assert reason in why
    assert _count(log) == 2


def test_feedback_on_a_damaged_decision_is_rejected_alone(log: Engine) -> None:
    with log.begin() as connection:
        connection.execute(update(DecisionRow).where(DecisionRow.id == "d1").values(record=b""))
    report = _post(log, feedback("e1", "d1"), feedback("e2", "d2"))
    assert report.accepted == 1
    [(event_id, why)] = report.rejected
    assert event_id == "e1"
    assert "damaged" in why


def test_a_corrected_event_is_accepted_after_a_rejection(log: Engine) -> None:
    report = _post(log, feedback("e1", "d1", shelf="b"), feedback("e1", "d1", shelf="c"))
    assert (report.accepted, report.duplicates, len(report.rejected)) == (1, 0, 1)


def test_small_clock_errors_are_moved_into_what_is_possible(log: Engine) -> None:
    early, ahead = feedback("e1", "d1", after=-MAX_SKEW), feedback("e2", "d1", after=_SOON - NOON + MAX_SKEW)
    assert _post(log, early, ahead).accepted == 2
    assert [event.at for event in _stored(log, "d1")] == [NOON, _SOON]


def test_feedback_beyond_the_horizon_is_kept_as_late(log: Engine) -> None:
    now = NOON + HORIZON + 10 * _MINUTE
    last, late = feedback("e1", "d1", after=HORIZON), feedback("e2", "d1", after=HORIZON + _SECOND)
    assert _post(log, last, late, now=now) == EventReport(accepted=2, duplicates=0, late=1, rejected=())
    assert len(_stored(log, "d1")) == 2
    with Session(log) as session:
        assert events.on_time(session, ["d1"]) == {"d1": (last,)}


def test_a_longer_horizon_does_not_reopen_a_closed_decision(log: Engine) -> None:
    event = feedback("e1", "d1", after=HORIZON + _SECOND)
    with writing(log) as session:
        assert ingest_events(session, [event], NOON + 2 * HORIZON, 3 * HORIZON).late == 1


def test_feedback_on_a_learned_decision_is_late(log: Engine) -> None:
    with writing(log) as session:
        decisions.mark_learned(session, ["d1"], 2)
    report = _post(log, feedback("e1", "d1"), feedback("e2", "d2"), now=NOON + 2 * HORIZON)
    assert (report.accepted, report.late) == (2, 1)


def test_dismissals_take_effect_at_once_even_when_late(log: Engine) -> None:
    shelf = feedback("e1", "d1", EventKind.DISMISS, "c", after=2 * HORIZON)
    item = feedback("e2", "d1", EventKind.DISMISS, "a", item="a1")
    wrong = feedback("e3", "d1", EventKind.DISMISS, "b")
    assert _post(log, shelf, item, wrong, now=NOON + 3 * HORIZON).late == 1
    assert _dismissed(log) == Dismissals(frozenset({"a1"}), frozenset({"c"}))


def test_a_play_of_thirty_seconds_joins_the_history_once(log: Engine) -> None:
    first = feedback("e1", "d1", EventKind.PLAY_30S, "a", item="a1", after=2 * _MINUTE)
    second = feedback("e2", "d2", EventKind.PLAY_30S, "a", item="a1", after=_MINUTE)
    short = feedback("e3", "d1", EventKind.PLAY, "a", item="a0")
    _post(log, first, second, short)
    _post(log, first)
    with Session(log) as session:
        history = listeners.history(session, "ada")
    assert [(i.item_id, i.weight, i.last_at) for i in history] == [("a1", 2.0, NOON + 2 * _MINUTE)]


def test_a_repeated_dismissal_is_no_new_wish(log: Engine) -> None:
    wish = feedback("e1", "d1", EventKind.DISMISS)
    _post(log, wish)
    with log.begin() as connection:
        connection.exec_driver_sql("DELETE FROM dismissals")
    assert _post(log, wish).duplicates == 1
    assert _dismissed(log) == Dismissals(frozenset(), frozenset())


def test_nothing_is_stored_when_the_caller_rolls_back(log: Engine) -> None:
    with Session(log) as session:
        assert ingest_events(session, [feedback("e1", "d1")], _SOON, HORIZON).accepted == 1
    assert _count(log) == 0


def test_one_transaction_may_take_several_batches(log: Engine) -> None:
    with Session(log) as session, session.begin():
        ingest_events(session, [feedback("e1", "d1")], _SOON, HORIZON)
        assert ingest_events(session, [feedback("e1", "d1")], _SOON, HORIZON).duplicates == 1
    assert _count(log) == 1


def test_an_empty_batch_is_fine(log: Engine) -> None:
    assert _post(log) == EventReport(0, 0, 0, ())


def test_concurrent_posts_of_the_same_events_store_each_once(log: Engine) -> None:
    batch = [feedback(f"e{i}", f"d{1 + i % 2}", EventKind.DISMISS, "cae"[i % 3]) for i in range(60)]
    workers = 6
    start = threading.Barrier(workers)

    def post(worker: int) -> EventReport:
        start.wait()
        # Opposite orders: writers that lock rows in the order of arrival would deadlock.
        turned = batch[::-1] if worker % 2 else batch
        reports = [_post(log, *turned[i : i + 30]) for i in (0, 30)]
        return EventReport(sum(r.accepted for r in reports), sum(r.duplicates for r in reports), 0, ())

    with ThreadPoolExecutor(workers) as pool:
        reports = list(pool.map(post, range(workers)))
    assert sum(report.accepted for report in reports) == 60
    assert sum(report.duplicates for report in reports) == 60 * (workers - 1)
    assert _count(log) == 60
    assert _dismissed(log).shelves == frozenset("cae")


def _post(engine: Engine, *batch: RewardEvent, now: datetime = _SOON) -> EventReport:
    with Session(engine) as session, session.begin():
        return ingest_events(session, batch, now, HORIZON)


def _stored(engine: Engine, decision_id: str) -> tuple[RewardEvent, ...]:
    with Session(engine) as session:
        return events.for_decision(session, decision_id)


def _count(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(EventRow)) or 0


def _dismissed(engine: Engine) -> Dismissals:
    with Session(engine) as session:
        return listeners.dismissals(session, "ada")
