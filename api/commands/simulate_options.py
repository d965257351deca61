"""What the commands that simulate share: options, the world they open, and what an interruption says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from api.schemas import MAX_SEED
from api.terminal import STDERR
from home.errors import ConfigurationError


def written_as(*endings: str) -> Callable[[Path | None], Path | None]:
    """A check of an option that names a file to write: what cannot be written must not be simulated first."""

    def check(path: Path | None) -> Path | None:
        if path is not None and path.suffix not in endings:
            raise typer.BadParameter(f"{path}: end the name in {' or '.join(endings)}")
        if path is not None and not path.parent.is_dir():
            raise typer.BadParameter(f"{path}: there is no directory {path.parent}")
        return path

    return check


WHAT = "What is tried"
WHO = "Who visits, and how often"
HOW = "How it runs"
OUTPUT = "What is written"
"""Panels of options, in the order of help."""

Visits = Annotated[
    int,
    typer.Option(
        "--visits", "--rounds", help="Visits, the same ones throughout.", min=1, rich_help_panel=WHO
    ),
]
Listeners = Annotated[int, typer.Option(help="How many listeners visit.", min=2, rich_help_panel=WHO)]
Batch = Annotated[
    int, typer.Option(help="Visits of a day; policies learn at its end.", min=1, rich_help_panel=WHO)
]
Seed = Annotated[
    int,
    typer.Option(
        help="Seed of everything; the same seed, the same result.",
        min=0,
        max=MAX_SEED,
        metavar="N",
        rich_help_panel=WHO,
    ),
]
Surfaces = Annotated[
    list[str] | None,
    typer.Option(
        "--surface",
        help="Only this surface; repeatable.",
        show_default="those of the model",
        rich_help_panel=WHO,
    ),
]
Workers = Annotated[
    int,
    typer.Option(help="Processes; the result is the same for any number.", min=1, rich_help_panel=HOW),
]
Out = Annotated[
    Path | None,
    typer.Option(
        rich_help_panel=HOW,
        help="Keep every batch in this directory; the same command goes on from there.",
        metavar="DIR",
        file_okay=False,
        show_default=False,
    ),
]
Model = Annotated[
    Path | None,
    typer.Option(
        help="File of listener parameters.",
        show_default="home/defaults/listener_model.toml",
        metavar="FILE",
        rich_help_panel=WHO,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.", rich_help_panel=OUTPUT)]
FromLive = Annotated[
    bool,
    typer.Option(
        "--from-live/--untrained",
        help="Start serving and frozen from the live model, or untrained.",
        rich_help_panel=WHAT,
    ),
]
Plot = Annotated[
    Path | None,
    typer.Option(
        help="Draw the result: .png, .svg or .pdf.",
        rich_help_panel=OUTPUT,
        show_default=False,
        metavar="FILE",
        callback=written_as(".png", ".svg", ".pdf"),
    ),
]


def chosen(policies: str, known: Iterable[str], baseline: str | None) -> list[str]:
    """The names in a comma-separated option, each once.

    Raises ConfigurationError for none, and for a baseline that is not among them: what cannot be reported
    must not be simulated first.
    """
    names = list(dict.fromkeys(name.strip() for name in policies.split(",") if name.strip()))
    if not names:
        raise ConfigurationError(f"policies is {policies!r}: name one or more of {', '.join(known)}")
    if baseline is not None and baseline not in names:
        raise ConfigurationError(f"baseline is {baseline!r}: choose among the policies, {', '.join(names)}")
    return names


@contextmanager
def interruptible(out: Path | None) -> Iterator[None]:
    """Says what is kept when the work is interrupted."""
    try:
        yield
    except KeyboardInterrupt:
        if out is None:
            STDERR.print("Nothing was kept: give --out DIR for simulations that can be taken up again.")
        else:
            STDERR.print(f"Finished batches are in {out}; the same command goes on from there.")
        raise
