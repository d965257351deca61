"""Runs sources one after another on one thread, and hands over to another when one of them hangs.

Sources share the interpreter lock, so a thread each would only add switches. One thread takes them in turn
while the caller watches the clock. A source past its budget is abandoned together with its thread, and a new
thread takes the rest. Until the abandoned call returns, its source is busy: it is not started again, so a
source that hangs holds one thread, not one for every request.
"""

from __future__ import annotations

import re
import threading
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from time import perf_counter

from shelves.sources.base import Source
from shelves.types import Shelf
from shelves.view import View

_SURROGATE = re.compile("[\ud800-\udfff]")
_TEXT = frozenset({"sponsor"})
_NUMBER = frozenset({"freshness"})
"""Attributes that a source may set and whose readers take one type only."""
_LARGEST = 2.0**53
"""Whole numbers beyond it are inexact as floats and unsafe in the log; NaN and infinity fail the test too."""


class Drop(StrEnum):
    """Why a source is missing from a page."""

    RAISED = "raised"
    SLOW = "slow"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class DroppedSource:
    """A source that was left out, why, and in detail for the operator."""

    source: str
    reason: Drop
    detail: str


@dataclass(slots=True)
class Outcome:
    """What the sources of one request did: shelves by source in order, drops, and wall seconds by source."""

    shelves: list[tuple[Source, tuple[Shelf, ...]]] = field(default_factory=list)
    dropped: list[DroppedSource] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


class Stuck:
    """How many abandoned calls of each source have not returned yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()

    def abandon(self, source: str) -> None:
        """Count one more call of `source` that nobody waits for."""
        with self._lock:
            self._calls[source] += 1

    def returned(self, source: str) -> None:
        """Count one abandoned call of `source` as over."""
        with self._lock:
            self._calls[source] -= 1

    def holds(self, source: str) -> bool:
        """Whether a call of `source` is still out."""
        with self._lock:
            return self._calls[source] > 0


def check_shape(shelf: Shelf) -> None:
    """Raise ValueError for a shelf that rules, features or the log could not take.

    That is one without an id, title or reason, whose rows and scores do not match, or with an attribute that
    is not text, true or false, or a finite number.
    """
    if not shelf.id or not shelf.title or not shelf.provenance.reason:
        raise ValueError(f"shelf {shelf.id!r}: id, title {shelf.title!r} and reason must not be empty")
    for text in (shelf.id, shelf.title, shelf.provenance.reason, shelf.provenance.seed_item or ""):
        text.encode()  # raises for what no log holds: lone surrogates, and what is not text at all
    kinds = shelf.rows.dtype.kind + shelf.scores.dtype.kind
    if shelf.rows.ndim != 1 or shelf.rows.shape != shelf.scores.shape or kinds != "if":
        raise ValueError(
            f"shelf {shelf.id!r}: rows {shelf.rows.dtype}{shelf.rows.shape} and scores "
            f"{shelf.scores.dtype}{shelf.scores.shape}; give integer rows (n,) and float scores (n,)"
        )
    for name, value in shelf.attributes.items():
        if not _usable(name, value):
            raise ValueError(
                f"shelf {shelf.id!r}: attribute {name!r} = {value!r}; give text, true or false, or a "
                "Python number up to 2^53; for a sponsor text, for freshness a number"
            )


def _usable(name: str, value: object) -> bool:
    if isinstance(value, str):
        return name not in _NUMBER and not _SURROGATE.search(value)
    if isinstance(value, bool):
        return name not in _NUMBER and name not in _TEXT
    return isinstance(value, int | float) and name not in _TEXT and abs(value) <= _LARGEST


def ask(
    source: Source, view: View, caught: type[BaseException] = Exception
) -> tuple[Shelf, ...] | DroppedSource:
    """What a source proposes, or why it is left out when it raises what is `caught`."""
    try:
        shelves = tuple(source.propose(view))
        for shelf in shelves:
            check_shape(shelf)
    except caught as error:
        return DroppedSource(source.name, Drop.RAISED, f"{type(error).__name__}: {error}")
    return shelves


class Relay:
    """One request's run over its sources."""

    def __init__(self, sources: Sequence[Source], view: View, stuck: Stuck) -> None:
        self._view = view
        self._stuck = stuck
        self._waiting = deque(sources)
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._runner = 0
        self._current: tuple[Source, float] | None = None
        self._outcome = Outcome()

    def run(self, budget_s: float) -> Outcome:
        """Run every source, each for at most `budget_s` of wall time, and return what there is."""
        self._start()
        while not self._done.wait(self._left(budget_s)):
            self._drop_if_slow(budget_s)
        return self._outcome

    def _start(self) -> None:
        threading.Thread(target=self._work, args=(self._runner,), name="shelves-relay", daemon=True).start()

    def _left(self, budget_s: float) -> float:
        current = self._current
        spent = 0.0 if current is None else perf_counter() - current[1]
        return max(budget_s - spent, 0.001)

    def _drop_if_slow(self, budget_s: float) -> None:
        with self._lock:
            if self._current is None or perf_counter() - self._current[1] < budget_s:
                return
            source, started = self._current
            self._runner += 1
            self._current = None
            self._stuck.abandon(source.name)
            self._record(source, started, DroppedSource(source.name, Drop.SLOW, f"over {budget_s:g} s"))
        self._start()

    def _work(self, runner: int) -> None:
        while (source := self._next(runner)) is not None:
            # Even SystemExit is caught: this thread must report, or the source stays busy.
            result = ask(source, self._view, BaseException)
            if not self._deliver(runner, source, result):
                return

    def _next(self, runner: int) -> Source | None:
        with self._lock:
            while runner == self._runner and self._waiting:
                source = self._waiting.popleft()
                if not self._stuck.holds(source.name):
                    self._current = (source, perf_counter())
                    return source
                detail = "an earlier call has not returned"
                self._outcome.dropped.append(DroppedSource(source.name, Drop.BUSY, detail))
            self._done.set()
            return None

    def _deliver(self, runner: int, source: Source, result: tuple[Shelf, ...] | DroppedSource) -> bool:
        """Record a result; False when nobody waits for it any more."""
        with self._lock:
            if runner != self._runner or self._current is None:
                self._stuck.returned(source.name)
                return False
            self._record(source, self._current[1], result)
            self._current = None
            return True

    def _record(self, source: Source, started: float, result: tuple[Shelf, ...] | DroppedSource) -> None:
        self._outcome.seconds[source.name] = perf_counter() - started
        if isinstance(result, DroppedSource):
            self._outcome.dropped.append(result)
        else:
            self._outcome.shelves.append((source, result))
