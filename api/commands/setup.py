"""`home setup`: from an empty directory to a database that can compose."""

from __future__ import annotations

from typing import Annotated

import typer

from api.progress import TerminalProgress
from api.terminal import STDERR, settings_of
from home.prepare import DEFAULT_WARM_UP_VISITS, prepare


def setup(
    context: typer.Context,
    warm_up: Annotated[
        int, typer.Option(help="Simulated visits that train the first model.", min=0)
    ] = DEFAULT_WARM_UP_VISITS,
    new_model: Annotated[
        bool,
        typer.Option(
            "--new-model",
            help="Train a new first model in place of the live one, as other policy settings need.",
        ),
    ] = False,
) -> None:
    """Make everything ready: layout engine, schema, catalogue, item embeddings and a first model.

    An empty database gets the embedded catalogue; one that holds data keeps it. Each step is skipped when
    its result is there already, so a second run takes a moment.
    """
    settings = settings_of(context)
    with TerminalProgress(STDERR) as progress:
        report = prepare(settings, progress, warm_up_visits=warm_up, new_model=new_model)
    STDERR.print(
        f"[green]ready[/]: {report.items:,} items, {report.listeners:,} listeners, "
        f"model version {report.model_version} in {settings.database_url}",
        highlight=False,
    )
