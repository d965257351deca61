"""Progress bars for long work, in the terminal."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class TerminalProgress:
    """Shows each named step of long work with its rate and time left. Use as a context manager.

    Where the console is no terminal, steps are named as they begin, and listed with their times at the end.
    """

    def __init__(self, console: Console) -> None:
        self._bars = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._console = console
        self._current: TaskID | None = None

    def __enter__(self) -> TerminalProgress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def start(self, name: str, total: int | None = None) -> None:
        """Begin a step of `total` units, or of unknown length."""
        if not self._console.is_terminal:
            # A log file gets the bars only at the very end, and would look hung until then.
            self._console.print(f"{name} …", highlight=False)
        self._current = self._bars.add_task(name, total=total)

    def advance(self, n: int = 1) -> None:
        """Count `n` more units of the current step as done."""
        if self._current is not None:
            self._bars.advance(self._current, n)

    def finish(self) -> None:
        """End the current step."""
        if self._current is None:
            return
        task = next(t for t in self._bars.tasks if t.id == self._current)
        self._bars.update(self._current, total=task.completed or 1, completed=task.completed or 1)
        self._current = None
