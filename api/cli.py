"""The `home` command line."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from api.commands import (
    audit,
    decisions,
    demo,
    examination,
    ingest,
    learn,
    listeners,
    models,
    page,
    replay,
    rules,
    serve,
    setup,
    simulate,
)
from api.terminal import STDERR
from home.db import DATABASE_FAULTS
from home.errors import HomeError, first_line
from home.settings import Settings

app = typer.Typer(
    name="home",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="""Compose a streaming service's Home.

    Shelves propose, a bandit scores, a solver arranges, and the page learns.

    Start with [bold]home setup[/] and [bold]home serve[/], or print a page with [bold]home page[/].
    Every setting can be given as an environment variable HOME_…; see docs/configuration.md.
    """,
)
app.command("setup")(setup.setup)
app.command("serve")(serve.serve)
app.command("page")(page.page)
app.command("listeners")(listeners.listeners)
app.command("audit")(audit.audit_pages)
app.command("learn")(learn.learn)
app.add_typer(simulate.app, name="simulate")
app.add_typer(ingest.app, name="ingest")
app.add_typer(replay.app, name="replay")
app.add_typer(rules.app, name="rules")
app.add_typer(decisions.app, name="decisions")
app.add_typer(examination.app, name="examination")
app.add_typer(models.app, name="models")
app.add_typer(demo.app, name="demo")


@app.callback()
def _settings(
    context: typer.Context,
    database: Annotated[
        str | None,
        typer.Option(
            help="SQLAlchemy URL of the database, instead of HOME_DATABASE_URL.",
            metavar="URL",
            show_default=False,
        ),
    ] = None,
) -> None:
    settings = Settings()
    context.obj = settings if database is None else settings.model_copy(update={"database_url": database})


def main() -> None:
    """Run the command line; an error that a person can act on is one message, not a stack trace."""
    try:
        app()
    except SettingsError as error:
        STDERR.print(f"[bold red]error:[/] {_unparsed(error)}", highlight=False)
        sys.exit(1)
    except (HomeError, ValidationError) as error:
        STDERR.print(f"[bold red]error:[/] {_text(error)}", highlight=False)
        sys.exit(1)
    except DATABASE_FAULTS as error:
        STDERR.print(
            f"[bold red]error:[/] the database failed: {first_line(error)}; look at what --database or"
            " HOME_DATABASE_URL names",
            highlight=False,
        )
        sys.exit(1)
    except OSError as error:
        STDERR.print(f"[bold red]error:[/] {error}", highlight=False)
        sys.exit(1)
    except KeyboardInterrupt:
        STDERR.print("interrupted")
        sys.exit(130)


def _unparsed(error: SettingsError) -> str:
    """A setting that is no JSON, though its type needs it: the library's message names the field."""
    field = str(error).split('"')[1]
    name = f"HOME_{field.upper()}"
    said, example = os.environ.get(name, ""), '{"name": 1}'
    return f"{name} is {said!r}, which is not valid JSON ({error.__cause__}): write it like {example}"


def _text(error: HomeError | ValidationError) -> str:
    if isinstance(error, HomeError):
        return str(error)
    return "; ".join(
        f"HOME_{'_'.join(map(str, e['loc'])).upper()} is {e['input']!r}: {e['msg']}" for e in error.errors()
    )
