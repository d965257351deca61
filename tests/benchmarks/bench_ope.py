"""Off-policy intervals: speed beside obp, and time and memory of a stream.

    python -m tests.benchmarks.bench_ope --obp .venv-parity/bin/python

`make test-parity` builds obp's environment; without --obp the comparison is left out. Each measurement is a
process of its own, so that peaks of memory are its own; making the rounds is not timed.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from operator import add
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import orjson
from rich.console import Console
from rich.table import Table

from bandits.ope.actions import ActionRounds, ModelledRounds
from bandits.ope.doubly_robust import dr
from bandits.ope.estimators import Estimate, ips, snips
from bandits.ope.intervals import Interval, bootstrap
from bandits.ope.rounds import Rounds
from bandits.ope.sums import Sums

ACTIONS, CHUNK = 10, 100_000
_OBP_SIDE = Path(__file__).with_name("obp_intervals.py")
ESTIMATORS: dict[str, Callable[[ModelledRounds], Estimate]] = {
    "ips": lambda rounds: ips(rounds.rounds),
    "snips": lambda rounds: snips(rounds.rounds),
    "dr": dr,
}


def in_memory(m: int, seed: int, resamples: int) -> tuple[float, dict[str, Interval]]:
    """Seconds from columns in memory to the three intervals, and these."""
    rng = np.random.default_rng(seed)
    weights = rng.exponential(size=(2, m, ACTIONS))
    logging, target = weights / weights.sum(axis=2, keepdims=True)
    action = (rng.random((m, 1)) > logging.cumsum(axis=1)).sum(axis=1).clip(max=ACTIONS - 1)
    reward = (rng.random(m) < 0.05).astype(np.float64)
    propensity, q = logging[np.arange(m), action], np.full((m, ACTIONS), 0.05)
    del weights, logging
    started = perf_counter()
    rounds = ActionRounds(reward, action, propensity, target).modelled(q)
    found = {
        name: bootstrap(estimator(rounds), np.random.default_rng(seed), replicates=resamples)
        for name, estimator in ESTIMATORS.items()
    }
    return perf_counter() - started, found


def streamed(m: int, seed: int, resamples: int) -> tuple[float, dict[str, Interval]]:
    """Seconds from chunks of columns, as a reader gives them, to the three intervals; and these."""
    started, spent = perf_counter(), 0.0
    sums: dict[str, Sums] = {}
    for rounds, seconds in _chunks(m, seed):
        spent += seconds
        part = {name: Sums.of(estimator(rounds)) for name, estimator in ESTIMATORS.items()}
        sums = {name: reduce(add, (sums[name], one)) if sums else one for name, one in part.items()}
    found = {
        name: bootstrap(one, np.random.default_rng(seed), replicates=resamples) for name, one in sums.items()
    }
    return perf_counter() - started - spent, found


def _chunks(m: int, seed: int) -> Iterator[tuple[ModelledRounds, float]]:
    """Chunks of rounds, with the seconds that making them took."""
    rng = np.random.default_rng(seed)
    for start in range(0, m, CHUNK):
        began = perf_counter()
        size = min(CHUNK, m - start)
        propensity, target = rng.uniform(0.02, 0.4, size=(2, size))
        reward = (rng.random(size) < 0.05).astype(np.float64)
        q = np.full(size, 0.05)
        seconds = perf_counter() - began
        rounds = Rounds(reward, propensity, target, np.arange(start, start + size))
        yield ModelledRounds(rounds, q, q), seconds


MEASUREMENTS = {"memory": in_memory, "stream": streamed}


def _child(kind: str, m: int, seed: int, resamples: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_ope", "--measure", kind, "--rounds", str(m)]
    return _run([*command, "--seed", str(seed), "--resamples", str(resamples)])


def _obp(python: str, m: int, seed: int, resamples: int) -> dict[str, Any]:
    return _run([python, str(_OBP_SIDE), str(m), str(seed), str(resamples)])


def _run(command: Sequence[str]) -> dict[str, Any]:
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = orjson.loads(done.stdout)
    return found


def _measure(kind: str, m: int, seed: int, resamples: int) -> None:
    seconds, intervals = MEASUREMENTS[kind](m, seed, resamples)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    bounds = {name: [one.low, one.high] for name, one in intervals.items()}
    sys.stdout.buffer.write(orjson.dumps({"seconds": seconds, "peak_mib": peak, "intervals": bounds}))


def _compare(console: Console, python: str | None, m: int, seed: int, resamples: int) -> None:
    measured = {"ours": _child("memory", m, seed, resamples)}
    if python:
        measured["obp"] = _obp(python, m, seed, resamples)
    table = Table(title=f"IPS, SNIPS and DR, {resamples:,} resamples, {m:,} rounds in memory")
    for column in ("", "seconds", "peak MiB", *ESTIMATORS):
        table.add_column(column, justify="right")
    for name, one in measured.items():
        bounds = [f"{low:.5f} to {high:.5f}" for low, high in one["intervals"].values()]
        table.add_row(name, f"{one['seconds']:.2f}", f"{one['peak_mib']:.0f}", *bounds)
    console.print(table)
    if python:
        console.print(
            f"obp takes {measured['obp']['seconds'] / measured['ours']['seconds']:.1f} times as long"
        )


def _slope(console: Console, sizes: Sequence[int], seed: int, resamples: int) -> None:
    table = Table(title=f"the same three, streamed in chunks of {CHUNK:,} rounds")
    for column in ("rounds", "seconds", "peak MiB"):
        table.add_column(column, justify="right")
    measured = [_child("stream", m, seed, resamples) for m in sizes]
    for m, one in zip(sizes, measured, strict=True):
        table.add_row(f"{m:,}", f"{one['seconds']:.2f}", f"{one['peak_mib']:.0f}")
    console.print(table)
    million = np.array(sizes) / 1e6
    seconds, peaks = (np.array([one[key] for one in measured]) for key in ("seconds", "peak_mib"))
    console.print(
        f"slopes: {np.polyfit(million, seconds, 1)[0]:.3f} s and {np.polyfit(million, peaks, 1)[0]:+.3f} MiB"
        " for each million rounds"
    )


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--obp", help="the Python of an environment with obp")
    parser.add_argument("--rounds", type=int, default=1_000_000)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[1_000_000, 5_000_000, 20_000_000, 100_000_000]
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--measure", choices=MEASUREMENTS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        _measure(given.measure, given.rounds, given.seed, given.resamples)
        return
    console = Console()
    _compare(console, given.obp, given.rounds, given.seed, given.resamples)
    _slope(console, given.sizes, given.seed, given.resamples)


if __name__ == "__main__":
    main()
