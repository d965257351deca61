"""`home demo`: regenerate the embedded catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.terminal import STDOUT, settings_of
from home.demo.files import write
from home.demo.generate import DEFAULT_SEED, generate

app = typer.Typer(no_args_is_help=True, help="The embedded catalogue.")


@app.callback()
def _group() -> None:
    """Keep `generate` a subcommand."""


@app.command("generate")
def generate_files(
    context: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option(help="Directory to write, instead of HOME_FIXTURES_DIR.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the generator.")] = DEFAULT_SEED,
) -> None:
    """Generate the embedded catalogue: music, talk, video and listeners that are all made up.

    Writes the files that `home setup` loads into an empty database. The same seed gives the same bytes.
    """
    directory = out or settings_of(context).fixtures_dir
    write(generate(seed), directory)
    STDOUT.print(f"wrote the embedded catalogue of seed {seed} to {directory}", highlight=False)
