"""How long a page takes, stage by stage, and layout against the textbook model on the very same problems.

    python -m tests.benchmarks.bench_compose

It runs on the database of HOME_DATABASE_URL and prepares the embedded catalogue in it when it is empty.
Candidates are limited to 60 shelves, for the 12 slots of the desktop grid. Deadlines are lifted, so that
every page counts with the time that it really takes.
"""

from __future__ import annotations

import argparse
import resource
from collections.abc import Sequence
from itertools import count
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.table import Table

from api.commands.audit import render
from api.progress import TerminalProgress
from home.audit import audit
from home.bootstrap import open_home
from home.compose import ComposedPage, Tools, layout_problem
from home.options import layout_shelves, worth
from home.prepare import prepare
from home.sampling import sample_contexts
from home.service import Home
from home.settings import Settings
from layout.solve import solve
from shelves.types import Context
from tests.benchmarks.layout_peers import textbook

SURFACE = "desktop"
SHELVES = 60
_UNHURRIED_MS = 10_000.0
_WARM_UP = 20


def main() -> None:
    """Compose pages one after another on one thread and print the tables."""
    arguments = _arguments()
    console, settings = Console(), _settings()
    with TerminalProgress(console) as progress:
        prepare(settings, progress)
    home = open_home(settings, background=False)
    try:
        pages = _measure(home, arguments.pages, arguments.seed, console)
        _compare(pages[: arguments.textbook], home.tools, arguments.cap, console)
    finally:
        home.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"peak resident memory of the process {peak:,.0f} MiB, {len(home.catalog.items):,} items")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=300, help="pages to compose")
    parser.add_argument("--textbook", type=int, default=10, help="problems for the textbook model")
    parser.add_argument("--cap", type=float, default=10.0, help="seconds that the textbook model may take")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _settings() -> Settings:
    return Settings(
        max_shelves=SHELVES, source_budget_ms=_UNHURRIED_MS, layout_deadline_ms=_UNHURRIED_MS, learn_every_s=0
    )


def _measure(home: Home, pages: int, seed: int, console: Console) -> Sequence[ComposedPage]:
    contexts = sample_contexts(home.engine, pages, SURFACE, seed, home.clock())
    for context in contexts[:_WARM_UP]:
        home.compose_for(context, seed)
    composed: list[ComposedPage] = []
    seeds = count(seed)

    def compose(context: Context) -> ComposedPage:
        composed.append(home.compose_for(context, next(seeds)))
        return composed[-1]

    render(audit(contexts, compose, home.tools), console)
    return composed


def _compare(pages: Sequence[ComposedPage], tools: Tools, cap: float, console: Console) -> None:
    """Time our layout and the textbook model, turn by turn, on the problems of these pages."""
    ours, theirs, unproven = [], [], 0
    grid = tools.surface(SURFACE).grid
    for page in pages:
        values = worth(page.scores.values, [option.presentation for option in page.options], grid)
        problem = layout_problem(layout_shelves(page.options), grid, tools.rules, values, page.about)
        started = perf_counter()
        result = solve(problem, deadline_s=_UNHURRIED_MS / 1000)
        ours.append(perf_counter() - started)
        peer = textbook(problem, cap)
        theirs.append(peer.seconds)
        unproven += not peer.proven
        if peer.proven and not result.relaxed and peer.objective != result.objective:
            raise AssertionError(f"proven optima differ: {peer.objective} and {result.objective}")
    table = Table("layout of the same pages", "p50 ms", "p99 ms", title=f"{len(pages)} pages, 12 slots")
    for name, seconds in (("layout.solve", ours), ("CP-SAT textbook model, default parameters", theirs)):
        middle, tail = np.percentile(seconds, [50, 99]) * 1000
        table.add_row(name, f"{middle:,.1f}", f"{tail:,.1f}")
    console.print(table)
    ratio = float(np.median(theirs)) / float(np.median(ours))
    console.print(
        f"ratio of medians {ratio:,.0f} ×; {unproven} of {len(pages)} not proven by it in {cap:g} s"
    )


if __name__ == "__main__":
    main()
