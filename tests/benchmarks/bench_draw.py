"""What a draw costs over the optimal layout alone: `python -m tests.benchmarks.bench_draw`.

The same seeded problems as `bench_layout`, each made anew for every draw, so that no draw profits from what
another has worked out. Layout is from the rules to a page with its independent check; the draw is what
`home.draw` adds, conditionals and, for a portfolio, the check of all its pages included.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bandits.portfolio import Weighting
from home.draw import Exploration, PortfolioDraw, draw_page
from layout.solve import effective, solve
from layout.validate import violations
from layout.warm import warm
from tests.benchmarks.bench_layout import SIZES, Size

EXPLORATIONS: Mapping[str, Exploration] = {
    "anchored, as by default (1 in 10 explores)": Exploration(0.1, 0.1),
    "anchored, every page explores": Exploration(1.0, 0.1),
    "regret cap 20 %": Exploration(0.1, 0.1, 0.2),
    "regret cap 10 %": Exploration(0.1, 0.1, 0.1),
    "regret cap 5 %": Exploration(0.1, 0.1, 0.05),
    "portfolio of 8": Exploration(0.1, 0.1, None, PortfolioDraw(8, Weighting.INVERSE_GAP, 1000.0)),
    "portfolio of 8, cap 10 %": Exploration(0.1, 0.1, 0.1, PortfolioDraw(8, Weighting.INVERSE_GAP, 1000.0)),
}


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds for one page without and with the draw, and whether the page drawn was another."""

    layout: float
    both: float
    explored: bool


def measure(size: Size, seed: int, exploration: Exploration) -> Timing:
    """Lay out one problem that nothing has seen yet, and draw. Raises AssertionError when a draw fails."""
    given = size.problem(seed)
    pmf = np.random.default_rng(seed).dirichlet(np.ones(len(given.shelves)))
    started = perf_counter()
    result = solve(given, deadline_s=10.0)
    kept = effective(given, result)
    broken = violations(kept, result.page)
    laid_out = perf_counter()
    drawn = draw_page(kept, result, pmf, exploration, seed)
    ended = perf_counter()
    if broken or drawn.fallback or violations(kept, drawn.draw.page):
        raise AssertionError(f"seed {seed}: {broken} {drawn.fallback}")
    return Timing(laid_out - started, ended - started, drawn.draw.page != result.page)


def print_size(console: Console, size: Size, timings: Mapping[str, Sequence[Timing]]) -> None:
    """The table of one size, times in milliseconds."""
    table = Table("", title=size.name)
    for header in ("layout p50", "p99", "with draw p50", "p99", "draw p50", "p99", "other page"):
        table.add_column(header, justify="right")
    for name, each in timings.items():
        layout, both = (np.array([getattr(one, part) for one in each]) for part in ("layout", "both"))
        cells = [
            f"{1e3 * float(np.percentile(times, q)):.2f}"
            for times in (layout, both, both - layout)
            for q in (50, 99)
        ]
        table.add_row(name, *cells, f"{np.mean([one.explored for one in each]):.0%}")
    console.print(table)


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=100, help="how many problems of each size")
    parser.add_argument("--sizes", type=int, default=3, help="how many of the sizes, smallest first")
    chosen = parser.parse_args()
    warm()
    console = Console()
    for size in SIZES[: chosen.sizes]:
        timings: dict[str, list[Timing]] = {name: [] for name in EXPLORATIONS}
        for seed in track(range(chosen.problems), size.name, console=console):
            for name, exploration in EXPLORATIONS.items():
                timings[name].append(measure(size, seed, exploration))
        print_size(console, size, timings)


if __name__ == "__main__":
    main()
