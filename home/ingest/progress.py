"""How long jobs tell a person where they are: a small port that the command line draws."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives one phase at a time: `start`, any number of `advance`, `finish`."""

    def start(self, name: str, total: int | None) -> None:
        """Begin a phase called `name` of `total` steps; None when the number is unknown."""

    def advance(self, n: int = 1) -> None:
        """Count `n` more steps of the running phase as done."""

    def finish(self) -> None:
        """End the running phase."""


class Silent:
    """A progress that shows nothing."""

    def start(self, name: str, total: int | None) -> None:
        """Show nothing."""

    def advance(self, n: int = 1) -> None:
        """Show nothing."""

    def finish(self) -> None:
        """Show nothing."""
