"""A span of time on the command line, as every command that reads the decision log takes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

Since = Annotated[
    datetime | None, typer.Option(help="Only decisions made from this time on, UTC.", show_default=False)
]
Until = Annotated[
    datetime | None, typer.Option(help="Only decisions made before this time, UTC.", show_default=False)
]


def utc(at: datetime | None) -> datetime | None:
    """A time from the command line, which is in UTC and does not say so."""
    return None if at is None else at.replace(tzinfo=UTC)
