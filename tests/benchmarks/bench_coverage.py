"""Bias and coverage of every estimator where the truth is known: `python -m tests.benchmarks.bench_coverage`.

Each log is drawn anew from a world of eight kinds of listeners and six shelves (`tests.bandits.worlds`),
whose target policy's value is exact. Reward models are fitted to each log, in two folds. Bias and coverage
come with two Monte-Carlo standard errors; biased estimators are there to show what their bias costs.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table as Printed

from bandits.ope.actions import ActionRounds, ModelledRounds, Table
from bandits.ope.doubly_robust import dm, dr, dros, sndr, sub_gaussian_dr, switch_dr
from bandits.ope.estimators import Estimate, clipped_ips, ips, rejection, replay, snips, sub_gaussian_ips
from bandits.ope.intervals import bootstrap, corrected_terms, empirical_bernstein, normal, weighted_terms
from bandits.ope.marginalised import known_marginal_weights, mips, snmips
from bandits.ope.multi_logger import balanced_dr, balanced_ips, weighted_dr, weighted_ips
from bandits.ope.reward_models import RidgeReward, cross_fit, mrdr_weights
from bandits.ope.rounds import Column
from bandits.ope.tuning import limits, slope
from tests.bandits.worlds import ACTIONS, KINDS, World, make_world

REPLICATES = 400


class Log:
    """m rounds by one logger, and m by two, seen in every way that an estimator may want."""

    def __init__(self, world: World, m: int, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.rounds, self.logging, _ = world.log(m, self.rng)
        self.several, _, self.logged = world.log(m, self.rng, loggers=2)
        self.weight_bound = float((world.target / world.loggers[0]).max())

    @cached_property
    def modelled(self) -> ModelledRounds:
        """The rounds of one logger with a reward model."""
        return self._fit(self.rounds)

    @cached_property
    def robust(self) -> ModelledRounds:
        """The rounds of one logger with the reward model of MRDR."""
        return self._fit(self.rounds, mrdr_weights(self.rounds.rounds))

    @cached_property
    def several_modelled(self) -> ModelledRounds:
        """The rounds of two loggers with a reward model."""
        return self._fit(self.several)

    def _fit(self, rounds: ActionRounds, weights: Column | None = None) -> ModelledRounds:
        return rounds.modelled(cross_fit(rounds, RidgeReward, self.rng, 2, weights))


Estimator = Callable[[Log], Estimate]


@dataclass(frozen=True, slots=True)
class Entry:
    """An estimator that `claims` no bias, or one of order 1/m; `bounded` terms are those of IPS or DR."""

    estimator: Estimator
    claims: bool
    bounded: str | None = None


def _by_genre(world: World, estimator: Callable[[ActionRounds, Table], Estimate]) -> Estimator:
    same = (world.genre[:, None] == world.genre[None, :]).astype(np.float64)

    def estimate(log: Log) -> Estimate:
        weights = known_marginal_weights(log.rounds.target, log.logging, same[log.rounds.action])
        return estimator(log.rounds, weights)

    return estimate


def _tuned(paired: bool) -> Estimator:
    def estimate(log: Log) -> Estimate:
        tried = limits(log.rounds.rounds.weights, 8)
        return slope(lambda x: switch_dr(log.modelled, x), tried, paired=paired).estimate

    return estimate


PLAIN = make_world(0)
GENRES = make_world(1, by_genre=True)
_best = np.zeros((KINDS, ACTIONS))
_best[np.arange(KINDS), PLAIN.rates.argmax(axis=1)] = 1.0
UNIFORM = replace(PLAIN, loggers=np.full(PLAIN.loggers.shape, 1.0 / ACTIONS), target=_best)

ENTRIES: dict[str, tuple[World, dict[str, Entry]]] = {
    "one logger": (
        PLAIN,
        {
            "ips": Entry(lambda log: ips(log.rounds.rounds), True, "ips"),
            "clipped_ips, limit 2": Entry(lambda log: clipped_ips(log.rounds.rounds, 2.0), False, "ips"),
            "snips": Entry(lambda log: snips(log.rounds.rounds), True),
            "sub_gaussian_ips, λ 0.05": Entry(
                lambda log: sub_gaussian_ips(log.rounds.rounds, 0.05), False, "ips"
            ),
            "rejection": Entry(lambda log: rejection(log.rounds.rounds, log.weight_bound, log.rng), True),
            "dm": Entry(lambda log: dm(log.modelled), False),
            "dr": Entry(lambda log: dr(log.modelled), True, "dr"),
            "sndr": Entry(lambda log: sndr(log.modelled), True),
            "mrdr": Entry(lambda log: dr(log.robust), True, "dr"),
            "switch_dr, threshold 2": Entry(lambda log: switch_dr(log.modelled, 2.0), False, "dr"),
            "switch_dr by SLOPE, unpaired": Entry(_tuned(paired=False), False),
            "dros, λ 5": Entry(lambda log: dros(log.modelled, 5.0), False, "dr"),
            "sub_gaussian_dr, λ 0.05": Entry(lambda log: sub_gaussian_dr(log.modelled, 0.05), False, "dr"),
            "switch_dr by SLOPE": Entry(_tuned(paired=True), False),
        },
    ),
    "two loggers": (
        PLAIN,
        {
            "ips": Entry(lambda log: ips(log.several.rounds), True),
            "balanced_ips": Entry(lambda log: balanced_ips(log.several.rounds, log.logged), True),
            "weighted_ips": Entry(lambda log: weighted_ips(log.several.rounds, log.logged), False),
            "balanced_dr": Entry(lambda log: balanced_dr(log.several_modelled, log.logged), True),
            "weighted_dr": Entry(lambda log: weighted_dr(log.several_modelled, log.logged), True),
        },
    ),
    "shelves of a genre alike": (
        GENRES,
        {
            "ips": Entry(lambda log: ips(log.rounds.rounds), True, "ips"),
            "mips": Entry(_by_genre(GENRES, mips), True),
            "snmips": Entry(_by_genre(GENRES, snmips), True),
        },
    ),
    "shelves of a genre not alike": (PLAIN, {"mips": Entry(_by_genre(PLAIN, mips), False)}),
    "uniform log, certain target": (
        UNIFORM,
        {
            "replay": Entry(lambda log: replay(log.rounds.rounds), True),
            "ips": Entry(lambda log: ips(log.rounds.rounds), True, "ips"),
            "dr": Entry(lambda log: dr(log.modelled), True, "dr"),
            "mrdr": Entry(lambda log: dr(log.robust), True, "dr"),
        },
    ),
}


@dataclass(slots=True)
class Tally:
    """What an estimator said over all logs: its values, and whether each interval held the truth."""

    values: list[float]
    normal: list[bool]
    bootstrap: list[bool]
    bernstein: list[bool]
    widths: list[float]

    def add(self, entry: Entry, log: Log, truth: float) -> None:
        """Count one log."""
        estimate = entry.estimator(log)
        by_formula = normal(estimate)
        self.values.append(estimate.value)
        self.normal.append(not by_formula.excludes(truth))
        self.bootstrap.append(not bootstrap(estimate, log.rng, replicates=REPLICATES).excludes(truth))
        if entry.bounded:
            terms = corrected_terms if entry.bounded == "dr" else weighted_terms
            bound = empirical_bernstein(estimate, terms(log.weight_bound))
            self.bernstein.append(not bound.excludes(truth))
            self.widths.append((bound.high - bound.low) / (by_formula.high - by_formula.low))


def tally(world: World, entries: dict[str, Entry], logs: int, m: int, label: str) -> dict[str, Tally]:
    """All estimators of one world, on the same logs."""
    found = {name: Tally([], [], [], [], []) for name in entries}
    for seed in track(range(logs), label):
        log = Log(world, m, seed)
        for name, entry in entries.items():
            found[name].add(entry, log, world.truth)
    return found


def _row(name: str, entry: Entry, one: Tally, truth: float) -> list[str]:
    values = np.array(one.values)
    bias, error = values.mean() - truth, 2.0 * values.std(ddof=1) / np.sqrt(len(values))
    return [
        name,
        "yes" if entry.claims else "no",
        f"{1e3 * bias:+.2f} ± {1e3 * error:.2f}",
        f"{1e3 * np.sqrt(np.mean((values - truth) ** 2)):.1f}",
        _share(one.normal),
        _share(one.bootstrap),
        f"{_share(one.bernstein)} ({np.mean(one.widths):.1f})" if one.bernstein else "",
    ]


def _share(held: list[bool]) -> str:
    share = float(np.mean(held))
    return f"{share:.1%} ± {2.0 * np.sqrt(share * (1.0 - share) / len(held)):.1%}"


COLUMNS = ("world", "estimator", "unbiased", "bias, ‰", "RMSE, ‰", "normal", "bootstrap", "Bernstein (width)")


def main() -> None:
    """Print the table, or with --markdown as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--only", help="one estimator by name (default: all)")
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    rows = []
    for label, (world, every) in ENTRIES.items():
        entries = {name: entry for name, entry in every.items() if given.only in (None, name)}
        if not entries:
            continue
        found = tally(world, entries, given.logs, given.rounds, label)
        rows += [[label, *_row(name, entry, found[name], world.truth)] for name, entry in entries.items()]
    title = f"95 % intervals on {given.logs:,} logs of {given.rounds:,} rounds; truths " + ", ".join(
        f"{world.truth:.4f}" for world in (PLAIN, GENRES, UNIFORM)
    )
    if given.markdown:
        print(title, "", f"| {' | '.join(COLUMNS)} |", "|" + " --- |" * len(COLUMNS), sep="\n")
        print(*(f"| {' | '.join(row)} |" for row in rows), sep="\n")
        return
    table = Printed(*COLUMNS, title=title)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
