"""Regret of policies in closed loop, against ε-greedy without context.

    python -m tests.benchmarks.bench_regret --warm --epsilon 0.02 --listeners 20 --visits 800 --batch 20 \\
        --policies vw

Every policy starts untrained, with its default options (with --warm, the policy that serves starts from the
newest model of the database instead, which `home setup` trains on simulated visits), and meets
the same simulated visits with the same luck. Regret is expected clicks behind the best
known page of the same candidates, and exact given the page.
A seed makes other listeners, other visits and other luck, so seeds are independent: intervals are Student's t
over seeds for regret, and a bootstrap over seeds for the ratio of total regrets, paired by seed. What the
share of explored pages costs is in every policy's regret, the baseline's as well; it is the difference to
the column "without exploring". `--epsilon` sets that share, for all policies alike.

With --warm the comparison is of what a new database serves with and of a baseline that knows nothing yet: the
former has learned what listeners of the same population are like, none of those it meets.

How often each listener comes decides what there is to win: who a listener is shows in what they did before.
A batch is a day, so `--batch` as large as `--listeners` lets each come once a day on average.

It reads the database of HOME_DATABASE_URL and prepares the embedded catalogue in it when it is empty.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy import stats

from api.progress import TerminalProgress
from home.bootstrap import live_snapshot, load_catalog, open_database, open_tools, policy_loader
from home.prepare import prepare
from home.rewards import load_rewards
from home.sampling import sample_contexts
from home.settings import Settings
from home.simulate.parameters import load_listener_model
from home.simulate.participants import participants
from home.simulate.run import SimulationConfig, simulate

BASELINE = "epsilon_greedy"
_POLICIES = f"vw,vw_squarecb,lints,{BASELINE},uniform"
_RESAMPLES = 10_000


def main() -> None:
    """Run the seeds and print the table."""
    arguments, console = _arguments(), Console()
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    names = tuple(dict.fromkeys([*arguments.policies.split(","), BASELINE]))
    with TerminalProgress(console) as progress:
        prepare(Settings(), progress)
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    jobs = [(seed, name) for seed in seeds for name in names]
    job = partial(
        regret,
        listeners=arguments.listeners,
        visits=arguments.visits,
        batch=arguments.batch,
        warm=arguments.warm,
        epsilon=arguments.epsilon,
        out=arguments.out,
    )
    with ProcessPoolExecutor(arguments.workers) as pool:
        found = list(track(pool.map(job, jobs), "Simulating", len(jobs), console=console))
    totals = np.array(found).reshape(len(seeds), len(names), 3)
    epsilon = Settings().epsilon if arguments.epsilon is None else arguments.epsilon
    console.print(table(names, totals, arguments.visits, epsilon, warm=arguments.warm))


def regret(
    job: tuple[int, str],
    listeners: int,
    visits: int,
    batch: int,
    warm: bool,
    epsilon: float | None,
    out: Path | None,
) -> NDArray[np.float64]:
    """The regret (3,) of one policy on one seed: of all visits, of their second half, and without exploring.

    The last is what all visits would add up to if explored pages were like the others.
    """
    (seed, name), settings = job, Settings()
    if epsilon is not None:
        settings = Settings(epsilon=epsilon)
    engine = open_database(settings)
    result = simulate(
        sample_contexts(engine, listeners, "phone", seed, datetime(2026, 11, 1, tzinfo=UTC)),
        open_tools(settings, load_catalog(engine, settings)),
        participants([name], policy_loader(settings), live_snapshot(engine) if warm else None),
        load_listener_model(),
        load_rewards(settings.rewards_file),
        SimulationConfig(visits=visits, batch=batch, seed=seed, measures=False),
        out=None if out is None else out / f"{name}-{seed}",
    )
    engine.dispose()
    regrets = np.array([row.regret for row in result.rows])
    optimal = np.array([not row.explored for row in result.rows])
    return np.array([regrets.sum(), regrets[visits // 2 :].sum(), visits * regrets[optimal].mean()])


def table(
    names: Sequence[str], totals: NDArray[np.float64], visits: int, epsilon: float, *, warm: bool
) -> Table:
    """Regret per page and its ratio to the baseline's, from totals (seeds, policies, 3)."""
    starts = "the serving policy warm" if warm else "untrained starts"
    title = f"{len(totals)} seeds × {visits} visits, epsilon {epsilon:g}, {starts}; 95 % intervals over seeds"
    shown = Table(title=title)
    for column in ("policy", "regret per page", "without exploring", "ratio", "ratio, second half of visits"):
        shown.add_column(column)
    base = totals[:, names.index(BASELINE)]
    for name, own in zip(names, np.moveaxis(totals, 1, 0), strict=True):
        per_page = own[:, 0] / visits
        half = stats.t.ppf(0.975, len(per_page) - 1) * stats.sem(per_page)
        ratios = [ratio_interval(own[:, part], base[:, part]) for part in (0, 1)]
        optimal = own[:, 2].mean() / visits
        shown.add_row(name, f"{per_page.mean():.3f} ± {half:.3f}", f"{optimal:.3f}", *map(_written, ratios))
    return shown


def ratio_interval(own: NDArray[np.float64], base: NDArray[np.float64]) -> tuple[float, float, float]:
    """The ratio of sums, and its 2.5 and 97.5 percentiles over bootstrap draws of seeds."""
    drawn = np.random.default_rng(0).integers(len(own), size=(_RESAMPLES, len(own)))
    low, high = np.quantile(own[drawn].sum(axis=1) / base[drawn].sum(axis=1), [0.025, 0.975])
    return float(own.sum() / base.sum()), float(low), float(high)


def _written(interval: tuple[float, float, float]) -> str:
    value, low, high = interval
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="independent runs, at least 2")
    parser.add_argument("--first-seed", type=int, default=1, help="settings are tuned on those from 2001 on")
    parser.add_argument("--listeners", type=int, default=40, help="listeners who share the visits of a run")
    parser.add_argument("--visits", type=int, default=300, help="visits of a run")
    parser.add_argument("--batch", type=int, default=50, help="visits between learning")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--out", type=Path, help="keep the runs there; the same command goes on from them")
    parser.add_argument("--epsilon", type=float, help="share of pages that explore, by default HOME_EPSILON")
    parser.add_argument("--policies", default=_POLICIES, help="comma separated")
    parser.add_argument("--warm", action="store_true", help="start the serving policy from the newest model")
    return parser.parse_args()


if __name__ == "__main__":
    main()
