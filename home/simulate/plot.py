"""A simulation as pictures. Importing this imports matplotlib, which nothing else needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from home.rules.check import CheckReport
from home.simulate.report import PolicySummary, SimulationReport, Trace
from home.simulate.rows import SimulationResult

_GENRES = 12
_RULES = 14


def write_plot(result: SimulationResult, path: Path) -> None:
    """Draw cumulative regret and the reward of each batch, policy by policy: PNG, SVG or PDF by ending."""
    figure = Figure(figsize=(11.0, 4.2), layout="constrained")
    regret, reward = figure.subplots(1, 2)
    draw_regret(regret, result)
    draw_reward(reward, result)
    figure.savefig(path, dpi=140)


def figures(
    result: SimulationResult, report: SimulationReport, rules: CheckReport | None = None
) -> Mapping[str, Figure]:
    """Every picture of a simulation by its title; `rules` are priced where given.

    The report must know what exposure fell on.
    """
    drawn: dict[str, Figure] = {}
    if result.config.regret:
        drawn["Cumulative regret"] = _figure(lambda axes: draw_regret(axes, result))
    drawn["Reward of each batch"] = _figure(lambda axes: draw_reward(axes, result))
    drawn["Exposure by content type"] = _figure(lambda axes: _stacks(axes, report, "content_types"))
    drawn["Exposure by genre"] = _figure(lambda axes: _genres(axes, report))
    drawn["How concentrated exposure is"] = _figure(lambda axes: _concentration(axes, report))
    if result.config.measures:
        for title, names in {
            "Diversity": ("intra_shelf", "inter_shelf"),
            "Calibration to taste": ("miscalibration",),
            "Relevance and stability": ("ndcg", "stability"),
            "Novelty": ("novelty",),
        }.items():
            drawn[title] = _figure(lambda axes, names=names: _by_batch(axes, result, names))  # type: ignore[misc]
    if any(summary.paid for summary in report.summaries):
        drawn["What pages pay for broken soft rules"] = _figure(lambda axes: _paid(axes, report))
    if rules is not None:
        drawn["What rules cost"] = _figure(lambda axes: _prices(axes, rules))
    drawn["Composing time"] = _figure(lambda axes: _latency(axes, result))
    drawn["Fallbacks, failures and exploration"] = _figure(lambda axes: _faults(axes, report))
    return drawn


def draw_regret(axes: Axes, result: SimulationResult) -> None:
    """Cumulative regret of each policy over its visits."""
    for trace in _traces(result):
        axes.plot(np.cumsum(trace.column("regret")), label=trace.policy)
    axes.set(title="Cumulative regret", xlabel="visit", ylabel="expected clicks behind the best known page")
    _finish(axes)


def draw_reward(axes: Axes, result: SimulationResult) -> None:
    """Mean reward per page of each policy, batch by batch."""
    for trace in _traces(result):
        axes.plot(*_means(trace, "reward"), marker="o", markersize=3.0, label=trace.policy)
    axes.set(title="Reward", xlabel="batch", ylabel="mean reward per page")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _finish(axes)


def _figure(draw: Callable[[Axes], None]) -> Figure:
    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    draw(figure.subplots())
    return figure


def _traces(result: SimulationResult) -> Sequence[Trace]:
    return [Trace(name, result.rows) for name in result.policies]


def _means(trace: Trace, name: str) -> tuple[list[int], list[float]]:
    """The batches in which a column says something, and its means there."""
    batch, values = trace.column("batch").astype(np.int64), trace.column(name)
    known = np.isfinite(values)
    found = np.unique(batch[known])
    return found.tolist(), [float(values[known & (batch == one)].mean()) for one in found]


def _by_batch(axes: Axes, result: SimulationResult, names: Sequence[str]) -> None:
    styles = ("-", "--")
    for trace in _traces(result):
        colour = None
        for name, style in zip(names, styles, strict=False):
            label = f"{trace.policy}: {name}" if len(names) > 1 else trace.policy
            (line,) = axes.plot(
                *_means(trace, name), style, marker="o", markersize=3.0, label=label, c=colour
            )
            colour = line.get_color()
    axes.set(xlabel="batch", ylabel=", ".join(names))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _finish(axes)


def _stacks(axes: Axes, report: SimulationReport, of: str) -> None:
    shares = [getattr(summary.shares, of) if summary.shares else {} for summary in report.summaries]
    names = [summary.policy for summary in report.summaries]
    left = np.zeros(len(names))
    for kind in dict.fromkeys(kind for some in shares for kind in some):
        widths = np.array([100.0 * some.get(kind, 0.0) for some in shares])
        axes.barh(names, widths, left=left, label=kind)
        left += widths
    axes.set(xlabel="% of all looks", ylim=(-0.6, len(names) - 0.1))
    axes.invert_yaxis()
    axes.legend(frameon=False, fontsize="small", ncols=4, loc="lower center")


def _genres(axes: Axes, report: SimulationReport) -> None:
    """Side by side, the genres that get most under any policy."""
    shares = {s.policy: s.shares.genres if s.shares else {} for s in report.summaries}
    most: dict[str, float] = {}
    for some in shares.values():
        for genre, share in some.items():
            if genre:
                most[genre] = max(most.get(genre, 0.0), share)
    genres = sorted(most, key=lambda genre: -most[genre])[:_GENRES]
    _bars(axes, genres, {name: [100.0 * some.get(g, 0.0) for g in genres] for name, some in shares.items()})
    axes.set(xlabel="% of all looks")


def _concentration(axes: Axes, report: SimulationReport) -> None:
    def values(summary: PolicySummary) -> list[float]:
        found = summary.shares
        return [] if found is None else [found.items.gini, found.providers.gini, found.of_genres.gini]

    _bars(axes, ["items", "providers", "genres"], {s.policy: values(s) for s in report.summaries if s.shares})
    axes.set(xlabel="Gini coefficient of exposure: 0 is equal")


def _paid(axes: Axes, report: SimulationReport) -> None:
    rules = sorted({rule for summary in report.summaries for rule in summary.paid})[:_RULES]
    _bars(
        axes,
        rules,
        {s.policy: [100.0 * s.paid.get(rule, 0.0) for rule in rules] for s in report.summaries},
    )
    axes.set(xlabel="% of predicted reward given up")


def _prices(axes: Axes, rules: CheckReport) -> None:
    priced = sorted((r for r in rules.rules if r.applies), key=lambda r: -float(np.mean(r.prices)))[:_RULES]
    axes.barh([r.rule.id for r in priced], [100.0 * float(np.mean(r.prices)) for r in priced])
    axes.set(xlabel=f"% that pages would gain without the rule, {rules.contexts} contexts")
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)


def _latency(axes: Axes, result: SimulationResult) -> None:
    for trace in _traces(result):
        times = np.sort(1000.0 * trace.column("seconds"))
        axes.plot(times, np.linspace(0.0, 100.0, len(times)), label=trace.policy)
    axes.set(xlabel="milliseconds to compose a page", ylabel="% of pages at most as slow", xscale="log")
    _finish(axes)


def _faults(axes: Axes, report: SimulationReport) -> None:
    kinds = ["fallback", "a source failed", "not proven optimal", "explored"]
    shares = {
        s.policy: [
            100.0 * share
            for share in (s.fallback, max(s.failures.values(), default=0.0), 1.0 - s.optimal, s.explored)
        ]
        for s in report.summaries
    }
    _bars(axes, kinds, shares)
    axes.set(xlabel="% of pages")


def _bars(axes: Axes, labels: Sequence[str], groups: Mapping[str, Sequence[float]]) -> None:
    places = np.arange(len(labels), dtype=np.float64)
    height = 0.8 / max(len(groups), 1)
    for i, (name, values) in enumerate(groups.items()):
        axes.barh(places + (i - (len(groups) - 1) / 2) * height, values, height, label=name)
    axes.set_yticks(places, labels)
    axes.invert_yaxis()
    _finish(axes)


def _finish(axes: Axes) -> None:
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize="small")
