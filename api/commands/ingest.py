"""`home ingest`: load real data sets into the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from api.progress import TerminalProgress
from api.terminal import STDERR, STDOUT, settings_of
from home.bootstrap import open_database
from home.db import refresh_statistics
from home.ingest.lastfm import PARTS, IngestReport
from home.ingest.lastfm import ingest as ingest_lastfm
from home.ingest.rejects import Reject, RejectCount
from home.prepare import prepare

_LINES = 3
_EXAMPLE = 30

app = typer.Typer(no_args_is_help=True, help="Load real data sets into the catalogue.")


@app.callback()
def _group() -> None:
    """Keep `lastfm` a subcommand."""


@app.command("lastfm")
def lastfm(
    context: typer.Context,
    data_dir: Annotated[
        Path, typer.Option(help="Directory with the data sets, one sub-directory each.", exists=False)
    ],
    limit: Annotated[
        int | None, typer.Option(help="Load only the first so many listeners.", min=1, show_default=False)
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help=f"Load only this part besides Last.fm itself; repeatable: {', '.join(PARTS)}."),
    ] = None,
    rejects: Annotated[
        Path | None,
        typer.Option(help="Write every rejected row to this file, as JSON Lines.", show_default=False),
    ] = None,
    models: Annotated[
        bool, typer.Option(help="Afterwards train item embeddings and, where there is none, a first model.")
    ] = True,
) -> None:
    """Load the Last.fm HetRec 2011 listeners with tracks, podcasts, audiobooks and films.

    Reads lastfm-hetrec2011, classic-rock-tracks, podcasts-awesome, goodbooks-10k and ml-latest-small-2016
    below DATA_DIR. Running it again changes nothing. Faulty rows are left out and reported with file, line,
    field and reason. Listeners' books, films, markets, tiers and explicit settings and items' market rights
    and explicit flags are synthetic; the report says so.
    """
    settings = settings_of(context)
    engine = open_database(settings)
    with TerminalProgress(STDERR) as progress:
        report = ingest_lastfm(engine, data_dir, progress, limit, only=only, rejects=rejects)
        refresh_statistics(engine)
        if models:
            prepare(settings, progress)
    engine.dispose()
    _render(report)


def _render(report: IngestReport) -> None:
    STDOUT.print(_tables(report))
    if report.faults:
        STDOUT.print(_faults(report), markup=False, highlight=False, soft_wrap=True)
    STDOUT.print(f"{report.note}\nRows loaded in {report.seconds:.1f} s.", highlight=False)


def _tables(report: IngestReport) -> Table:
    table = Table("table", "rows written now", "rows in all", title="Ingested")
    for name, rows in report.tables.items():
        table.add_row(name, f"{report.written.get(name, 0):,}", f"{rows:,}")
    return table


def _faults(report: IngestReport) -> str:
    """One line for each kind of fault, so that it can be copied and searched for: where, what, how often."""
    title = f"{report.rejected_rows:,} rows and {report.dropped_fields:,} fields left out:"
    return "\n".join([title, *(_fault(fault, report) for fault in report.faults)])


def _fault(fault: RejectCount, report: IngestReport) -> str:
    seen = [one for one in report.samples if _kind(one) == _kind(fault)][:_LINES]
    lines = ", ".join(f"{one.line}" for one in seen) + (", …" if fault.count > len(seen) else "")
    many = f"{fault.count:,} {fault.dropped}{'' if fault.count == 1 else 's'}"
    example = seen[0].value[:_EXAMPLE]
    return f"  {fault.file} line {lines}: {fault.field} {example!r} {fault.reason} ({many})"


def _kind(fault: Reject | RejectCount) -> tuple[str, str, str, str]:
    return fault.file, fault.field, fault.reason, fault.dropped
