"""Several models at once, under load: requests never fail while models come and go."""

from __future__ import annotations

import threading
import time
from collections import Counter
from functools import partial

from sqlalchemy import Engine

from bandits.policies import build
from bandits.policy import Policy
from home.db import writing
from home.lifecycle import Step, promote, rollback
from home.registry import ModelWatcher, publish
from home.store.models import State
from tests.home.loop import NOON, make_record

_STEP = Step("ada", "try", NOON)


def test_requests_never_fail_while_models_come_and_go(engine: Engine) -> None:
    """Four threads score without pause while models are published, promoted and rolled back."""
    _publish(engine, None)
    watcher = ModelWatcher(engine, _load, poll_s=0.05)
    watcher.start()
    done, faults, seen = threading.Event(), list[str](), Counter[int]()
    threads = [
        threading.Thread(target=partial(_request, watcher, f"listener-{number}", done, faults, seen))
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    try:
        for parent in (1, 2):
            _publish(engine, parent)
            _wait_for(watcher, parent + 1)
        candidate = _publish(engine, 3, candidate=True)
        for state in (State.SHADOW, State.CANARY, State.LIVE):
            with writing(engine) as session:
                promote(session, candidate, state, _STEP, 0.5)
        _wait_for(watcher, candidate)
        with writing(engine) as session:
            rollback(session, _STEP, 1)
        _wait_for(watcher, 1)
    finally:
        done.set()
        for thread in threads:
            thread.join()
        watcher.stop()
    assert faults == []
    assert watcher.failures == 0
    assert seen[1] > 0


def _request(
    watcher: ModelWatcher, listener: str, done: threading.Event, faults: list[str], seen: Counter[int]
) -> None:
    record = make_record("d")
    options = [option.features for option in record.options]
    while not done.is_set():
        try:
            version, policy = watcher.serving().of(listener)
            policy.score(record.context, options, 3)
            seen[version] += 1
        except Exception as error:  # counted, not raised: it is a thread
            faults.append(repr(error))


def _load(data: bytes) -> Policy:
    return build("vw", snapshot=data)


def _publish(engine: Engine, parent: int | None, *, candidate: bool = False) -> int:
    with writing(engine) as session:
        return publish(session, build("vw"), parent=parent, now=NOON, candidate=candidate)


def _wait_for(watcher: ModelWatcher, version: int) -> None:
    # It polls twenty times as often as a server does, so that a slow machine has room within the 5 s.
    deadline = time.monotonic() + 5
    while watcher.current().version != version:
        assert time.monotonic() < deadline, f"model {version} was not live within 5 s"
        time.sleep(0.01)
