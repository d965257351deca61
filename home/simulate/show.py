"""A simulation for people: tables and verdicts in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bandits.ope.intervals import Interval
from home.simulate.report import METRICS, Comparison, PolicySummary, SimulationReport


def render(report: SimulationReport, console: Console) -> None:
    """Print the report: one table of policies, one of differences, and a verdict in words."""
    console.print(_policies(report))
    if report.comparisons:
        console.print(_differences(report))
    for comparison in report.comparisons:
        if comparison.metric == "clicks":
            console.print(verdict(comparison))


def verdict(comparison: Comparison) -> str:
    """One comparison in a sentence."""
    name, base, difference = comparison.policy, comparison.baseline, comparison.difference
    what = METRICS[comparison.metric]
    if not comparison.excludes_zero:
        return f"{name} and {base} cannot be told apart by {what} per page: {_signed(difference)}."
    more = "more" if difference.value > 0 else "fewer" if comparison.metric == "clicks" else "less"
    return (
        f"{name}: {abs(comparison.relative):.0%} {more} {what} per page than {base}, {_signed(difference)}."
    )


def _policies(report: SimulationReport) -> Table:
    """A column for each policy, so that a terminal of 80 characters holds three of them."""
    table = Table(
        title=f"{report.visits} visits of {report.listeners} simulated listeners, seed {report.seed}",
        caption=f"listener model {report.listener_model}; intervals over listeners",
        box=SIMPLE_HEAD,
    )
    table.add_column("per page")
    for summary in report.summaries:
        table.add_column(summary.policy, justify="right", no_wrap=True)
    for label, cell in _LINES.items():
        table.add_row(label, *(cell(summary) for summary in report.summaries))
    return table


def _plain(interval: Interval | None) -> str:
    return "–" if interval is None else f"{interval.value:.3f}\n[{interval.low:.3f}, {interval.high:.3f}]"


_LINES: Mapping[str, Callable[[PolicySummary], str]] = {
    METRICS["clicks"]: lambda summary: _plain(summary.clicks),
    METRICS["clicked"]: lambda summary: _plain(summary.clicked),
    METRICS["reward"]: lambda summary: _plain(summary.reward),
    METRICS["regret"]: lambda summary: _plain(summary.regret),
    "shelves looked at": lambda summary: f"{summary.looked_at:.1f}",
    "proven optimal": lambda summary: f"{summary.optimal:.1%}",
    "fallback": lambda summary: f"{summary.fallback:.1%}",
    "explored": lambda summary: f"{summary.explored:.1%}",
    "ms to compose, median": lambda summary: f"{summary.p50_ms:.1f}",
}


def _differences(report: SimulationReport) -> Table:
    table = Table(title=f"Difference from {report.baseline}, visit by visit", box=SIMPLE_HEAD)
    table.add_column("policy")
    table.add_column("measure")
    table.add_column("difference", justify="right")
    table.add_column("relative", justify="right")
    for comparison in report.comparisons:
        table.add_row(
            comparison.policy,
            METRICS[comparison.metric],
            _signed(comparison.difference),
            f"{comparison.relative:+.1%}",
        )
    return table


def _signed(interval: Interval) -> str:
    return f"{interval.value:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"
