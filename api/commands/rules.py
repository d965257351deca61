"""`home rules`: look at the rulebook."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from api.terminal import STDOUT, settings_of
from home.rulebook import kind_of, load_rulebook

app = typer.Typer(no_args_is_help=True, help="Look at the layout rules.")


@app.callback()
def _group() -> None:
    """Keep `show` a subcommand."""


@app.command("show")
def show(
    context: typer.Context,
    rulebook: Annotated[
        Path | None,
        typer.Argument(help="A rulebook file, instead of HOME_RULEBOOK_FILE.", show_default=False),
    ] = None,
) -> None:
    """Validate a rulebook and list its rules with kind, owner, reason and order of relaxation.

    Exits with status 1 and names the rule, the field and the fix when the file is wrong.
    """
    book = load_rulebook(rulebook or settings_of(context).rulebook_file)
    table = Table("rule", "kind", "owner", "reason", "relaxed", title=f"rulebook {book.version}")
    for rule in book.rules:
        order = "never" if rule.relaxation is None else str(rule.relaxation)
        table.add_row(rule.id, kind_of(rule), rule.owner, rule.reason, order)
    STDOUT.print(table)
