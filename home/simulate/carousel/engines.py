"""Who plays the jobs: this process, or a pool of processes."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol as Interface

from home.simulate.carousel.play import Curve, Job, Protocol, play
from home.simulate.carousel.world import World, load_world


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
    """Plays blocks in a pool of new processes. An interruption waits for the blocks that are being played."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def run(self, blocks: list[Block], on_curve: OnCurve) -> None:
        """Play each block again and again until its job does not go on."""
        with self._pool() as pool:
            try:
                play_all(lambda block: pool.submit(play_block, block), blocks, self._workers, on_curve)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _pool(self) -> ProcessPoolExecutor:
        ignore = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
        return ProcessPoolExecutor(self._workers, get_context("spawn"), initializer=ignore)


def play_all(
    submit: Callable[[Block], Future[Curve]], blocks: list[Block], workers: int, on_curve: OnCurve
) -> None:
    """Keep `workers` jobs going, in their order, by submitting each job's next block when one is over."""
    waiting = iter(blocks)
    running = {submit(block): block for block in islice(waiting, workers)}
    while running:
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            block: Block | None = running.pop(future)
            if block is not None and not on_curve(block.job, future.result()):
                block = next(waiting, None)
            if block is not None:
                running[submit(block)] = block


_worlds: dict[Path, World] = {}


def play_block(block: Block) -> Curve:
    """Play a block in this process, which keeps the world for the next one."""
    if block.directory not in _worlds:
        _worlds.clear()
        _worlds[block.directory] = load_world(block.directory / "world")
    return play(_worlds[block.directory], block.protocol, block.job, block.directory / "jobs", block.rounds)
