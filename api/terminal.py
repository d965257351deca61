"""What commands share: consoles, and the settings of the invocation."""

from __future__ import annotations

import typer
from rich.console import Console

from home.settings import Settings

STDOUT = Console()
STDERR = Console(stderr=True)


def settings_of(context: typer.Context) -> Settings:
    """The settings that the `home` callback prepared."""
    settings = context.find_object(Settings)
    if settings is None:
        raise RuntimeError("a command ran without the `home` callback")
    return settings
