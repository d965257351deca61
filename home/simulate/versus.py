"""Two rulebooks against each other: what pages, listeners, providers and sources gain and lose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import orjson

from bandits.ope.intervals import Interval
from home.ingest.progress import Progress
from home.rules.book import load_rulebook
from home.simulate.report import METRICS, Opportunities, Trace, mean_interval
from home.simulate.rows import SimulationConfig, SimulationResult
from home.simulate.shares import Shares, shares
from home.simulate.world import World

MEASURED: Mapping[str, str] = {
    **{name: what for name, what in METRICS.items() if name != "regret"},
    "listened": "shelves with 30 s of play",
    "ndcg": "two-dimensional NDCG",
    "intra_shelf": "distance within shelves",
    "inter_shelf": "distance between shelves",
    "miscalibration": "divergence from the listener's genres",
    "novelty": "novelty, bits",
    "stability": "overlap with the last page",
    "sponsored": "sponsored shelves",
    "paid": "share paid for broken soft rules",
}
"""What is compared page by page → in words."""


@dataclass(frozen=True, slots=True)
class Change:
    """A measure under both rulebooks, per page, and the paired difference B − A with its interval."""

    measure: str
    a: float
    b: float
    difference: Interval

    @property
    def certain(self) -> bool:
        """Whether the interval says that there is a difference."""
        return self.difference.excludes(0.0)


@dataclass(frozen=True, slots=True)
class VersusReport:
    """Two rulebooks, A and B, under one policy.

    `sources`: exposure share under B less that under A, by source, greatest gain first; `added`, `removed`
    and `changed` are rule ids of B against A. `fallbacks`: shares of pages that fell back under each.
    """

    a: str
    b: str
    policy: str
    visits: int
    listeners: int
    seed: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    changes: tuple[Change, ...]
    sources: Mapping[str, float]
    content_types: Mapping[str, float]
    shares: tuple[Shares, Shares]
    fallbacks: tuple[float, float]

    def change(self, measure: str) -> Change:
        """One change. Raises KeyError when it was not measured."""
        for found in self.changes:
            if found.measure == measure:
                return found
        raise KeyError(measure)

    def to_json(self) -> bytes:
        """The report as indented JSON."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)


def versus(
    world: World,
    first: Path,
    second: Path,
    policy: str = "frozen",
    config: SimulationConfig | None = None,
    *,
    progress: Progress | None = None,
    workers: int = 1,
    out: Path | None = None,
    level: float = 0.95,
) -> VersusReport:
    """Compare rulebook `second` with `first`, both under `policy`, on the same visits with the same luck.

    A policy that does not learn shows what the rules alone do. Raises ConfigurationError for a rulebook that
    cannot be read or a policy that is not known.
    """
    config = config or SimulationConfig(regret=False)
    books = load_rulebook(first), load_rulebook(second)
    base = world.participants([policy])[policy]
    players = {name: replace(base, rulebook=book) for name, book in zip("AB", books, strict=True)}
    result = world.run(players, config, progress=progress, workers=workers, out=out)
    rules = [{rule.id: rule for rule in book.rules} for book in books]
    both = tuple(shares(result.tallies[name], world.catalog) for name in "AB")
    return VersusReport(
        a=books[0].version,
        b=books[1].version,
        policy=policy,
        visits=config.visits,
        listeners=len(world.contexts),
        seed=config.seed,
        added=tuple(name for name in rules[1] if name not in rules[0]),
        removed=tuple(name for name in rules[0] if name not in rules[1]),
        changed=tuple(n for n, rule in rules[1].items() if n in rules[0] and rules[0][n] != rule),
        changes=tuple(_changes(result, level)),
        sources=_gains(both[0].sources, both[1].sources),
        content_types=_gains(both[0].content_types, both[1].content_types),
        shares=(both[0], both[1]),
        fallbacks=(_fallback(result, "A"), _fallback(result, "B")),
    )


def _changes(result: SimulationResult, level: float) -> Iterator[Change]:
    visits, (a, b) = Opportunities(result), (Trace(name, result.rows) for name in "AB")
    for measure in MEASURED:
        before, after = visits.align(a, measure), visits.align(b, measure)
        known = np.isfinite(before) & np.isfinite(after)
        if known.any():
            difference = (after - before)[known]
            interval = mean_interval(difference, visits.listener[known], result.config.seed, level)
            yield Change(measure, float(before[known].mean()), float(after[known].mean()), interval)


def _gains(before: Mapping[str, float], after: Mapping[str, float]) -> Mapping[str, float]:
    names = dict.fromkeys((*before, *after))
    gains = {name: after.get(name, 0.0) - before.get(name, 0.0) for name in names}
    return dict(sorted(gains.items(), key=lambda pair: -pair[1]))


def _fallback(result: SimulationResult, name: str) -> float:
    rows = [row for row in result.rows if row.policy == name]
    return sum(bool(row.fallback) for row in rows) / max(len(rows), 1)
