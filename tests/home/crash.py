"""A learner that is killed by the operating system at a chosen point between its statements."""

from __future__ import annotations

import os
import signal
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, event

from bandits.types import EventKind
from home.db import connect, writing
from home.events import ingest_events
from home.learn import Learner
from tests.home.loop import HORIZON, LONG, feedback, recall


def ingest_and_die(url: str, point: int, names: list[str], now: datetime) -> None:
    """Take in a click on each decision; SIGKILL this process before its statement or commit no. `point`."""
    engine = _doomed(url, point)
    with writing(engine) as session:
        ingest_events(session, [feedback(f"i{name}", name, EventKind.CLICK) for name in names], now, HORIZON)


def run_and_die(url: str, point: int, now: datetime) -> None:
    """Run a learner on the database; SIGKILL this process before its statement or commit no. `point`."""
    engine = _doomed(url, point)
    Learner(engine, recall, LONG, clock=lambda: now, holder="doomed").run_once()


def _doomed(url: str, point: int) -> Engine:
    engine = connect(url)
    reached = 0

    def tick(*_: Any) -> None:
        nonlocal reached
        if reached == point:
            os.kill(os.getpid(), signal.SIGKILL)
        reached += 1

    event.listen(engine, "before_cursor_execute", tick)
    event.listen(engine, "commit", tick)
    return engine
