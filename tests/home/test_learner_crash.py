from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.types import EventKind
from home.db import writing
from home.events import ingest_events
from home.learn import Learner, LearnReport, LeaseHeldError
from home.registry import publish
from home.store import decisions, events, leases, models
from tests.home.crash import ingest_and_die, run_and_die
from tests.home.loop import FORMULA, HORIZON, LONG, NOON, RememberingPolicy, feedback, make_record, recall

_PER_ROUND = 3
_CLOSED = NOON + HORIZON
_LEASE_OVER = timedelta(minutes=6)


def test_kill_9_at_any_point_learns_each_decision_once_and_loses_no_event(
    database_url: str, engine: Engine
) -> None:
    with writing(engine) as session:
        publish(session, RememberingPolicy(), parent=None, now=NOON)
    committed: list[bool] = []
    for point in count():
        names = _log_round(engine, point)
        if _die_at(database_url, point, _CLOSED) == 0:
            break
        learned = _learned(engine, names)
        assert learned in (set(), set(names)), "a crash must leave all of a batch or nothing"
        committed.append(learned == set(names))
        _recover(engine, leaves_lease=_lease_is_held(engine))
        assert _learned(engine, names) == set(names)

    assert len(committed) >= 10
    assert not committed[0]
    assert committed[-1], "the last points lie after the commit"
    _check_exactly_once(engine, rounds=len(committed) + 1)


def test_kill_9_during_corrections_settles_each_decision_once(database_url: str, engine: Engine) -> None:
    with writing(engine) as session:
        publish(session, RememberingPolicy(), parent=None, now=NOON)
    settled_at, over = NOON + timedelta(hours=48), timedelta(minutes=6)
    names = []
    for point in count():
        name = f"{point:02}"
        names.append(name)
        with writing(engine) as session:
            decisions.add(session, make_record(name), closes_at=_CLOSED, settles_at=settled_at)
            ingest_events(session, [feedback(f"e{name}", name, EventKind.CLICK)], _CLOSED, HORIZON)
        Learner(engine, recall, LONG, clock=lambda: _CLOSED).run_once()
        with writing(engine) as session:
            late = feedback(f"s{name}", name, EventKind.SAVE, after=timedelta(hours=3))
            assert ingest_events(session, [late], settled_at, HORIZON).late == 0
        if _die_at(database_url, point, settled_at) == 0:
            break
        Learner(engine, recall, LONG, clock=lambda: settled_at + over).run_once()
    assert len(names) >= 10
    with Session(engine) as session:
        model = models.live(session)
    assert model is not None
    taught = [(lesson[0], lesson[3]) for lesson in recall(model.data).lessons]
    assert sorted(taught) == sorted((name, reward) for name in names for reward in (0.5, 2 * 0.75 - 0.5))


def test_kill_9_during_ingestion_keeps_all_of_a_post_or_nothing(database_url: str, engine: Engine) -> None:
    for point in count():
        names = [f"{point:02}-{i}" for i in range(_PER_ROUND)]
        with writing(engine) as session:
            for name in names:
                decisions.add(session, make_record(name), closes_at=_CLOSED)
        ended = _die(ingest_and_die, database_url, point, names, _CLOSED)
        posts = {f"i{name}" for name in names}
        with Session(engine) as session:
            kept = events.on_time_ids(session, names)
        assert kept in (set(), posts)
        if ended == 0:
            assert kept == posts, "what was acknowledged is there"
            break
        with writing(engine) as session:  # the surface got no answer and posts again
            again = [feedback(f"i{name}", name, EventKind.CLICK) for name in names]
            report = ingest_events(session, again, _CLOSED, HORIZON)
        assert report.accepted == _PER_ROUND - len(kept)
        assert report.duplicates == len(kept)
    assert point >= 3


def _log_round(engine: Engine, number: int) -> list[str]:
    names = [f"{number:02}-{i}" for i in range(_PER_ROUND)]
    with writing(engine) as session:
        for name in names:
            decisions.add(session, make_record(name), closes_at=_CLOSED)
        batch = [feedback(f"e{name}", name, EventKind.CLICK) for name in names]
        assert ingest_events(session, batch, _CLOSED, HORIZON).accepted == _PER_ROUND
    return names


def _die_at(url: str, point: int, now: datetime) -> int | None:
    return _die(run_and_die, url, point, now)


def _die(doomed: Callable[..., None], *arguments: object) -> int | None:
    spawner = multiprocessing.get_context("forkserver")
    spawner.set_forkserver_preload(["tests.home.crash"])
    process = spawner.Process(target=doomed, args=arguments)
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode


def _recover(engine: Engine, *, leaves_lease: bool) -> None:
    if leaves_lease:
        with pytest.raises(LeaseHeldError, match="held by doomed"):
            _run(engine, _CLOSED)
    _run(engine, _CLOSED + _LEASE_OVER)


def _run(engine: Engine, now: datetime) -> LearnReport:
    return Learner(engine, recall, FORMULA, clock=lambda: now).run_once()


def _lease_is_held(engine: Engine) -> bool:
    with Session(engine) as session:
        return leases.get(session, "learner") is not None


def _learned(engine: Engine, names: list[str]) -> set[str]:
    with Session(engine) as session:
        summaries = decisions.summaries(session, limit=10_000)
    return {summary.id for summary in summaries if summary.id in names and summary.learned_in is not None}


def _check_exactly_once(engine: Engine, rounds: int) -> None:
    names = [f"{number:02}-{i}" for number in range(rounds) for i in range(_PER_ROUND)]
    with Session(engine) as session:
        model = models.live(session)
        assert model is not None
        assert sorted(lesson[0] for lesson in recall(model.data).lessons) == names
        assert model.version == 1 + rounds
        assert events.on_time_ids(session, names) == {f"e{name}" for name in names}
