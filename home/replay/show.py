"""A replay for people: one table, and a verdict on each line of it in words."""

from __future__ import annotations

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bandits.ope.diagnostics import Verdict
from bandits.ope.intervals import Interval
from home.replay.judge import Judgement, ReplayReport

_STYLE = {Verdict.TRUST: "green", Verdict.THIN_SUPPORT: "yellow", Verdict.DO_NOT_TRUST: "red"}


def render(report: ReplayReport, console: Console) -> None:
    """Print the report: the log, every target beside its own mean, and how far to trust each."""
    left_out = report.excluded
    console.print(
        f"{report.decisions} decisions of {report.listeners} listeners; left out: {left_out.open} with an"
        f" open horizon, {left_out.inexact} without an exact propensity,"
        f" {left_out.damaged} with a damaged record"
    )
    console.print(_table(report))
    for judgement in report.judgements:
        verdict = judgement.diagnostics.verdict
        reason = judgement.diagnostics.reason
        console.print(f"{judgement.target}: [{_STYLE[verdict]}]{verdict}[/]: {reason}")


def _table(report: ReplayReport) -> Table:
    table = Table(
        title=f"Reward per page, {report.level:.0%} intervals over listeners",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for header in ("policy", "IPS", "SNIPS", "effective\npages", "largest\nweight", "support"):
        table.add_column(header, justify="left" if header == "policy" else "right", no_wrap=True)
    table.add_row("as it was", _cell(report.on_policy), "", str(report.decisions), "", "")
    for judgement in report.judgements:
        table.add_row(*_cells(judgement))
    return table


def _cells(judgement: Judgement) -> Iterator[str]:
    diagnostics = judgement.diagnostics
    yield judgement.target
    yield _cell(judgement.ips)
    yield "–" if judgement.snips is None else _cell(judgement.snips)
    yield f"{diagnostics.effective_sample_size:.0f}"
    yield f"{diagnostics.max_weight:.2f}"
    yield f"{diagnostics.support:.1%}"


def _cell(interval: Interval) -> str:
    return f"{interval.value:.4f}\n[{interval.low:.3f}, {interval.high:.3f}]"
