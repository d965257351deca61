"""What `home replay` costs on tables of rounds that are not to be held in memory: time and memory by length.

    python -m tests.benchmarks.bench_replay --rounds 1000000 2000000 4000000

Each length is a Parquet file of its own, replayed in a process of its own with `keep` rounds in memory at
most. Memory is that of the process at its largest; the slope over lengths says what a round more costs.
docs/replay.md shows what this prints.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import polars as pl
from polars.io.plugins import register_io_source
from rich.console import Console
from rich.table import Table

from home.replay.options import Options
from home.replay.row_targets import Given
from home.replay.rows import judge_rows
from home.replay.sources.columns import ColumnsSource

_PART = 500_000
_SCHEMA: dict[str, Any] = {
    "reward": pl.Float64,
    "propensity": pl.Float64,
    "target_propensity:new": pl.Float64,
    "group": pl.Int64,
}


def write(path: Path, rounds: int) -> None:
    """A made-up table of so many rounds of two million listeners."""

    def frames(*_: object) -> Iterator[pl.DataFrame]:
        rng = np.random.default_rng(0)
        for start in range(0, rounds, _PART):
            size = min(_PART, rounds - start)
            yield pl.DataFrame(
                {
                    "reward": (rng.random(size) < 0.1).astype(float),
                    "propensity": rng.uniform(0.05, 0.5, size),
                    "target_propensity:new": rng.uniform(0.0, 0.5, size),
                    "group": rng.integers(0, 2_000_000, size),
                },
                schema=_SCHEMA,
            )

    register_io_source(frames, schema=_SCHEMA).sink_parquet(path)


def measure(path: Path, keep: int) -> dict[str, float]:
    """CPU seconds and MiB at most of replaying a table in this process."""
    started = process_time()
    judge_rows(ColumnsSource(path), [Given("new")], Options(keep=keep))
    return {
        "seconds": process_time() - started,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _measured(path: Path, keep: int) -> dict[str, float]:
    command = [sys.executable, "-m", __spec__.name, "--measure", str(path), "--keep", str(keep)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Time and memory of home replay by length of the log.")
    parser.add_argument("--rounds", type=int, nargs="+", default=[1_000_000, 2_000_000, 4_000_000])
    parser.add_argument("--keep", type=int, default=100_000)
    parser.add_argument("--measure", type=Path)
    arguments = parser.parse_args()
    if arguments.measure is not None:
        print(json.dumps(measure(arguments.measure, arguments.keep)))
        return
    table = Table("rounds", "CPU s", "MiB at most", title=f"home replay, {arguments.keep:,} rounds in memory")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for rounds in arguments.rounds:
            path = Path(folder) / f"{rounds}.parquet"
            write(path, rounds)
            found = _measured(path, arguments.keep)
            path.unlink()
            rows.append((rounds, found["seconds"], found["mib"]))
            table.add_row(f"{rounds:,}", f"{found['seconds']:.1f}", f"{found['mib']:.0f}")
    console = Console()
    console.print(table)
    if len(rows) > 1:
        million, seconds, mib = np.array(rows).T
        slopes = [float(np.polyfit(million / 1e6, column, 1)[0]) for column in (seconds, mib)]
        console.print(f"a million rounds more: {slopes[0]:.2f} CPU s, {slopes[1]:+.1f} MiB")


if __name__ == "__main__":
    main()
