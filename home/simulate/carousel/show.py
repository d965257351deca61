"""A simulation of the carousel for people: a table, and a verdict in words."""

from __future__ import annotations

from math import isfinite

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bandits.ope.intervals import Interval
from home.simulate.carousel.report import CarouselReport, Comparison


def render(report: CarouselReport, console: Console) -> None:
    """Print the report: where the users come from, a table of policies, and each against the baseline."""
    console.print(f"Users: {report.origin}.", highlight=False)
    if report.synthetic:
        console.print(
            "[yellow]They are synthetic: compare the order of policies with the paper's, not the values.[/]"
        )
    console.print(_table(report))
    for comparison in report.comparisons:
        console.print(verdict(comparison), highlight=False)


def verdict(comparison: Comparison) -> str:
    """One comparison in a sentence."""
    name, base, ratio = comparison.policy, comparison.baseline, comparison.ratio
    if not isfinite(ratio.low):
        return f"{name} has {ratio.value:.2f} times the regret of {base}, on one seed."
    interval = f"{ratio.value:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]"
    if not comparison.difference.excludes(0.0):
        return f"{name} and {base} cannot be told apart by regret: {interval} times."
    return f"{name} has {interval} times the regret of {base}."


def _table(report: CarouselReport) -> Table:
    seeds = f"{len(report.seeds)} seed{'s' if len(report.seeds) > 1 else ''}"
    table = Table(
        title=f"Cumulative regret, {report.rounds} rounds × {report.users:,} users, {seeds}",
        caption=f"feedback: {report.feedback}; ± 95 % over seeds; M/min: million carousels per CPU minute",
        box=SIMPLE_HEAD,
    )
    published = any(summary.published is not None for summary in report.summaries)
    table.add_column("policy", no_wrap=True)
    columns = [f"round {report.rounds // 2}", f"round {report.rounds}", *(["paper"] if published else [])]
    for column in [*columns, "M/min"]:
        table.add_column(column, justify="right", no_wrap=True)
    for summary in report.summaries:
        paper = "–" if summary.published is None else f"{summary.published:,.0f}"
        table.add_row(
            summary.policy,
            _plain(summary.halfway),
            _plain(summary.regret),
            *([paper] if published else []),
            f"{summary.per_minute / 1e6:.2f}",
        )
    return table


def _plain(interval: Interval) -> str:
    if not isfinite(interval.low):
        return f"{interval.value:,.0f}"
    return f"{interval.value:,.0f} ± {interval.high - interval.value:,.0f}"
