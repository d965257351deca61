"""A simulation for people: tables and verdicts in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bandits.ope.intervals import Interval
from home.simulate.logged import FEW, LoggedReport
from home.simulate.metrics.page import PAGE_MEASURES
from home.simulate.report import METRICS, Comparison, PolicySummary, SimulationReport

_NOTHING = "–"


def render(report: SimulationReport, console: Console) -> None:
    """Print the report: one table of policies, one of differences, and a verdict in words."""
    console.print(_policies(report))
    whole = [*whole_page_lines(report), *share_lines(report), *cold_line(report)]
    if whole:
        console.print(_whole(report, whole))
    if report.comparisons:
        console.print(_differences(report))
    for comparison in report.comparisons:
        if comparison.metric == "clicks":
            console.print(verdict(comparison))
    if report.visits <= report.batch:
        console.print(
            f"[yellow]nothing was learned[/]: policies learn after each batch, and {report.visits} visits are"
            f" one batch of {report.batch}; give more --visits or a smaller --batch"
        )


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
    for label, cell in LINES.items():
        table.add_row(label, *(cell(summary) for summary in report.summaries))
    return table


def _plain(interval: Interval | None) -> str:
    return (
        _NOTHING if interval is None else f"{interval.value:.3f}\n[{interval.low:.3f}, {interval.high:.3f}]"
    )


LINES: Mapping[str, Callable[[PolicySummary], str]] = {
    METRICS["clicks"]: lambda summary: _plain(summary.clicks),
    METRICS["clicked"]: lambda summary: _plain(summary.clicked),
    METRICS["reward"]: lambda summary: _plain(summary.reward),
    METRICS["regret"]: lambda summary: _plain(summary.regret),
    "shelves looked at": lambda summary: f"{summary.looked_at:.1f}",
    "proven optimal": lambda summary: f"{summary.optimal:.1%}",
    "fallback": lambda summary: f"{summary.fallback:.1%}",
    "explored": lambda summary: f"{summary.explored:.1%}",
    "ms to compose, median": lambda summary: f"{summary.p50_ms:.1f}",
    "ms to compose, slowest 1 %": lambda summary: f"{summary.p99_ms:.1f}",
}
"""What a policy is like per page: label → cell."""


Lines = Sequence[tuple[str, Sequence[str]]]
"""Label → a cell for each policy."""


def whole_page_lines(report: SimulationReport) -> Lines:
    """What pages are like as a whole; measures that nothing was measured by are left out."""
    lines = [
        (what, [_number(summary.measures[name]) for summary in report.summaries])
        for name, what in PAGE_MEASURES.items()
    ]
    lines += [("came back the next day", [_share(summary.returned) for summary in report.summaries])]
    if any(summary.came < 1.0 for summary in report.summaries):
        lines += [("came when they could", [_share(summary.came) for summary in report.summaries])]
    return [line for line in lines if any(cell != _NOTHING for cell in line[1])]


def share_lines(report: SimulationReport) -> Lines:
    """How exposure is shared out; nothing where the report does not know."""
    known = [summary.shares for summary in report.summaries if summary.shares is not None]
    if len(known) < len(report.summaries):
        return []
    kinds = dict.fromkeys(kind for shares in known for kind in shares.content_types)
    return [
        *((f"looks at {kind}", [_share(s.content_types.get(kind, 0.0)) for s in known]) for kind in kinds),
        ("items shown, of all", [_share(s.items.coverage) for s in known]),
        ("items that share exposure, effectively", [f"{s.items.effective:.0f}" for s in known]),
        ("providers shown, of all", [_share(s.providers.coverage) for s in known]),
        ("Gini of items", [_number(s.items.gini) for s in known]),
        ("Gini of providers", [_number(s.providers.gini) for s in known]),
        ("Gini of genres", [_number(s.of_genres.gini) for s in known]),
    ]


def cold_line(report: SimulationReport) -> Lines:
    """Cold-start listeners apart, where there are any."""
    if all(summary.cold is None for summary in report.summaries):
        return []
    cold = [summary.cold for summary in report.summaries]
    return [
        ("cold start: pages", [str(c.pages) if c else _NOTHING for c in cold]),
        ("cold start: shelves clicked", [_plain(c.clicks) if c else _NOTHING for c in cold]),
        ("cold start: reward", [_plain(c.reward) if c else _NOTHING for c in cold]),
    ]


def _whole(report: SimulationReport, lines: Lines) -> Table:
    table = Table(title="Pages as a whole", box=SIMPLE_HEAD)
    table.add_column("mean per page")
    for summary in report.summaries:
        table.add_column(summary.policy, justify="right", no_wrap=True)
    for label, cells in lines:
        table.add_row(label, *cells)
    return table


def _number(value: float) -> str:
    return f"{value:.3f}" if isfinite(value) else _NOTHING


def _share(value: float) -> str:
    return f"{value:.1%}" if isfinite(value) else _NOTHING


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


def render_logged(report: LoggedReport, console: Console) -> None:
    """Print policies on a real log: how much of it they met, and what it brought."""
    table = Table(
        title=f"{report.log}: {report.rows} rows, {report.actions} actions, seed {report.seed}",
        box=SIMPLE_HEAD,
    )
    for header in ("policy", "accepted", "reward"):
        table.add_column(header, justify="left" if header == "policy" else "right")
    table.add_row("the log, as it was", str(report.rows), _small(report.on_policy))
    for found in report.policies:
        table.add_row(found.policy, str(found.accepted), _small(found.value))
    console.print(table)
    for found in report.policies:
        if found.accepted < FEW:
            console.print(
                f"[red]{found.policy}: {found.accepted} accepted rounds say next to nothing[/]; the log's"
                " least propensity makes nearly every row be rejected"
            )


def _small(interval: Interval | None) -> str:
    return _NOTHING if interval is None else f"{interval.value:.5f} [{interval.low:.5f}, {interval.high:.5f}]"
