"""Policies played one after another, or on several processes; the result is the same either way.

A policy's run depends on the seed and on nothing that another policy does, so policies can be shared out to
processes. These are forked: they inherit the catalogue and the policies' makers, which cannot be sent.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from queue import Empty
from typing import ClassVar

from home.errors import ConfigurationError
from home.ingest.progress import Progress
from home.simulate.checkpoint import Checkpoints
from home.simulate.participants import Participant
from home.simulate.player import Player, PlayerState, Stage
from home.simulate.rows import Pages
from home.simulate.tally import Tally
from home.simulate.visits import Visit

Played = tuple[Pages, Tally]
_POLL_S = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What there is to play: every participant meets all the batches of visits."""

    stage: Stage
    participants: Mapping[str, Participant]
    batches: Sequence[tuple[Visit, ...]]
    checkpoints: Checkpoints | None = None

    @property
    def visits(self) -> int:
        """Visits of all participants together."""
        return len(self.participants) * sum(map(len, self.batches))


def play(job: Job, workers: int, progress: Progress) -> Mapping[str, Played]:
    """Every participant's pages and sums, on up to `workers` processes.

    An interruption ends with the batches in work, which are kept where there are checkpoints, and is raised
    again. Raises ConfigurationError where processes cannot be forked.
    """
    if workers < 2 or len(job.participants) < 2:
        return {name: _play(job, name, progress.advance, lambda: False) for name in job.participants}
    if "fork" not in multiprocessing.get_all_start_methods():
        raise ConfigurationError(f"workers = {workers}: this system cannot fork processes; use 1")
    return _share_out(job, min(workers, len(job.participants)), progress)


def _share_out(job: Job, workers: int, progress: Progress) -> Mapping[str, Played]:
    forking = multiprocessing.get_context("fork")
    done: Queue[int] = forking.Queue()
    stop = forking.Event()
    with ProcessPoolExecutor(workers, forking, _inherit, (job, done, stop)) as pool:
        futures = {name: pool.submit(_play_inherited, name) for name in job.participants}
        try:
            while not all(future.done() for future in futures.values()):
                _count(done, progress)
                _raise_failure(futures.values())
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
        _count(done, progress)
        return {name: future.result() for name, future in futures.items()}


def _raise_failure(futures: Iterable[Future[Played]]) -> None:
    for future in futures:
        if future.done():
            future.result()


def _count(done: Queue[int], progress: Progress) -> None:
    with suppress(Empty):
        while True:
            progress.advance(done.get(timeout=_POLL_S))


def _play(job: Job, name: str, advance: Callable[[int], None], stopped: Callable[[], bool]) -> Played:
    """Play one participant from where its checkpoint left it."""
    kept = (PlayerState(), Pages()) if job.checkpoints is None else job.checkpoints.load(name)
    state, pages = kept
    advance(sum(map(len, job.batches[: state.batches])))
    player = Player(name, job.participants[name], job.stage, state)
    for batch in job.batches[state.batches :]:
        if stopped():
            raise KeyboardInterrupt
        new = player.batch(batch, lambda: advance(1))
        pages.extend(new)
        if job.checkpoints is not None:
            job.checkpoints.save(name, player.state, new)
    return pages, player.state.tally


class _Inherited:
    """What a forked process was given: the job, where to count visits, and whether to stop."""

    job: ClassVar[Job]
    done: ClassVar[Queue[int]]
    stop: ClassVar[Event]


def _inherit(job: Job, done: Queue[int], stop: Event) -> None:
    # The parent hears of an interruption as well, and tells at which batch to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Inherited.job, _Inherited.done, _Inherited.stop = job, done, stop


def _play_inherited(name: str) -> Played:
    given = _Inherited
    return _play(given.job, name, given.done.put, given.stop.is_set)
