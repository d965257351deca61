"""`home listeners`: who a page can be composed for."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from api.terminal import STDERR, STDOUT, settings_of
from home.bootstrap import open_database
from home.errors import ConfigurationError
from home.service import find_listeners


def listeners(
    context: typer.Context,
    search: Annotated[str, typer.Argument(help="Start of an id or a name.")] = "",
    limit: Annotated[int, typer.Option(help="How many to list.", min=1, max=1000)] = 20,
) -> None:
    """List listeners by id, optionally those whose id or name starts with SEARCH."""
    table = Table("id", "name", "market", "tier", "explicit")
    found = find_listeners(open_database(settings_of(context)), search, limit + 1)
    for one in found[:limit]:
        table.add_row(one.id, one.name, one.market, one.tier, "yes" if one.allows_explicit else "no")
    if not found:
        database = settings_of(context).database_url
        raise ConfigurationError(
            f"no listener's id or name in {database} starts with {search!r}; `home listeners` lists all"
            if search
            else f"the database {database} holds no listeners; run `home setup`, or check --database"
        )
    STDOUT.print(table)
    if len(found) > limit:
        STDERR.print(f"the first {limit}; --limit lists more", highlight=False)
