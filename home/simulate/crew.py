"""Policies played one after another, or on several processes; the result is the same either way.

A policy's run depends on the seed and on nothing that another policy does, so policies can be shared out to
processes. These are forked: they inherit the catalogue and the policies' makers, which cannot be sent. A
forked process must not use libraries that keep threads, polars among them, so that files are read and written
by the parent alone.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event
from time import sleep
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
Keep = Callable[[str, PlayerState, Pages], None]
"""Takes a policy's name, its state after a batch, and the pages of that batch."""

_POLL_S = 0.05


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
    begun = {name: _begun(job, name) for name in job.participants}
    for state, _ in begun.values():
        progress.advance(sum(map(len, job.batches[: state.batches])))
    keep = _forget if job.checkpoints is None else job.checkpoints.save
    if workers < 2 or len(job.participants) < 2:
        return {
            name: _play(job, name, start, progress.advance, lambda: False, keep)
            for name, start in begun.items()
        }
    if "fork" not in multiprocessing.get_all_start_methods():
        raise ConfigurationError(f"workers = {workers}: this system cannot fork processes; use 1")
    return _share_out(job, begun, min(workers, len(begun)), progress, keep)


def _begun(job: Job, name: str) -> tuple[PlayerState, Pages]:
    return (PlayerState(), Pages()) if job.checkpoints is None else job.checkpoints.load(name)


def _forget(name: str, state: PlayerState, pages: Pages) -> None:
    """Keep nothing."""


def _play(
    job: Job,
    name: str,
    begun: tuple[PlayerState, Pages],
    advance: Callable[[int], None],
    stopped: Callable[[], bool],
    keep: Keep,
) -> Played:
    """Play one participant from where it was left."""
    state, pages = begun
    player = Player(name, job.participants[name], job.stage, state)
    for batch in job.batches[state.batches :]:
        if stopped():
            raise KeyboardInterrupt
        new = player.batch(batch, lambda: advance(1))
        pages.extend(new)
        keep(name, player.state, new)
    return pages, player.state.tally


_Message = int | tuple[str, PlayerState, Pages]
"""How many visits are over, or a batch to keep."""


def _share_out(
    job: Job, begun: Mapping[str, tuple[PlayerState, Pages]], workers: int, progress: Progress, keep: Keep
) -> Mapping[str, Played]:
    forking = multiprocessing.get_context("fork")
    messages: SimpleQueue[_Message] = forking.SimpleQueue()
    stop = forking.Event()
    with ProcessPoolExecutor(workers, forking, _inherit, (job, begun, messages, stop)) as pool:
        futures = {name: pool.submit(_play_inherited, name) for name in begun}
        try:
            _listen(messages, futures.values(), progress, keep)
        except BaseException:
            stop.set()
            for future in futures.values():
                future.cancel()
            _wind_up(messages, futures.values(), progress, keep)
            raise
        return {name: future.result() for name, future in futures.items()}


def _listen(
    messages: SimpleQueue[_Message], futures: Iterable[Future[Played]], progress: Progress, keep: Keep
) -> None:
    """Take messages until every future is done; raises what failed in one."""
    running = list(futures)
    while running:
        sleep(_POLL_S)
        over = [future for future in running if future.done()]
        _take(messages, progress, keep)
        for future in over:
            future.result()
            running.remove(future)


def _wind_up(
    messages: SimpleQueue[_Message], futures: Iterable[Future[Played]], progress: Progress, keep: Keep
) -> None:
    """Keep the batches in work; a second interruption gives them up."""
    try:
        while not all(future.done() for future in futures):
            sleep(_POLL_S)
            _take(messages, progress, keep)
        _take(messages, progress, keep)
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        raise


def _take(messages: SimpleQueue[_Message], progress: Progress, keep: Keep) -> None:
    while not messages.empty():
        message = messages.get()
        if isinstance(message, int):
            progress.advance(message)
        else:
            keep(*message)


class _Inherited:
    """What a forked process was given."""

    job: ClassVar[Job]
    begun: ClassVar[Mapping[str, tuple[PlayerState, Pages]]]
    messages: ClassVar[SimpleQueue[_Message]]
    stop: ClassVar[Event]


def _inherit(
    job: Job,
    begun: Mapping[str, tuple[PlayerState, Pages]],
    messages: SimpleQueue[_Message],
    stop: Event,
) -> None:
    # The parent hears of an interruption as well, and tells at which batch to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Inherited.job, _Inherited.begun = job, begun
    _Inherited.messages, _Inherited.stop = messages, stop


def _play_inherited(name: str) -> Played:
    given = _Inherited

    def keep(name: str, state: PlayerState, pages: Pages) -> None:
        if given.job.checkpoints is not None:
            given.messages.put((name, state, pages))

    return _play(given.job, name, given.begun[name], given.messages.put, given.stop.is_set, keep)
