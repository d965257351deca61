"""A learner that is killed by the operating system at a chosen point between its statements."""

from __future__ import annotations

import os
import signal
from datetime import datetime
from typing import Any

from sqlalchemy import event

from home.db import connect
from home.learn import Learner
from tests.home.loop import FORMULA, recall


def run_and_die(url: str, point: int, now: datetime) -> None:
    """Run a learner on the database; SIGKILL this process before its statement or commit no. `point`."""
    engine = connect(url)
    reached = 0

    def tick(*_: Any) -> None:
        nonlocal reached
        if reached == point:
            os.kill(os.getpid(), signal.SIGKILL)
        reached += 1

    event.listen(engine, "before_cursor_execute", tick)
    event.listen(engine, "commit", tick)
    Learner(engine, recall, FORMULA, clock=lambda: now, holder="doomed").run_once()
