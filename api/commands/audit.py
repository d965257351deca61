"""`home audit`: compose for many listeners and check every page."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from api.progress import TerminalProgress
from api.schemas import MAX_SEED
from api.terminal import STDERR, STDOUT, settings_of
from home.audit import AuditReport, audit
from home.bootstrap import open_home
from home.sampling import sample_contexts


def audit_pages(
    context: typer.Context,
    listeners: Annotated[int, typer.Option(help="How many listeners to compose for.", min=1)] = 1000,
    surface: Annotated[str, typer.Option(help="phone, desktop, tv, or a grid of your own.")] = "desktop",
    seed: Annotated[
        int, typer.Option(help="Seed of the sample of listeners and of the draws.", min=0, max=MAX_SEED)
    ] = 1,
) -> None:
    """Compose a Home for many listeners and check every page from the outside.

    Looks for empty pages and shelves, broken rules, items shown twice, ineligible items and propensities
    that are not exact. Rules and propensities are judged on what the log would hold: the layout problem and
    the mixture are put together from the record again, and checked independently. Prints how pages were
    proven optimal and the latency of each stage. Nothing is logged. Exits with status 1 when any page has a
    fault.
    """
    settings = settings_of(context)
    home = open_home(settings, background=False)
    try:
        contexts = sample_contexts(home.engine, listeners, surface, seed, home.clock())
        seeds = iter(np.random.default_rng(seed).integers(0, 2**63, len(contexts)).tolist())
        with TerminalProgress(STDERR) as progress:
            progress.start("Composing", len(contexts))
            report = audit(
                contexts, lambda one: home.compose_for(one, next(seeds)), home.tools, progress.advance
            )
            progress.finish()
    finally:
        home.close()
    render(report, STDOUT)
    if report.faults:
        raise typer.Exit(1)


def render(report: AuditReport, console: Console) -> None:
    """Print what an audit found."""
    console.print(_outcomes(report))
    console.print(_latency(report))


def _outcomes(report: AuditReport) -> Table:
    table = Table("what", "pages", "first listener", title=f"{report.pages:,} pages audited")
    for status, pages in report.statuses.most_common():
        table.add_row(f"layout {status}", f"{pages:,}", "")
    for proof, pages in report.proofs.most_common():
        table.add_row(f"proven by {proof or 'nothing'}", f"{pages:,}", "")
    table.add_row("explored", f"{report.explored:,}", "")
    for rule, pages in report.relaxed.most_common():
        table.add_row(f"rule dropped: {rule}", f"{pages:,}", "")
    for source, pages in report.dropped.most_common():
        table.add_row(f"source dropped: {source}", f"{pages:,}", "")
    for fault, pages in report.faults.most_common():
        table.add_row(f"[red]FAULT {fault}", f"[red]{pages:,}", report.examples[fault])
    if not report.faults:
        table.add_row("[green]faults", "[green]0", "")
    return table


def _latency(report: AuditReport) -> Table:
    low, middle, high = np.percentile(report.candidates, [0, 50, 100]).astype(int)
    title = f"latency by stage, {middle} candidate shelves in the median ({low} to {high})"
    table = Table("stage", "p50 ms", "p99 ms", title=title)
    for stage in sorted(report.seconds, key=lambda stage: stage == "total"):
        table.add_row(
            stage, f"{report.percentile_ms(stage, 50):.2f}", f"{report.percentile_ms(stage, 99):.2f}"
        )
    return table
