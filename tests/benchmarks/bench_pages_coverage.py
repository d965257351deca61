"""Bias and coverage of page estimators where their assumption holds, and where it fails.

    python -m tests.benchmarks.bench_pages_coverage --logs 1000 --pages 5000

The worlds of `tests.bandits.slate_world` are small enough to list every page, so the target's value is known
exactly. The bias is the mean error over logs, with its Monte-Carlo standard error; coverage is the share of
95 % normal intervals that hold the truth. docs/replay-pages.md shows what this prints.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bandits.ope.cascade import cascade_dr, cascade_ips
from bandits.ope.cascade_model import fit
from bandits.ope.estimators import Estimate
from bandits.ope.independent_ips import independent_ips, independent_snips
from bandits.ope.intervals import normal
from bandits.ope.page_ips import page_ips, page_snips
from bandits.ope.pseudo_inverse import pseudo_inverse, pseudo_inverse_cv, pseudo_inverse_sn
from bandits.ope.reward_interaction import reward_interaction_ips
from tests.bandits.slate_world import STRUCTURES, Log, Structure, exact_weights, features_of, world

ANYTHING: tuple[Structure, ...] = STRUCTURES
READING_DOWN: tuple[Structure, ...] = ("independent", "cascade")
ALONE: tuple[Structure, ...] = ("independent",)


@dataclass(frozen=True, slots=True)
class Subject:
    """An estimator, and the structures of reward under which it is meant to find the truth."""

    estimate: Callable[[Log], Estimate]
    assumes: tuple[Structure, ...]


def _cascade_dr(log: Log) -> Estimate:
    predicted = fit(log.rounds, features_of(log.world, log.rows), np.random.default_rng(0))
    return cascade_dr(log.rounds, predicted.shown, predicted.expected)


def _weights(log: Log) -> NDArray[np.float64]:
    return exact_weights(log.world)[log.rows]


SUBJECTS = {
    "page_ips": Subject(lambda log: page_ips(log.rounds), ANYTHING),
    "page_snips": Subject(lambda log: page_snips(log.rounds), ANYTHING),
    "cascade_ips": Subject(lambda log: cascade_ips(log.rounds), READING_DOWN),
    "reward_interaction_ips": Subject(lambda log: reward_interaction_ips(log.rounds), READING_DOWN),
    "cascade_dr": Subject(_cascade_dr, READING_DOWN),
    "independent_ips": Subject(lambda log: independent_ips(log.rounds), ALONE),
    "independent_snips": Subject(lambda log: independent_snips(log.rounds), ALONE),
    "pseudo_inverse": Subject(lambda log: pseudo_inverse(log.rounds, _weights(log)), ALONE),
    "pseudo_inverse_sn": Subject(lambda log: pseudo_inverse_sn(log.rounds, _weights(log)), ALONE),
    "pseudo_inverse_cv": Subject(lambda log: pseudo_inverse_cv(log.rounds, _weights(log)), ALONE),
    "pseudo_inverse_cv_per_slot": Subject(
        lambda log: pseudo_inverse_cv(log.rounds, _weights(log), per_slot=True), ALONE
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """How an estimator did on many logs; `assumed` says whether its assumption held."""

    estimator: str
    structure: Structure
    assumed: bool
    truth: float
    bias: float
    error: float
    rmse: float
    coverage: float


def rows(structure: Structure, logs: int, pages: int, seed: int, show: bool = False) -> Iterator[Row]:
    """Every estimator on the same `logs` of so many `pages`."""
    here, rng = world(structure), np.random.default_rng(seed)
    values, covered = np.empty((logs, len(SUBJECTS))), np.empty((logs, len(SUBJECTS)))
    for at in track(range(logs), structure, disable=not show, transient=True):
        log = here.log(pages, rng)
        for column, subject in enumerate(SUBJECTS.values()):
            interval = normal(subject.estimate(log))
            values[at, column], covered[at, column] = interval.value, not interval.excludes(here.truth)
    for column, (name, subject) in enumerate(SUBJECTS.items()):
        errors = values[:, column] - here.truth
        yield Row(
            estimator=name,
            structure=structure,
            assumed=structure in subject.assumes,
            truth=here.truth,
            bias=float(errors.mean()),
            error=float(errors.std(ddof=1) / np.sqrt(logs)),
            rmse=float(np.sqrt(np.mean(errors**2))),
            coverage=float(covered[:, column].mean()),
        )


def main() -> None:
    """Print one table for each structure of reward."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--logs", type=int, default=1000, help="logs to draw (default: 1000)")
    parser.add_argument("--pages", type=int, default=5000, help="pages in each (default: 5000)")
    parser.add_argument("--seed", type=int, default=1, help="of the logs (default: 1)")
    args = parser.parse_args()
    console = Console(width=110)
    for structure in STRUCTURES:
        console.print(_table(structure, list(rows(structure, args.logs, args.pages, args.seed, show=True))))


def _table(structure: Structure, found: list[Row]) -> Table:
    table = Table(
        title=f"Rewards: {structure}; the truth is {found[0].truth:.4f}", title_justify="left", box=None
    )
    for header in ("estimator", "assumption", "bias", "± MC error", "RMSE", "coverage"):
        table.add_column(header, justify="left" if header in ("estimator", "assumption") else "right")
    for row in found:
        held = "holds" if row.assumed else "fails"
        numbers = f"{row.bias:+.4f}", f"{row.error:.4f}", f"{row.rmse:.4f}", f"{row.coverage:.1%}"
        table.add_row(row.estimator, held, *numbers)
    return table


if __name__ == "__main__":
    main()
