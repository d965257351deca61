"""What a simulation says: numbers per policy and paired differences, with intervals that respect listeners.

Pages of one listener are dependent, so intervals come from a bootstrap that draws listeners, each with all
their pages (`bandits.ope.intervals.bootstrap`). Differences are taken visit by visit before drawing: since
both policies met the same visit with the same luck, what they share cancels. Source: Efron and Tibshirani,
"An Introduction to the Bootstrap", chapter 13; for clusters Davison and Hinkley, "Bootstrap Methods and their
Application", section 3.8. An interval speaks of other listeners of the same kind met by the same run of
learning; it does not include the luck of learning itself, for which run several seeds.

Where visits depend on satisfaction, policies are compared by opportunity: a listener who stayed away under
one of them clicked nothing there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from math import nan

import numpy as np
import orjson
from numpy.typing import NDArray

from bandits.ope.estimators import Estimate
from bandits.ope.intervals import Interval, bootstrap
from home.simulate.metrics.page import PAGE_MEASURES
from home.simulate.rows import SimulationResult, VisitRow
from home.simulate.shares import Shares, shares
from home.simulate.tally import Tally
from layout.types import Status
from shelves.catalog import Catalog

METRICS: Mapping[str, str] = {
    "clicks": "shelves clicked",
    "clicked": "pages with a click",
    "reward": "reward",
    "regret": "expected clicks behind the best",
}
"""What is compared, per page, in words."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PolicySummary:
    """One policy over all its pages.

    Intervals are of means per page, see `METRICS`; `regret` is None where it was not measured. `optimal`,
    `fallback`, `explored`: shares of pages proven optimal, served by a fallback, and drawn by exploration.
    `p50_ms`, `p99_ms`: composing time. `looked_at`: shelves looked at per page. `came`: share of the visits
    that could have been which were. `returned`: share of pages, but for those of the last day, whose listener
    came again on the next day. `measures`: means per page of `PAGE_MEASURES`, over the pages where they say
    something. `cold`: the same for listeners of whom next to nothing is known, None without any. `shares`:
    how exposure was shared out, None where no catalogue was given. `paid`: soft rule → share of predicted
    reward given up for breaking it. `failures`: source → share of pages on which it failed.
    """

    policy: str
    pages: int
    clicks: Interval
    clicked: Interval
    reward: Interval
    regret: Interval | None
    looked_at: float
    expected_clicks: float
    optimal: float
    fallback: float
    explored: float
    p50_ms: float
    p99_ms: float
    came: float
    returned: float
    measures: Mapping[str, float]
    cold: ColdSummary | None
    shares: Shares | None
    paid: Mapping[str, float]
    failures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ColdSummary:
    """Pages for cold-start listeners (`home.simulate.metrics.page.cold`); intervals of means per page."""

    pages: int
    clicks: Interval
    reward: Interval


@dataclass(frozen=True, slots=True)
class Comparison:
    """A policy against the baseline: mean difference per page, and relative to the baseline's mean."""

    policy: str
    baseline: str
    metric: str
    difference: Interval
    relative: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval says that there is a difference."""
        return self.difference.excludes(0.0)


@dataclass(frozen=True, slots=True)
class SimulationReport:
    """A simulation in numbers."""

    listener_model: str
    listeners: int
    visits: int
    batch: int
    seed: int
    baseline: str
    summaries: tuple[PolicySummary, ...]
    comparisons: tuple[Comparison, ...]

    def to_json(self) -> bytes:
        """The report as indented JSON."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)

    def comparison(self, policy: str, metric: str = "clicks") -> Comparison:
        """One comparison. Raises KeyError when there is none."""
        for found in self.comparisons:
            if (found.policy, found.metric) == (policy, metric):
                return found
        raise KeyError((policy, metric))


def report(
    result: SimulationResult,
    baseline: str | None = None,
    *,
    catalog: Catalog | None = None,
    seed: int = 0,
    level: float = 0.95,
) -> SimulationReport:
    """Summarise a simulation, comparing every policy with `baseline`: by default "frozen", else the last one.

    `catalog`, the one that was simulated on, says what exposure fell on. Raises ValueError when the baseline
    took no part.
    """
    baseline = baseline or ("frozen" if "frozen" in result.policies else result.policies[-1])
    if baseline not in result.policies:
        raise ValueError(f"baseline = {baseline!r}: choose among {', '.join(result.policies)}")
    traces = {name: Trace(name, result.rows) for name in result.policies}
    return SimulationReport(
        listener_model=result.model_version,
        listeners=result.listeners,
        visits=result.config.visits,
        batch=result.config.batch,
        seed=result.config.seed,
        baseline=baseline,
        summaries=tuple(_summary(trace, result, catalog, seed, level) for trace in traces.values()),
        comparisons=tuple(_comparisons(traces, baseline, Opportunities(result), seed, level)),
    )


class Trace:
    """The pages of one policy as columns, in order of visits."""

    def __init__(self, policy: str, rows: Iterable[VisitRow]) -> None:
        self.policy = policy
        self.rows = tuple(row for row in rows if row.policy == policy)

    @cached_property
    def listener(self) -> NDArray[np.int64]:
        """The number (m,) of each page's listener."""
        index = np.unique([row.listener_id for row in self.rows], return_inverse=True)[1]
        return np.asarray(index, dtype=np.int64)

    def column(self, name: str) -> Numbers:
        """A numeric column (m,)."""
        return np.array([getattr(row, name) for row in self.rows], dtype=np.float64)

    def share(self, name: str, value: object) -> float:
        """The share of pages on which a column has a value."""
        return float(np.mean([getattr(row, name) == value for row in self.rows])) if self.rows else nan

    def mean(self, name: str) -> float:
        """The mean of a column over the pages where it says something; NaN without any."""
        values = self.column(name)
        values = values[np.isfinite(values)]
        return float(values.mean()) if len(values) else nan

    def returned(self) -> float:
        """The share of pages, those of the last day apart, whose listener came again on the next day."""
        came = {(row.listener_id, row.batch) for row in self.rows}
        last = max((row.batch for row in self.rows), default=0)
        again = [(row.listener_id, row.batch + 1) in came for row in self.rows if row.batch < last]
        return float(np.mean(again)) if again else nan


class Opportunities:
    """The visits that were made to any policy, in order, and whose they are.

    `partly`: listeners could stay away, so that regret, which is nothing then, does not compare.
    """

    def __init__(self, result: SimulationResult) -> None:
        self.partly = result.config.returns
        listener_of = {row.visit: row.listener_id for row in result.rows}
        self._visits = sorted(listener_of)
        index = np.unique([listener_of[visit] for visit in self._visits], return_inverse=True)[1]
        self.listener = np.asarray(index, dtype=np.int64)

    def align(self, trace: Trace, name: str) -> Numbers:
        """A column of a policy by visit (m,), 0 where the listener stayed away."""
        found = {row.visit: float(getattr(row, name)) for row in trace.rows}
        return np.array([found.get(visit, 0.0) for visit in self._visits])


def mean_interval(values: Numbers, listener: NDArray[np.int64], seed: int, level: float) -> Interval:
    """The mean of `values` (m,) with an interval from drawing listeners.

    Of no width for one listener, NaN for none.
    """
    if not len(values):
        return Interval(nan, nan, nan, level, "no pages")
    estimate = Estimate("mean", values, np.ones(len(values)), listener)
    if len(np.unique(listener)) < 2:
        return Interval(estimate.value, estimate.value, estimate.value, level, "one listener")
    return bootstrap(estimate, np.random.default_rng(seed), level)


def _summary(
    trace: Trace, result: SimulationResult, catalog: Catalog | None, seed: int, level: float
) -> PolicySummary:
    means = {name: _mean(trace, name, seed, level) for name in METRICS}
    tally = result.tallies.get(trace.policy, Tally())
    pages = max(len(trace.rows), 1)
    p50, p99 = _milliseconds(trace)
    return PolicySummary(
        policy=trace.policy,
        pages=len(trace.rows),
        clicks=means["clicks"],
        clicked=means["clicked"],
        reward=means["reward"],
        regret=means["regret"] if np.isfinite(means["regret"].value) else None,
        looked_at=trace.mean("looked_at"),
        expected_clicks=trace.mean("expected_clicks"),
        optimal=trace.share("status", Status.OPTIMAL.value),
        fallback=1.0 - trace.share("fallback", ""),
        explored=trace.share("explored", True),
        p50_ms=p50,
        p99_ms=p99,
        came=len(trace.rows) / result.config.visits,
        returned=trace.returned(),
        measures={name: trace.mean(name) for name in PAGE_MEASURES},
        cold=_cold(trace, seed, level),
        shares=None if catalog is None else shares(tally, catalog),
        paid={rule: paid / pages for rule, paid in tally.paid.items()},
        failures={source: count / pages for source, count in tally.failures.items()},
    )


def _cold(trace: Trace, seed: int, level: float) -> ColdSummary | None:
    cold = Trace(trace.policy, (row for row in trace.rows if row.cold))
    if not cold.rows:
        return None
    clicks, reward = (_mean(cold, name, seed, level) for name in ("clicks", "reward"))
    return ColdSummary(len(cold.rows), clicks, reward)


def _milliseconds(trace: Trace) -> tuple[float, float]:
    if not trace.rows:
        return nan, nan
    p50, p99 = np.quantile(1000.0 * trace.column("seconds"), [0.5, 0.99]).tolist()
    return p50, p99


def _mean(trace: Trace, metric: str, seed: int, level: float) -> Interval:
    return mean_interval(trace.column(metric), trace.listener, seed, level)


def _comparisons(
    traces: Mapping[str, Trace], baseline: str, visits: Opportunities, seed: int, level: float
) -> Iterator[Comparison]:
    base = traces[baseline]
    for name, trace in traces.items():
        if name == baseline:
            continue
        for metric in METRICS:
            if metric == "regret" and visits.partly:
                continue
            reference = visits.align(base, metric)
            difference = visits.align(trace, metric) - reference
            if np.isfinite(difference).all():
                interval = mean_interval(difference, visits.listener, seed, level)
                yield Comparison(name, baseline, metric, interval, _relative(interval.value, reference))


def _relative(difference: float, reference: Numbers) -> float:
    mean = float(reference.mean())
    return difference / mean if mean else float("nan")
