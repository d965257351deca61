from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from bandits.policy import Policy
from home.db import writing
from home.registry import CorruptModelError, ModelWatcher, NoModelError, StaleModelError, publish
from tests.home.loop import NOON, RememberingPolicy, recall


def test_versions_count_up_from_one(engine: Engine) -> None:
    assert [_publish(engine, parent) for parent in (None, 1, 2)] == [1, 2, 3]


@pytest.mark.parametrize("parent", [None, 1])
def test_only_the_live_model_can_be_superseded(engine: Engine, parent: int | None) -> None:
    _publish(engine, None)
    _publish(engine, 1)
    with pytest.raises(StaleModelError, match=f"model {parent} is no longer the one to learn on from"):
        _publish(engine, parent)


def test_of_concurrent_publishers_one_wins(engine: Engine) -> None:
    _publish(engine, None)
    workers = 4
    start, outcomes = threading.Barrier(workers), list[str]()

    def compete() -> None:
        start.wait()
        try:
            outcomes.append(str(_publish(engine, 1)))
        except StaleModelError:
            outcomes.append("stale")

    threads = [threading.Thread(target=compete) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["2", "stale", "stale", "stale"]


def test_a_refresh_loads_the_newest_model_once(engine: Engine) -> None:
    loads: list[bytes] = []

    def load(data: bytes) -> Policy:
        loads.append(data)
        return recall(data)

    watcher = ModelWatcher(engine, load)
    assert not watcher.refresh()
    with pytest.raises(NoModelError):
        watcher.current()
    _publish(engine, None)
    _publish(engine, 1, lesson="b")
    assert watcher.refresh()
    assert not watcher.refresh()
    assert len(loads) == 1
    version, policy = watcher.current()
    assert version == 2
    assert isinstance(policy, RememberingPolicy)
    assert policy.lessons == [["b"]]


def test_a_running_watcher_picks_up_what_is_published(engine: Engine) -> None:
    watcher = ModelWatcher(engine, recall, poll_s=0.02)
    watcher.start()
    watcher.start()
    try:
        _publish(engine, None)
        _wait_until(lambda: _version(watcher) == 1)
        _publish(engine, 1)
        _wait_until(lambda: _version(watcher) == 2)
    finally:
        watcher.stop()
    _publish(engine, 2)
    time.sleep(0.1)
    assert _version(watcher) == 2
    assert watcher.failures == 0


def test_a_model_is_live_when_start_returns(engine: Engine) -> None:
    _publish(engine, None)
    watcher = ModelWatcher(engine, recall, poll_s=60)
    watcher.start()
    assert _version(watcher) == 1
    watcher.stop()


def test_a_failing_database_keeps_the_live_model_and_recovers(engine: Engine) -> None:
    _publish(engine, None)
    watcher = ModelWatcher(engine, recall, poll_s=0.02)
    watcher.start()
    try:
        _run(engine, "ALTER TABLE models RENAME TO hidden")
        _wait_until(lambda: watcher.failures >= 2)
        with pytest.raises(DBAPIError):
            watcher.refresh()
        assert _version(watcher) == 1
        _run(engine, "ALTER TABLE hidden RENAME TO models")
        _publish(engine, 1)
        _wait_until(lambda: _version(watcher) == 2)
    finally:
        watcher.stop()


def test_a_damaged_snapshot_never_goes_live(engine: Engine) -> None:
    _publish(engine, None)
    watcher = ModelWatcher(engine, recall)
    watcher.refresh()
    _publish(engine, 1)
    _run(engine, "UPDATE models SET sha256 = 'x' WHERE version = 2")
    with pytest.raises(CorruptModelError, match="model 2"):
        watcher.refresh()
    assert _version(watcher) == 1


def _publish(engine: Engine, parent: int | None, lesson: str = "a") -> int:
    with writing(engine) as session:
        policy = RememberingPolicy([[lesson]])
        return publish(session, policy, parent=parent, now=NOON + timedelta(minutes=parent or 0))


def _run(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)


def _version(watcher: ModelWatcher) -> int | None:
    try:
        return watcher.current().version
    except NoModelError:
        return None


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "waited for 10 s in vain"
        time.sleep(0.01)
