"""Page estimators on pages of the real composer, whose true value is known, and on a log that is wrong.

    python -m tests.benchmarks.bench_pages_ope --visits 1000 --logs 60

Simulated listeners visit a small surface (`tests.home.replay.page_world`); a model that explores is judged by
its log on what another model would earn, which is known exactly. Every log draws new pages and new luck for
the same visits. The second table is of a server that samples slot by slot, has the solver repair what breaks
a rule, and logs the probability of sampling. docs/replay-pages.md shows what this prints.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bandits.ope.cascade import cascade_dr, cascade_ips
from bandits.ope.cascade_model import fit
from bandits.ope.diagnostics import Verdict, diagnose
from bandits.ope.estimators import Estimate
from bandits.ope.independent_ips import independent_ips
from bandits.ope.intervals import normal
from bandits.ope.page_ips import page_ips, page_snips
from bandits.ope.pseudo_inverse import pseudo_inverse, pseudo_inverse_cv
from bandits.ope.reward_interaction import reward_interaction_ips
from home.replay.laws import Laws
from home.replay.pages import LoggedPage, Studied, studied
from tests.home.replay.page_world import GivenVisit, drawn, given_visits, repaired

Drawing = Callable[[Sequence[GivenVisit], int], Iterator[tuple[LoggedPage, Laws]]]


def _cascade_dr(log: Studied) -> Estimate:
    predicted = fit(log.rounds, log.features, np.random.default_rng(0))
    return cascade_dr(log.rounds, predicted.shown, predicted.expected)


SUBJECTS: dict[str, Callable[[Studied], Estimate]] = {
    "page_ips": lambda log: page_ips(log.rounds),
    "page_snips": lambda log: page_snips(log.rounds),
    "cascade_ips": lambda log: cascade_ips(log.rounds),
    "reward_interaction_ips": lambda log: reward_interaction_ips(log.rounds),
    "cascade_dr": _cascade_dr,
    "independent_ips": lambda log: independent_ips(log.rounds),
    "pseudo_inverse": lambda log: pseudo_inverse(log.rounds, log.weights),
    "pseudo_inverse_cv": lambda log: pseudo_inverse_cv(log.rounds, log.weights),
}


@dataclass(frozen=True, slots=True)
class Row:
    """How an estimator did on many logs."""

    estimator: str
    first: float
    bias: float
    error: float
    rmse: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """All estimators; over all logs the mean weight of pages and their effective number, and the share
    of logs that are distrusted.
    """

    rows: tuple[Row, ...]
    mean_weight: float
    effective: float
    distrusted: float


def outcome(
    visits: Sequence[GivenVisit], truth: float, drawing: Drawing, logs: int, show: bool = False
) -> Outcome:
    """Every estimator on the same `logs` of the visits, drawn so."""
    values, covered = np.empty((logs, len(SUBJECTS))), np.empty((logs, len(SUBJECTS)))
    means, effective, distrusted = np.empty(logs), np.empty(logs), np.empty(logs)
    for seed in track(range(logs), drawing.__name__, disable=not show, transient=True):
        found = studied(drawing(visits, seed), np.random.default_rng(0))
        # Visits are given, and what is drawn on one says nothing of another, whoever the listener is.
        alone = replace(found, rounds=replace(found.rounds, group=np.arange(len(visits))))
        for column, estimate in enumerate(SUBJECTS.values()):
            interval = normal(estimate(alone))
            values[seed, column], covered[seed, column] = interval.value, not interval.excludes(truth)
        diagnosis = diagnose(alone.rounds.as_rounds())
        means[seed], effective[seed] = diagnosis.mean_weight, diagnosis.effective_sample_size
        distrusted[seed] = diagnosis.verdict is Verdict.DO_NOT_TRUST
    errors = values - truth
    rows = tuple(
        Row(
            estimator=name,
            first=float(values[0, column]),
            bias=float(errors[:, column].mean()),
            error=float(errors[:, column].std(ddof=1) / np.sqrt(logs)),
            rmse=float(np.sqrt(np.mean(errors[:, column] ** 2))),
            coverage=float(covered[:, column].mean()),
        )
        for column, name in enumerate(SUBJECTS)
    )
    return Outcome(rows, float(means.mean()), float(effective.mean()), float(distrusted.mean()))


def main() -> None:
    """Print one table for each way to draw pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--visits", type=int, default=1000, help="pages in a log (default: 1000)")
    parser.add_argument("--logs", type=int, default=60, help="logs to draw (default: 60)")
    args = parser.parse_args()
    visits = list(track(given_visits(args.visits), "deciding", total=args.visits, transient=True))
    truth = float(np.mean([visit.truth for visit in track(visits, "truth", transient=True)]))
    console = Console(width=110)
    console.print(f"The target earns {truth:.4f} per page.")
    for title, drawing in (("Drawn from the anchored mixture", drawn), ("Sampled, then repaired", repaired)):
        found = outcome(visits, truth, drawing, args.logs, show=True)
        console.print(
            f"\n{title}: mean weight {found.mean_weight:.2f}, worth {found.effective:.0f} pages,"
            f" distrusted {found.distrusted:.0%}"
        )
        console.print(_table(found))


def _table(found: Outcome) -> Table:
    table = Table(box=None)
    for header in ("estimator", "first log", "bias", "± MC error", "RMSE", "coverage"):
        table.add_column(header, justify="left" if header == "estimator" else "right")
    for row in found.rows:
        numbers = f"{row.first:.4f}", f"{row.bias:+.4f}", f"{row.error:.4f}", f"{row.rmse:.4f}"
        table.add_row(row.estimator, *numbers, f"{row.coverage:.0%}")
    return table


if __name__ == "__main__":
    main()
