from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from bandits.policy import Policy
from bandits.types import EventKind, Example, RewardEvent
from home.db import DecisionRow, writing
from home.events import EventReport, ingest_events
from home.learn import Learner, LearnReport, LeaseHeldError
from home.registry import CorruptModelError, NoModelError, StaleModelError, publish
from home.settle import examples_of
from home.store import decisions, events, leases, models
from home.store.leases import Lease
from home.store.models import State
from tests.home.loop import FORMULA, HORIZON, NOON, RememberingPolicy, feedback, make_record, recall

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_CLOSED = NOON + HORIZON


@dataclass
class _Interrupted(RememberingPolicy):
    """Something happens elsewhere while this policy learns."""

    meanwhile: Callable[[], None] = field(default=lambda: None)

    def learn(self, examples: Iterable[Example]) -> int:
        learned = super().learn(examples)
        self.meanwhile()
        return learned


def test_examined_shelves_teach_with_the_logged_probability() -> None:
    batch = [feedback("e1", "d", EventKind.CLICK, "e"), feedback("e2", "d", EventKind.IMPRESSION, "c")]
    record = make_record("d")
    first, second = examples_of(record, batch, FORMULA)
    assert (first.slot, first.reward, first.probability) == (0, 0.0, record.conditionals[0])
    assert (second.slot, second.reward, second.probability) == (2, 0.5, record.conditionals[2])
    assert second.action == record.options[4].features
    assert second.context == record.context


def test_a_page_without_exact_propensity_teaches_nothing() -> None:
    record = make_record("d", propensity=None, fallback="deadline")
    assert examples_of(record, [feedback("e", "d")], FORMULA) == ()


def test_a_run_learns_closed_decisions_and_publishes(engine: Engine) -> None:
    _start(engine)
    _log(engine, "d2", "d1")
    _log(engine, "d3", at=NOON + _SECOND)
    _log(engine, "d0", propensity=None, fallback="deadline")
    _post(engine, *(feedback(f"e{d}", d, EventKind.CLICK) for d in ("d0", "d1", "d2", "d3")))
    _post(engine, feedback("late", "d1", EventKind.SAVE, after=HORIZON + _SECOND), now=NOON + 2 * HORIZON)

    report = _learner(engine).run_once()

    assert report == LearnReport(decisions=3, examples=2, version=2, late=1, skipped=1)
    assert _lessons(engine) == [["d1", "c", 0, 0.5, 0.9], ["d2", "c", 0, 0.5, 0.9]]
    assert _learned_in(engine) == {"d0": 2, "d1": 2, "d2": 2, "d3": None}
    with Session(engine) as session:
        model = models.live(session)
    assert model is not None
    made = model.summary
    assert (made.parent, made.arguments, made.state) == (1, "remembering 2 lessons", State.LIVE)
    assert (made.data_from, made.data_to) == (NOON, NOON)
    assert made.metrics == {
        "decisions": 3,
        "examples": 2,
        "skipped": 1,
        "settled": 0,
        "corrections": 0,
        "mean_reward": 0.5,
        "formula": FORMULA.identity,
    }


def test_every_decision_is_learned_exactly_once_over_many_runs(engine: Engine) -> None:
    _start(engine)
    names = [f"d{i}" for i in range(7)]
    _log(engine, *names)
    _post(engine, *(feedback(f"e{d}", d) for d in names))
    learner = _learner(engine)
    reports = [learner.run_once(max_decisions=3) for _ in range(4)]
    assert [(r.decisions, r.version) for r in reports] == [(3, 2), (3, 3), (1, 4), (0, 4)]
    assert [lesson[0] for lesson in _lessons(engine)] == names


def test_catching_up_leaves_nothing_behind(engine: Engine) -> None:
    _start(engine)
    names = [f"d{i}" for i in range(7)]
    _log(engine, *names)
    _post(engine, *(feedback(f"e{d}", d) for d in names))
    assert _learner(engine).catch_up(3) == LearnReport(decisions=7, examples=7, version=4, late=0, skipped=0)
    assert [lesson[0] for lesson in _lessons(engine)] == names


def test_decisions_that_nobody_examined_are_closed_without_a_new_model(engine: Engine) -> None:
    _start(engine)
    _log(engine, "d")
    assert _learner(engine).run_once() == LearnReport(decisions=1, examples=0, version=1, late=0, skipped=0)
    assert _learner(engine).run_once().decisions == 0
    assert _learned_in(engine) == {"d": 1}


def test_a_damaged_record_costs_only_its_own_decision(engine: Engine) -> None:
    _start(engine)
    _log(engine, "d1", "d2")
    _post(engine, feedback("e2", "d2", EventKind.CLICK))
    with engine.begin() as connection:
        connection.execute(update(DecisionRow).where(DecisionRow.id == "d1").values(record=b"HR\x02damaged"))

    report = _learner(engine).run_once()

    assert (report.decisions, report.examples, report.skipped) == (2, 1, 1)
    assert _learned_in(engine) == {"d1": 2, "d2": 2}


def test_learning_needs_a_model_to_start_from(engine: Engine) -> None:
    with pytest.raises(NoModelError):
        _learner(engine).run_once()


def test_a_second_learner_is_refused_by_name(engine: Engine) -> None:
    _start(engine)
    _log(engine, "d")
    _post(engine, feedback("e", "d"))
    refusals: list[str] = []

    def second() -> None:
        with pytest.raises(LeaseHeldError, match="held by first until") as refused:
            _learner(engine, holder="second").run_once()
        refusals.append(str(refused.value))

    assert _learner(engine, holder="first", meanwhile=second).run_once().examples == 1
    assert len(refusals) == 1
    assert _learner(engine, holder="second").run_once().decisions == 0


def test_a_learner_that_lost_its_lease_changes_nothing(engine: Engine) -> None:
    _start(engine)
    _log(engine, "d")
    _post(engine, feedback("e", "d"))

    def take_over() -> None:
        later = _CLOSED + timedelta(hours=1)
        with writing(engine) as session:
            assert leases.take(session, Lease("learner", "second", later + _MINUTE), later)

    with pytest.raises(LeaseHeldError, match="second"):
        _learner(engine, holder="first", meanwhile=take_over).run_once()
    assert _learned_in(engine) == {"d": None}
    assert _lessons(engine) == []
    with Session(engine) as session:
        assert leases.get(session, "learner") == Lease(
            "learner", "second", _CLOSED + timedelta(hours=1) + _MINUTE
        )


def test_a_model_published_meanwhile_is_not_overwritten(engine: Engine) -> None:
    _start(engine)
    _log(engine, "d")
    _post(engine, feedback("e", "d"))

    def publish_another() -> None:
        with writing(engine) as session:
            publish(session, RememberingPolicy([["warm", "up", 0, 0.0, 1.0]]), parent=1, now=NOON)

    with pytest.raises(StaleModelError, match="model 1 is no longer the one to learn on from"):
        _learner(engine, meanwhile=publish_another).run_once()
    assert _learned_in(engine) == {"d": None}
    assert _learner(engine).run_once().version == 3
    assert [lesson[0] for lesson in _lessons(engine)] == ["warm", "d"]


def test_feedback_that_arrives_during_a_run_is_late_not_lost(engine: Engine) -> None:
    _start(engine)
    _log(engine, "d")
    _post(engine, feedback("e1", "d"))
    reports: list[EventReport] = []
    learner = _learner(
        engine, meanwhile=lambda: reports.append(_post(engine, feedback("e2", "d", EventKind.CLICK)))
    )
    assert learner.run_once().late == 1
    assert reports == [EventReport(accepted=1, duplicates=0, late=0, rejected=())]
    assert _lessons(engine) == [["d", "c", 0, 0.0, 0.9]]
    assert _on_time(engine, "d") == ["e1"]


def test_a_post_still_open_when_a_run_ends_is_waited_for(engine: Engine) -> None:
    _start(engine)
    _log(engine, "d")
    _post(engine, feedback("e1", "d"))
    written, threads = threading.Event(), []

    def post_slowly() -> None:
        with Session(engine) as session, session.begin():
            ingest_events(session, [feedback("e2", "d", EventKind.CLICK)], _CLOSED, HORIZON)
            written.set()
            threading.Event().wait(0.3)

    def meanwhile() -> None:
        threads.append(threading.Thread(target=post_slowly))
        threads[0].start()
        assert written.wait(10)

    assert _learner(engine, meanwhile=meanwhile).run_once().late == 1
    threads[0].join()
    assert _on_time(engine, "d") == ["e1"]
    assert _post(engine, feedback("e3", "d")).late == 1


def test_a_policy_that_fails_to_learn_leaves_everything_as_it_was(engine: Engine) -> None:
    _start(engine)
    _log(engine, "d")
    _post(engine, feedback("e", "d"))

    def fail() -> None:
        raise RuntimeError("diverged")

    with pytest.raises(RuntimeError, match="diverged"):
        _learner(engine, meanwhile=fail).run_once()
    assert _learned_in(engine) == {"d": None}
    assert _learner(engine, holder="next").run_once().examples == 1


def test_a_damaged_snapshot_is_not_learned_on(engine: Engine) -> None:
    _start(engine)
    _log(engine, "d")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE models SET sha256 = 'x'")
    with pytest.raises(CorruptModelError, match="model 1"):
        _learner(engine).run_once()


def _start(engine: Engine) -> None:
    with writing(engine) as session:
        assert publish(session, RememberingPolicy(), parent=None, now=NOON) == 1


def _log(
    engine: Engine, *names: str, at: datetime = NOON, propensity: float | None = 0.36, fallback: str = ""
) -> None:
    with writing(engine) as session:
        for name in names:
            record = make_record(name, at, propensity=propensity, fallback=fallback)
            decisions.add(session, record, closes_at=at + HORIZON)


def _post(engine: Engine, *batch: RewardEvent, now: datetime = _CLOSED) -> EventReport:
    with writing(engine) as session:
        return ingest_events(session, batch, now, HORIZON)


def _learner(
    engine: Engine, holder: str | None = None, meanwhile: Callable[[], None] = lambda: None
) -> Learner:
    def load(data: bytes) -> Policy:
        return _Interrupted(recall(data).lessons, meanwhile=meanwhile)

    return Learner(engine, load, FORMULA, clock=lambda: _CLOSED, holder=holder)


def _lessons(engine: Engine) -> list[list[object]]:
    with Session(engine) as session:
        model = models.live(session)
    assert model is not None
    return recall(model.data).lessons


def _learned_in(engine: Engine) -> dict[str, int | None]:
    with Session(engine) as session:
        return {summary.id: summary.learned_in for summary in decisions.summaries(session)}


def _on_time(engine: Engine, decision_id: str) -> list[str]:
    with Session(engine) as session:
        return [event.id for event in events.on_time(session, [decision_id])[decision_id]]
