"""Who plays the jobs: this process, or a pool of processes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol as Interface

from home.simulate.carousel.play import Curve, Job, Protocol, play
from home.simulate.carousel.world import World, load_world

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, slots=True)
class Block:
    """Up to `rounds` rounds of a job, whose world and checkpoints are in `directory`."""

    directory: Path
    protocol: Protocol
    job: Job
    rounds: int


OnCurve = Callable[[Job, Curve], bool]
"""Told what a job has so far after each of its blocks; answers whether the job goes on."""


class Engine(Interface):
    """Plays blocks, each job's in turn, any number of jobs at a time."""

    def run(self, blocks: list[Block], on_curve: OnCurve) -> None:
        """Play each block again and again until its job does not go on."""


class InProcess:
    """Plays one block after another, in this process."""

    def run(self, blocks: list[Block], on_curve: OnCurve) -> None:
        """Play each block again and again until its job does not go on."""
        for block in blocks:
            while on_curve(block.job, play_block(block)):
                pass


class Processes:
    """Plays blocks in a pool of new processes, each with one thread for linear algebra.

    How many threads share a matrix product can change its last bits; with one in every process, results do
    not depend on the number of workers. An interruption waits for the blocks that are being played.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def run(self, blocks: list[Block], on_curve: OnCurve) -> None:
        """Play each block again and again until its job does not go on."""
        with _environment(_ONE_THREAD), self._pool() as pool:
            waiting = iter(blocks)
            running: dict[Future[Curve], Block] = {
                pool.submit(play_block, block): block for block in islice(waiting, self._workers)
            }
            try:
                while running:
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        block: Block | None = running.pop(future)
                        if block is not None and not on_curve(block.job, future.result()):
                            block = next(waiting, None)
                        if block is not None:
                            running[pool.submit(play_block, block)] = block
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _pool(self) -> ProcessPoolExecutor:
        ignore = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
        return ProcessPoolExecutor(self._workers, get_context("spawn"), initializer=ignore)


_worlds: dict[Path, World] = {}


def play_block(block: Block) -> Curve:
    """Play a block in this process, which keeps the world for the next one."""
    if block.directory not in _worlds:
        _worlds.clear()
        _worlds[block.directory] = load_world(block.directory / "world")
    return play(_worlds[block.directory], block.protocol, block.job, block.directory / "jobs", block.rounds)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
