"""What a carousel costs by users, rounds and workers, as a table and a plot.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.bench_carousel_cost --data-dir DATA --out var/bench

Every combination of users and rounds is played by each policy on as many seeds as there are workers at most,
so that all of them have work. The clock counts the start of processes, the processor's seconds playing alone;
neither counts making the population. A line is fitted through the processor's seconds of each policy: so much
for each round, and so much for each carousel.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import track
from rich.table import Table

from home.simulate.carousel.engines import Block, Processes
from home.simulate.carousel.play import Curve, Job, Protocol
from home.simulate.carousel.population import PopulationModel
from home.simulate.carousel.world import save_world
from home.simulate.carousel.worlds import WorldRequest

_AHEAD = 100_000_000
_POLICIES = ["epsilon-greedy-explore", "ts-seg-pessimistic", "ts-lin-empirical-bayes"]


@dataclass(frozen=True, slots=True)
class Cost:
    """What `carousels` of one policy took: seconds of the processor, and by the clock."""

    policy: str
    users: int
    rounds: int
    workers: int
    carousels: int
    cpu_s: float
    clock_s: float

    @property
    def per_cpu_minute(self) -> float:
        """Carousels per minute of one processor."""
        return 60.0 * self.carousels / self.cpu_s

    @property
    def per_minute(self) -> float:
        """Carousels per minute by the clock."""
        return 60.0 * self.carousels / self.clock_s


def main() -> None:
    """Measure, print the tables, and write `carousel_cost.csv` and `carousel_cost.png`."""
    arguments, console = _arguments(), Console()
    arguments.out.mkdir(parents=True, exist_ok=True)
    costs = list(measure(arguments, console))
    frame = pl.DataFrame(costs).with_columns(
        per_cpu_minute=pl.Series([cost.per_cpu_minute for cost in costs]),
        per_minute=pl.Series([cost.per_minute for cost in costs]),
    )
    frame.write_csv(arguments.out / "carousel_cost.csv")
    draw(costs, arguments.out / "carousel_cost.png")
    console.print(_table(costs))
    console.print(_fits(costs))
    console.print(f"wrote {arguments.out / 'carousel_cost.csv'} and carousel_cost.png")


def measure(arguments: argparse.Namespace, console: Console) -> Iterator[Cost]:
    """The cost of every combination."""
    combinations = list(product(arguments.policies, arguments.users, arguments.rounds, arguments.workers))
    request = WorldRequest(arguments.data_dir, None, PopulationModel(users=arguments.population))
    with tempfile.TemporaryDirectory() as name:
        save_world(request.make(), Path(name) / "world")
        for policy, users, rounds, workers in track(combinations, "Measuring", console=console):
            jobs = [Job(policy, seed) for seed in range(1, max(arguments.workers) + 1)]
            yield play_all(Path(name), Protocol(rounds, users), jobs, workers)


def play_all(directory: Path, protocol: Protocol, jobs: Sequence[Job], workers: int) -> Cost:
    """The cost of jobs of one policy in the world of `directory`."""
    shutil.rmtree(directory / "jobs", ignore_errors=True)
    (directory / "jobs").mkdir()
    curves: dict[Job, Curve] = {}

    def on_curve(job: Job, curve: Curve) -> bool:
        curves[job] = curve
        return False

    started = time.perf_counter()
    Processes(workers).run([Block(directory, protocol, job, protocol.rounds) for job in jobs], on_curve)
    clock = time.perf_counter() - started
    cpu = sum(curve.seconds for curve in curves.values())
    carousels = len(jobs) * protocol.rounds * protocol.users
    return Cost(jobs[0].policy, protocol.users, protocol.rounds, workers, carousels, cpu, clock)


def fit(costs: Sequence[Cost]) -> tuple[float, float]:
    """Seconds of the processor for each round and for each carousel, by least squares of relative errors."""
    jobs = np.array([cost.carousels / (cost.users * cost.rounds) for cost in costs])
    rounds = jobs * np.array([cost.rounds for cost in costs])
    carousels = np.array([cost.carousels for cost in costs], dtype=np.float64)
    seconds = np.array([cost.cpu_s for cost in costs])
    design = np.stack([rounds, carousels], axis=1) / seconds[:, None]
    each_round, each_carousel = np.linalg.lstsq(design, np.ones(len(costs)), rcond=None)[0]
    return float(each_round), float(each_carousel)


def draw(costs: Sequence[Cost], path: Path) -> None:
    """Carousels per minute by users, of the processor on the left and by the clock on the right."""
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    for policy, rounds, workers in dict.fromkeys((c.policy, c.rounds, c.workers) for c in costs):
        some = [c for c in costs if (c.policy, c.rounds, c.workers) == (policy, rounds, workers)]
        users = [cost.users for cost in some]
        label = f"{policy}, {rounds} rounds, {workers} worker{'s' * (workers > 1)}"
        left.plot(users, [cost.per_cpu_minute for cost in some], marker="o", label=label)
        right.plot(users, [cost.per_minute for cost in some], marker="o", label=label)
    for axes, what in ((left, "of the processor"), (right, "by the clock")):
        axes.set(xscale="log", yscale="log", xlabel="users a round", title=f"Carousels per minute {what}")
        axes.grid(alpha=0.3)
    left.legend(fontsize="x-small")
    figure.savefig(path, dpi=150)


def _table(costs: Sequence[Cost]) -> Table:
    table = Table(title="Carousels of 12 slots")
    for name in (
        "policy",
        "users a round",
        "rounds",
        "workers",
        "CPU s",
        "clock s",
        "per CPU minute",
        "per minute",
    ):
        table.add_column(name, justify="left" if name == "policy" else "right")
    for cost in costs:
        table.add_row(
            cost.policy, f"{cost.users:,}", str(cost.rounds), str(cost.workers), f"{cost.cpu_s:.1f}",
            f"{cost.clock_s:.1f}", f"{cost.per_cpu_minute:,.0f}", f"{cost.per_minute:,.0f}",
        )  # fmt: skip
    return table


def _fits(costs: Sequence[Cost]) -> Table:
    table = Table(title="Seconds of the processor, fitted")
    for name in ("policy", "each round", "each million carousels", f"{_AHEAD:,} in one round, CPU minutes"):
        table.add_column(name, justify="left" if name == "policy" else "right")
    for policy in dict.fromkeys(cost.policy for cost in costs):
        each_round, each_carousel = fit([cost for cost in costs if cost.policy == policy])
        ahead = (each_round + _AHEAD * each_carousel) / 60.0
        table.add_row(policy, f"{each_round:.2f}", f"{1e6 * each_carousel:.1f}", f"{ahead:,.0f}")
    return table


def _arguments() -> argparse.Namespace:
    def numbers(text: str) -> list[int]:
        return [int(number) for number in text.split(",")]

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data-dir", type=Path, help="directory of the published playlists; else invented ones"
    )
    parser.add_argument("--out", type=Path, default=Path("var/bench"), help="where the table and plot go")
    parser.add_argument("--population", type=int, default=20_000, help="synthetic users")
    parser.add_argument("--policies", type=lambda text: text.split(","), default=_POLICIES)
    parser.add_argument("--users", type=numbers, default=[2_000, 20_000, 60_000], help="comma separated")
    parser.add_argument("--rounds", type=numbers, default=[2, 6], help="comma separated")
    parser.add_argument("--workers", type=numbers, default=[1, 2], help="comma separated")
    return parser.parse_args()


if __name__ == "__main__":
    main()
