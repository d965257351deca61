"""Scoring served requests with a model that serves nobody, after the page has gone out.

One background thread takes decision records from a short queue, rebuilds each page as the watched model
would have made it, and adds up how often and how far both agree. When it cannot keep up, records are left
out and counted: a request never waits.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import structlog

from bandits.types import Scores
from home.compose import Tools
from home.records import DecisionRecord
from home.registry import LiveModel
from home.rescore import Rescored, rescore

_log = structlog.get_logger()
_QUEUE = 64
Observer = Callable[[int, Rescored], None]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Totals of one watched model over the pages it has scored since it was first watched.

    `same` counts pages whose optimum is the same; `overlap` sums the share of the served optimum's shelves
    on the model's; `value` and `served_value` sum the mean predicted reward of the shelves that were shown,
    by the watched model and by the one that served.
    """

    version: int
    pages: int = 0
    same: int = 0
    overlap: float = 0.0
    value: float = 0.0
    served_value: float = 0.0


class Shadow:
    """The watched model's opinion of served pages. Thread-safe.

    `skipped` counts records left out because the queue was full, `failed` those that could not be rebuilt.
    `observer` hears of every page, on the background thread.
    """

    def __init__(self, tools: Tools, observer: Observer | None = None) -> None:
        self.skipped = self.failed = 0
        self._tools = tools
        self._observer = observer
        self._agreement: Agreement | None = None
        self._queue: queue.Queue[tuple[DecisionRecord, LiveModel] | None] = queue.Queue(_QUEUE)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def agreement(self) -> Agreement | None:
        """The totals of the model that was watched last; None before the first page."""
        return self._agreement

    def offer(self, record: DecisionRecord, model: LiveModel) -> None:
        """Have `model` score a page that was served; returns at once."""
        self._start()
        try:
            self._queue.put_nowait((record, model))
        except queue.Full:
            self.skipped += 1

    def drain(self) -> None:
        """Wait until everything offered so far has been scored."""
        self._queue.join()

    def stop(self) -> None:
        """Score what is queued, then end the thread."""
        with self._lock:
            if self._thread is not None:
                self._queue.put(None)
                self._thread.join()
                self._thread = None

    def _start(self) -> None:
        if self._thread is not None:
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="shadow", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while (offered := self._queue.get()) is not None:
            try:
                self._score(*offered)
            except Exception as error:  # a watched model must not stop the watching
                self.failed += 1
                _log.warning("shadow_failed", error=f"{type(error).__name__}: {error}")
            finally:
                self._queue.task_done()
        self._queue.task_done()

    def _score(self, record: DecisionRecord, model: LiveModel) -> None:
        rescored = rescore(record, model.policy, self._tools)
        before = self._agreement
        if before is None or before.version != model.version:
            before = Agreement(model.version)
        self._agreement = replace(
            before,
            pages=before.pages + 1,
            same=before.same + rescored.same,
            overlap=before.overlap + rescored.overlap,
            value=before.value + shown_value(record, rescored.scores),
            served_value=before.served_value + shown_value(record, Scores(record.values, record.pmf)),
        )
        if self._observer is not None:
            self._observer(model.version, rescored)


def shown_value(record: DecisionRecord, scores: Scores) -> float:
    """The mean predicted reward of the shelves on the page, each if examined."""
    values, page = scores.values, list(record.page)
    shown = values[page] if values.ndim == 1 else values[page, np.arange(len(page))]
    return float(shown.mean())
