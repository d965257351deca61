"""`home examination`: how likely each slot is looked at, estimated from the log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.progress import TerminalProgress
from api.spans import Since, Until, utc
from api.terminal import STDERR, STDOUT, settings_of
from home.bootstrap import load_catalog, open_database, open_tools
from home.errors import ConfigurationError
from home.examination.estimate import ModelKind, Span
from home.examination.estimate import estimate as estimate_examination
from home.examination.show import render, write_plot
from home.examination.stored import load, save
from home.grids import load_surfaces
from home.service import utc_now

app = typer.Typer(
    no_args_is_help=True, help="Estimate how likely each slot is looked at, and use it in layouts."
)

_Surface = Annotated[str, typer.Option(help="The surface whose slots are estimated.")]


@app.command("estimate")
def estimate(
    context: typer.Context,
    surface: _Surface = "phone",
    model: Annotated[
        ModelKind,
        typer.Option(
            help="impressions: count what was seen; cascade: count who reads on without a click; "
            "pbm: compare clicks on neighbours that exploration showed in both orders."
        ),
    ] = "impressions",
    since: Since = None,
    until: Until = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Let layouts use it, where HOME_EXAMINATION is `estimated`.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(help="Write a picture: .png, .svg or .pdf.", show_default=False)
    ] = None,
) -> None:
    """Estimate how likely each slot of a surface is looked at, relative to the first.

    Reads decisions whose reward horizon has closed, stores the estimate and prints it beside the grid file's
    values. Refuses, naming the slot, when one rests on fewer than 30 pages, or 30 effective clicks.
    """
    settings = settings_of(context)
    _check_ending(plot)
    engine = open_database(settings)
    with TerminalProgress(STDERR) as progress:
        tools = open_tools(settings, load_catalog(engine, settings))
        span = Span(utc(since), utc(until))
        found = estimate_examination(
            engine, tools, surface, model, now=utc_now(), span=span, progress=progress
        )
    save(engine, found, applied=apply)
    grid = tools.surface(surface).grid
    render(found, grid, STDOUT)
    if plot is not None:
        write_plot(found, grid, plot)
    if apply:
        STDOUT.print("applied; servers with HOME_EXAMINATION=estimated use it when they start")


@app.command("show")
def show(context: typer.Context) -> None:
    """Show the newest estimate of every surface, and the applied one where that is another.

    An applied estimate shapes layouts only in servers that run with HOME_EXAMINATION=estimated; they read it
    when they start. Every decision logs the weights that its page was laid out with, and the grid version in
    the record names the estimate.
    """
    settings = settings_of(context)
    engine = open_database(settings)
    for name, surface in load_surfaces(settings.grids_dir).items():
        newest, applied = load(engine, name, applied=False), load(engine, name, applied=True)
        if newest is None:
            STDOUT.print(f"{name}: not estimated; layouts use the grid file")
            continue
        render(newest, surface.grid, STDOUT)
        if applied is None:
            STDOUT.print("not applied")
        elif applied != newest:
            STDOUT.print("not applied; what is applied:")
            render(applied, surface.grid, STDOUT)
        else:
            STDOUT.print(f"applied as {applied.mark}", highlight=False)


def _check_ending(plot: Path | None) -> None:
    if plot is not None and plot.suffix not in (".png", ".svg", ".pdf"):
        raise ConfigurationError(f"{plot}: pictures are written as .png, .svg or .pdf")
