"""What a simulation says: numbers per policy and paired differences, with intervals that respect listeners.

Pages of one listener are dependent, so intervals come from a bootstrap that draws listeners, each with all
their pages (`bandits.ope.intervals.bootstrap`). Differences are taken visit by visit before drawing: since
both policies met the same visit with the same luck, what they share cancels. Source: Efron and Tibshirani,
"An Introduction to the Bootstrap", chapter 13; for clusters Davison and Hinkley, "Bootstrap Methods and their
Application", section 3.8. An interval speaks of other listeners of the same kind met by the same run of
learning; it does not include the luck of learning itself, for which run several seeds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import orjson
from numpy.typing import NDArray

from bandits.ope.estimators import Estimate
from bandits.ope.intervals import Interval, bootstrap
from home.simulate.run import SimulationResult
from layout.types import Status

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
    `p50_ms`, `p99_ms`: composing time. `looked_at`: shelves looked at per page.
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
    result: SimulationResult, baseline: str | None = None, *, seed: int = 0, level: float = 0.95
) -> SimulationReport:
    """Summarise a simulation, comparing every policy with `baseline`: by default "frozen", else the last one.

    Raises ValueError when the baseline took no part.
    """
    baseline = baseline or ("frozen" if "frozen" in result.policies else result.policies[-1])
    if baseline not in result.policies:
        raise ValueError(f"baseline = {baseline!r}: choose among {', '.join(result.policies)}")
    traces = {name: Trace(result, name) for name in result.policies}
    return SimulationReport(
        listener_model=result.model_version,
        listeners=result.listeners,
        visits=result.config.visits,
        batch=result.config.batch,
        seed=result.config.seed,
        baseline=baseline,
        summaries=tuple(_summary(trace, seed, level) for trace in traces.values()),
        comparisons=tuple(_comparisons(traces, baseline, seed, level)),
    )


class Trace:
    """The pages of one policy as columns, in order of visits."""

    def __init__(self, result: SimulationResult, policy: str) -> None:
        self.policy = policy
        self.rows = tuple(row for row in result.rows if row.policy == policy)

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
        return float(np.mean([getattr(row, name) == value for row in self.rows]))


def mean_interval(values: Numbers, listener: NDArray[np.int64], seed: int, level: float) -> Interval:
    """The mean of `values` (m,) with an interval from drawing listeners; of no width for one listener."""
    estimate = Estimate("mean", values, np.ones(len(values)), listener)
    if len(np.unique(listener)) < 2:
        return Interval(estimate.value, estimate.value, estimate.value, level, "one listener")
    return bootstrap(estimate, np.random.default_rng(seed), level)


def _summary(trace: Trace, seed: int, level: float) -> PolicySummary:
    means = {name: _mean(trace, name, seed, level) for name in METRICS}
    milliseconds = 1000.0 * trace.column("seconds")
    return PolicySummary(
        policy=trace.policy,
        pages=len(trace.rows),
        clicks=means["clicks"],
        clicked=means["clicked"],
        reward=means["reward"],
        regret=means["regret"] if np.isfinite(means["regret"].value) else None,
        looked_at=float(trace.column("looked_at").mean()),
        expected_clicks=float(trace.column("expected_clicks").mean()),
        optimal=trace.share("status", Status.OPTIMAL.value),
        fallback=1.0 - trace.share("fallback", ""),
        explored=trace.share("explored", True),
        p50_ms=float(np.quantile(milliseconds, 0.5)),
        p99_ms=float(np.quantile(milliseconds, 0.99)),
    )


def _mean(trace: Trace, metric: str, seed: int, level: float) -> Interval:
    return mean_interval(trace.column(metric), trace.listener, seed, level)


def _comparisons(traces: Mapping[str, Trace], baseline: str, seed: int, level: float) -> Iterator[Comparison]:
    base = traces[baseline]
    for name, trace in traces.items():
        if name == baseline:
            continue
        for metric in METRICS:
            reference = base.column(metric)
            difference = trace.column(metric) - reference
            if np.isfinite(difference).all():
                interval = mean_interval(difference, trace.listener, seed, level)
                yield Comparison(name, baseline, metric, interval, _relative(interval.value, reference))


def _relative(difference: float, reference: Numbers) -> float:
    mean = float(reference.mean())
    return difference / mean if mean else float("nan")
