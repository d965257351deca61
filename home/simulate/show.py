"""A simulation for people: tables and verdicts in the terminal."""

from __future__ import annotations

from collections.abc import Iterator

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
        return f"{name} and {base} cannot be told apart by {what} ({_signed(difference)})."
    more = "more" if difference.value > 0 else "fewer" if comparison.metric == "clicks" else "less"
    return f"{name} has {abs(comparison.relative):.0%} {more} {what} than {base} ({_signed(difference)})."


def _policies(report: SimulationReport) -> Table:
    table = Table(
        title=f"{report.visits} visits of {report.listeners} simulated listeners, seed {report.seed}",
        caption=f"listener model {report.listener_model}; intervals over listeners",
    )
    for header in ("policy", "clicks / page", "pages clicked", "reward / page", "regret / page"):
        table.add_column(header, justify="left" if header == "policy" else "right")
    for header in ("looked at", "optimal", "fallback", "explored", "p50 ms"):
        table.add_column(header, justify="right")
    for summary in report.summaries:
        table.add_row(*_cells(summary))
    return table


def _cells(summary: PolicySummary) -> Iterator[str]:
    yield summary.policy
    yield _plain(summary.clicks)
    yield _plain(summary.clicked)
    yield _plain(summary.reward)
    yield "–" if summary.regret is None else _plain(summary.regret)
    yield f"{summary.looked_at:.1f}"
    yield f"{summary.optimal:.1%}"
    yield f"{summary.fallback:.1%}"
    yield f"{summary.explored:.1%}"
    yield f"{summary.p50_ms:.1f}"


def _differences(report: SimulationReport) -> Table:
    table = Table(title=f"Difference from {report.baseline}, visit by visit")
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


def _plain(interval: Interval) -> str:
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def _signed(interval: Interval) -> str:
    return f"{interval.value:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"
