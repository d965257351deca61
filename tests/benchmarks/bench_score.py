"""What scoring a request costs, beside asking the learner through its text format.

    python -m tests.benchmarks.bench_score

It runs on the database of HOME_DATABASE_URL and prepares the embedded catalogue in it when it is empty. Ours
is features and values, as serving does it, from a learner that has seen no request before; what comes before
scoring, the options, is shown beside it. The peer is Vowpal Wabbit on the same options: its lines written,
parsed and predicted; and its prediction alone, on examples parsed beforehand.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import ParamSpec, TypeVar

import numpy as np
import vowpal_wabbit_next as vw
from rich.console import Console
from rich.table import Table

from api.progress import TerminalProgress
from bandits.policies import VwConfig, VwPolicy
from bandits.policies.encoding import encode
from bandits.types import Features
from home.bootstrap import open_home
from home.options import features_of, options_of
from home.prepare import prepare
from home.sampling import sample_contexts
from home.service import Home
from home.settings import Settings
from shelves.types import Context

_OURS = "features, values and pmf"
_ALONE = "peer: prediction alone"

P = ParamSpec("P")
T = TypeVar("T")


class _Laps:
    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    def time(self, step: str, act: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        started = perf_counter()
        result = act(*given, **named)
        self.seconds.setdefault(step, []).append(perf_counter() - started)
        return result

    def add(self, name: str, *steps: str) -> None:
        """Sum up steps, request by request."""
        self.seconds[name] = np.sum([self.seconds[step] for step in steps], axis=0).tolist()


def main() -> None:
    """Score requests one after another on one thread and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--surface", default="phone")
    parser.add_argument("--shelves", type=int, default=60)
    chosen = parser.parse_args()
    console = Console()
    settings = Settings(max_shelves=chosen.shelves, source_budget_ms=10_000.0, learn_every_s=0)
    with TerminalProgress(console) as progress:
        prepare(settings, progress)
    home = open_home(settings, background=False)
    try:
        contexts = sample_contexts(home.engine, chosen.requests, chosen.surface, 1, home.clock())
        laps, options = _measure(home, contexts)
    finally:
        home.close()
    _print(console, laps, options, chosen.shelves)


def _measure(home: Home, contexts: Sequence[Context]) -> tuple[_Laps, list[int]]:
    policy = VwPolicy(VwConfig())
    workspace = vw.Workspace(policy.config.arguments())
    parser, laps, counts = vw.TextFormatParser(workspace), _Laps(), []
    for context in contexts:
        surface = home.tools.surface(context.surface)
        built = home.tools.builder.build(context)
        options = laps.time("options", options_of, built.shelves, surface)
        about, actions = laps.time("features", features_of, built.shelves, options, built.view)
        laps.time("values and pmf", policy.score, about, actions, len(surface.grid.slots))
        lines = laps.time("peer: text", _lines, about, list(actions))
        parsed = laps.time("peer: parsing", _parsed, parser, lines)
        laps.time(_ALONE, workspace.predict_one, parsed)
        counts.append(len(options))
    laps.add(_OURS, "features", "values and pmf")
    laps.add("peer: text, parsing and prediction", "peer: text", "peer: parsing", _ALONE)
    return laps, counts


def _lines(about: Features, actions: Sequence[Features]) -> list[str]:
    return [f"shared {encode(about)}", *map(encode, actions)]


def _parsed(parser: vw.TextFormatParser, lines: Sequence[str]) -> list[vw.Example]:
    return [parser.parse_line(line) for line in lines]


def _print(console: Console, laps: _Laps, options: list[int], shelves: int) -> None:
    title = f"{shelves} shelves in {int(np.median(options))} options, {len(options)} requests"
    table = Table("step", "p50 ms", "p99 ms", "× prediction alone", title=title)
    alone = float(np.median(laps.seconds[_ALONE]))
    for step, seconds in laps.seconds.items():
        middle, tail = np.percentile(seconds, [50, 99])
        table.add_row(step, f"{1e3 * middle:.2f}", f"{1e3 * tail:.2f}", f"{middle / alone:.2f}")
    console.print(table)


if __name__ == "__main__":
    main()
