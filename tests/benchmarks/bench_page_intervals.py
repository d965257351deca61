"""How often intervals cover where a few pages carry most of the weight, and what the verdict says there.

    python -m tests.benchmarks.bench_page_intervals --visits 1000 --logs 200

The logs are those of `bench_pages_ope`: pages of the real composer, a target that keeps to its own best page,
and its value known exactly. Only estimators that need no list of pages are computed, so many more logs can be
drawn. docs/replay-pages.md shows what this prints.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bandits.ope.diagnostics import Verdict, diagnose
from bandits.ope.estimators import Estimate, ips, mean_of, snips
from bandits.ope.intervals import Interval, bca, bootstrap, normal
from bandits.ope.rounds import Column, Rounds
from tests.home.replay.page_world import GivenVisit, drawn, given_visits

REPLICATES = 1000
INTERVALS: dict[str, Callable[[Estimate], Interval]] = {
    "normal": normal,
    "bootstrap": lambda estimate: bootstrap(estimate, np.random.default_rng(1), replicates=REPLICATES),
    "bca": lambda estimate: bca(estimate, np.random.default_rng(1), replicates=REPLICATES),
}


@dataclass(frozen=True, slots=True, eq=False)
class Pages:
    """One log: weight and reward of each page (m,), and the terms (m,) of cascade IPS."""

    weights: Column
    rewards: Column
    cascade: Column

    def estimates(self) -> Iterator[Estimate]:
        """Page IPS, normalised page IPS and cascade IPS."""
        rounds = self.rounds
        yield ips(rounds)
        yield snips(rounds)
        yield mean_of("cascade_ips", self.cascade, rounds.group)

    @property
    def rounds(self) -> Rounds:
        """Rounds with these weights."""
        scale = 1.0 / max(1.0, float(self.weights.max()))
        return Rounds(self.rewards, np.full(len(self.rewards), scale), self.weights * scale)


def logged(visits: Sequence[GivenVisit], seed: int) -> Pages:
    """One log of the visits."""
    rows = []
    for page, laws in drawn(visits, seed):
        weights = laws.target.prefixes(page.record.page) / np.cumprod(page.record.conditionals)
        rewards = np.array([one.reward if one.examined else 0.0 for one in page.outcomes])
        rows.append((weights[-1], rewards.sum(), float(weights @ rewards)))
    return Pages(*np.array(rows).T)


def report(logs: Sequence[Pages], truth: float, console: Console) -> None:
    """Print the shares of logs."""
    found = [diagnose(log.rounds) for log in logs]
    trusted = np.mean([one.verdict is Verdict.TRUST for one in found])
    thin = np.mean([one.verdict is Verdict.THIN_SUPPORT for one in found])
    worth = np.mean([one.effective_sample_size for one in found])
    console.print(f"{len(logs)} logs worth {worth:.0f} pages: {thin:.0%} thin support, {trusted:.0%} trusted")
    table = Table(box=None)
    for header in ("estimator", "interval", "covers", "± MC error", "truth above", "truth below", "width"):
        table.add_column(header, justify="left" if header in ("estimator", "interval") else "right")
    by_name: dict[tuple[str, str], list[Interval]] = {}
    for log in track(logs, "intervals", transient=True):
        for estimate in log.estimates():
            for name, interval in INTERVALS.items():
                by_name.setdefault((estimate.estimator, name), []).append(interval(estimate))
    for key, intervals in by_name.items():
        above = np.mean([truth > one.high for one in intervals])
        below = np.mean([truth < one.low for one in intervals])
        covers = 1.0 - above - below
        error = np.sqrt(covers * (1.0 - covers) / len(intervals))
        width = np.mean([one.high - one.low for one in intervals])
        shares = (f"{share:.1%}" for share in (covers, error, above, below))
        table.add_row(*key, *shares, f"{width:.3f}")
    console.print(table)


def main() -> None:
    """Draw the logs and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--visits", type=int, default=1000, help="pages in a log (default: 1000)")
    parser.add_argument("--logs", type=int, default=200, help="logs to draw (default: 200)")
    given = parser.parse_args()
    visits = list(track(given_visits(given.visits), "deciding", total=given.visits, transient=True))
    truth = float(np.mean([visit.truth for visit in track(visits, "truth", transient=True)]))
    logs = [logged(visits, seed) for seed in track(range(given.logs), "drawing", transient=True)]
    report(logs, truth, Console(width=110))


if __name__ == "__main__":
    main()
