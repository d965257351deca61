"""The health of a running service: checked in the background, and never more often than it is worth."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

import structlog

from home.health import Health

_log = structlog.get_logger()


class HealthMonitor:
    """Keeps the last health at hand. Asking for it never waits; a check takes a second or two.

    Asked for one older than `every_s` seconds, it starts a check on a thread of its own, so a service that
    nobody asks checks nothing. Thread-safe.
    """

    def __init__(self, check: Callable[[], Health], every_s: float = 60.0) -> None:
        self._check = check
        self._every_s = every_s
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._latest: Health | None = None
        self._checked = -float("inf")

    def latest(self) -> Health | None:
        """The last health; None before the first check has ended."""
        with self._lock:
            running = self._thread is not None and self._thread.is_alive()
            if not running and monotonic() - self._checked >= self._every_s:
                self._checked = monotonic()
                self._thread = threading.Thread(target=self._run, name="health", daemon=True)
                self._thread.start()
        return self._latest

    def wait(self) -> None:
        """Wait for the check that is running, if one is."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        try:
            self._latest = self._check()
        except Exception as error:  # the service goes on, and the last health with it
            _log.warning("health_check_failed", error=f"{type(error).__name__}: {error}")
