"""How many whole pages a simulation serves in a second on one core, and what share of that is composing.

    python -m tests.benchmarks.bench_simulate

It runs on the database of HOME_DATABASE_URL and prepares the embedded catalogue in it when it is empty. The
peer is composing alone: the milliseconds that the very same pages took in `home.compose.compose`. Times are
wall clock on one process; seconds of the processor are beside them, because on a busy machine only those
compare.
"""

from __future__ import annotations

import argparse
from time import perf_counter, process_time

import numpy as np
from rich.console import Console
from rich.table import Table

from api.progress import TerminalProgress
from home.prepare import prepare
from home.settings import Settings
from home.simulate.rows import SimulationConfig
from home.simulate.world import World, open_world
from layout.types import Status
from layout.warm import warm

_WARM_UP = 50


def main() -> None:
    """Simulate with and without measures and regret, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=1000)
    parser.add_argument("--listeners", type=int, default=100)
    parser.add_argument("--policies", default="order,vw", help="comma separated")
    arguments = parser.parse_args()
    console, settings = Console(), Settings()
    with TerminalProgress(console) as progress:
        prepare(settings, progress)
    warm()
    world = open_world(settings, listeners=arguments.listeners)
    table = Table(title=f"{arguments.visits} visits of {len(world.contexts)} listeners, one process")
    for header in (
        "policy",
        "what",
        "pages/s",
        "pages per CPU s",
        "proven optimal",
        "composing, of all time",
    ):
        table.add_column(header, justify="left" if header in ("policy", "what") else "right")
    for policy in arguments.policies.split(","):
        for what, config in {
            "bare": SimulationConfig(arguments.visits, regret=False, measures=False),
            "with measures": SimulationConfig(arguments.visits, regret=False),
            "with measures and regret": SimulationConfig(arguments.visits),
        }.items():
            table.add_row(policy, what, *_measure(world, policy, config))
    console.print(table)


def _measure(world: World, policy: str, config: SimulationConfig) -> tuple[str, str, str, str]:
    players = world.participants([policy])
    world.run(players, SimulationConfig(_WARM_UP, seed=99, regret=False))
    wall, cpu = perf_counter(), process_time()
    result = world.run(players, config)
    wall, cpu = perf_counter() - wall, process_time() - cpu
    pages = len(result.rows)
    optimal = np.mean([row.status == Status.OPTIMAL.value for row in result.rows])
    composing = sum(row.seconds for row in result.rows)
    return f"{pages / wall:.0f}", f"{pages / cpu:.0f}", f"{optimal:.1%}", f"{composing / wall:.0%}"


if __name__ == "__main__":
    main()
