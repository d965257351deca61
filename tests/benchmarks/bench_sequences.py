"""What looking at an interval again and again does to its level, and what a confidence sequence costs.

    python -m tests.benchmarks.bench_sequences --logs 500 --rounds 2000

The world is that of `tests.bandits.test_ope`, where the target's value is known. Every log is looked at about
sixty times while it grows; "ever wrong" is the share of logs of which any 95 % interval excluded the truth,
"wrong at the end" that of the last interval. docs/replay-pages.md shows what this prints.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bandits.ope.estimators import ips
from bandits.ope.intervals import Interval, empirical_bernstein, normal, weighted_terms
from bandits.ope.rounds import Rounds
from bandits.ope.sequences import ConfidenceSequence, bounded_ips_sequence, ips_sequence
from tests.bandits.test_ope import TRUTH, WEIGHT_BOUND, log_of

FIRST_LOOK, LOOKS = 20, 60
Looked = Callable[[Rounds, NDArray[np.int64]], ConfidenceSequence]


def _each(interval: Callable[[Rounds], Interval]) -> Looked:
    """An interval of fixed size, made anew at each look."""

    def looked(rounds: Rounds, times: NDArray[np.int64]) -> ConfidenceSequence:
        found = [interval(_first(rounds, t)) for t in times.tolist()]
        low, high = (np.array([getattr(one, side) for one in found]) for side in ("low", "high"))
        return ConfidenceSequence(times, low, high, found[0].level)

    return looked


METHODS: dict[str, Looked] = {
    "normal": _each(lambda rounds: normal(ips(rounds))),
    "empirical Bernstein": _each(
        lambda rounds: empirical_bernstein(ips(rounds), weighted_terms(WEIGHT_BOUND))
    ),
    "confidence sequence": lambda rounds, times: ips_sequence(rounds, times=times),
    "the same, weights bounded": lambda rounds, times: bounded_ips_sequence(
        rounds, WEIGHT_BOUND, times=times
    ),
}


def _first(rounds: Rounds, t: int) -> Rounds:
    return Rounds(rounds.reward[:t], rounds.propensity[:t], rounds.target[:t])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--logs", type=int, default=500, help="logs to draw (default: 500)")
    parser.add_argument("--rounds", type=int, default=2000, help="rounds in each (default: 2000)")
    args = parser.parse_args()
    times = np.unique(np.geomspace(FIRST_LOOK, args.rounds, LOOKS).round().astype(np.int64))
    rng = np.random.default_rng(1)
    ever, last, width = (np.zeros((args.logs, len(METHODS))) for _ in range(3))
    for row in track(range(args.logs), "drawing logs", transient=True):
        rounds = log_of(args.rounds, rng)
        for column, looked in enumerate(METHODS.values()):
            found = looked(rounds, times)
            ever[row, column] = found.excludes(TRUTH)
            last[row, column] = found.last(TRUTH).excludes(TRUTH)
            width[row, column] = found.high[-1] - found.low[-1]
    table = Table(
        title=f"{args.logs} logs of {args.rounds} rounds, 95 % intervals", title_justify="left", box=None
    )
    for header in ("interval", "ever wrong", "wrong at the end", "width at the end"):
        table.add_column(header, justify="left" if header == "interval" else "right")
    for column, name in enumerate(METHODS):
        shares = f"{ever[:, column].mean():.1%}", f"{last[:, column].mean():.1%}"
        table.add_row(name, *shares, f"{width[:, column].mean():.4f}")
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
