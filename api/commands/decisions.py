"""`home decisions`: look into the decision log, and compute its pages again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated

import typer

from api.progress import TerminalProgress
from api.spans import utc
from api.terminal import STDERR, STDOUT, settings_of
from home.bootstrap import open_home
from home.errors import NotExplainableError
from home.recompute import Recomputation
from home.records import DecisionRecord
from home.service import Home

_WIDTHS = (32, 19, 8, 5, 10, 10, 0)
"""Of the columns of the list, in characters."""

app = typer.Typer(no_args_is_help=True, help="Look into the decision log.")


@app.command("list")
def list_decisions(
    context: typer.Context,
    listener: Annotated[str | None, typer.Option(help="Only this listener's.")] = None,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 20,
) -> None:
    """List logged decisions, newest first: id, time, surface, model, status, propensity and listener.

    Each is one line that no width cuts, and its id is what `home decisions replay` takes.
    """
    home = open_home(settings_of(context), background=False)
    try:
        rows = home.decisions(listener, limit)
    finally:
        home.close()
    _line("decision", "at", "surface", "model", "status", "propensity", "listener")
    for row in rows:
        propensity = "unknown" if row.propensity is None else f"{row.propensity:.3g}"
        at = f"{row.at:%Y-%m-%d %H:%M:%S}"
        _line(row.id, at, row.surface, str(row.policy_version), row.status, propensity, row.listener_id)


def _line(*cells: str) -> None:
    """Print a line that no width cuts: ids are there to be copied, and lines to be searched."""
    text = "  ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True))
    STDOUT.print(text.rstrip(), soft_wrap=True, highlight=False, markup=False)


@app.command("replay")
def replay_decisions(
    context: typer.Context,
    decision: Annotated[str | None, typer.Argument(help="Id of the decision.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every logged decision instead of one.")] = False,
    since: Annotated[datetime | None, typer.Option(help="With --all: only those from then on, UTC.")] = None,
) -> None:
    """Compute logged pages again from their records and say whether they come out identical, bit for bit.

    Scores, layout, draw and items are judged stage by stage, under the rulebook, grid and model of the
    decision, whatever the service has now. Exits with status 1 when anything differs.
    """
    if every == (decision is not None):
        raise typer.BadParameter("name one decision, or pass --all")
    home = open_home(settings_of(context), background=False)
    try:
        if decision is not None:
            found = home.recompute(home.decision(decision))
            _print(found)
            identical = found.identical
        else:
            identical = _replay_all(home, since)
    finally:
        home.close()
    if not identical:
        raise typer.Exit(1)


def _print(found: Recomputation) -> None:
    verdict = "[green]identical[/]" if found.identical else "[red]differs[/]"
    STDOUT.print(f"decision {found.decision_id}: {verdict}", highlight=False)
    for stage in found.stages:
        text = "; ".join(stage.differences) or stage.note or "identical"
        STDOUT.print(f"  {stage.name}: {text}", highlight=False, markup=False)


def _replay_all(home: Home, since: datetime | None) -> bool:
    pages = identical = fallbacks = 0
    with TerminalProgress(STDERR) as progress:
        progress.start("replaying")
        for found in _recomputed(home, _records(home, since)):
            progress.advance()
            pages += 1
            if isinstance(found, NotExplainableError):
                STDOUT.print(str(found), highlight=False, markup=False)
                continue
            identical += found.identical
            fallbacks += found.fallback
            if not found.identical:
                _print(found)
        progress.finish()
    STDOUT.print(
        f"{pages} decisions: {identical} identical, of which {fallbacks} took a fallback as logged;"
        f" {pages - identical} differ or lack what they refer to",
        highlight=False,
    )
    return identical == pages


def _records(home: Home, since: datetime | None) -> Iterator[DecisionRecord]:
    return home.log(utc(since))


def _recomputed(
    home: Home, records: Iterable[DecisionRecord]
) -> Iterator[Recomputation | NotExplainableError]:
    for record in records:
        try:
            yield home.recompute(record)
        except NotExplainableError as error:
            yield error
