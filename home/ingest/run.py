"""One ingest in progress: where it reads, where it writes, and what it reports to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from home.db import InteractionRow, ItemRow, ListenerRow
from home.ingest.pairing import with_rights
from home.ingest.progress import Progress
from home.ingest.rejects import Reject, Rejects
from home.ingest.rows import Line, RowError, count_lines, read_lines
from home.ingest.sources import SourceFile
from home.ingest.tables import BatchWriter, interaction_row, item_row, listener_row
from shelves.types import Interaction, Item, Listener

T = TypeVar("T")
_STEP = 1000


@dataclass(frozen=True, slots=True)
class Run:
    """The collaborators that every part of an ingest shares."""

    data_dir: Path
    writer: BatchWriter
    rejects: Rejects
    progress: Progress

    def parsed(self, file: SourceFile, parse: Callable[[Line], T]) -> Iterator[T]:
        """Stream what `parse` makes of each row; a row for which it raises RowError is rejected."""
        self.progress.start(file.label, max(count_lines(file.path(self.data_dir)) - 1, 0))
        pending = 0
        for line in read_lines(file, self.data_dir):
            pending += 1
            if pending == _STEP:
                self.progress.advance(pending)
                pending = 0
            if isinstance(line, tuple):
                self._reject(file, *line)
                continue
            try:
                value = parse(line)
            except RowError as error:
                self._reject(file, line.number, error)
            else:
                yield value
        self.progress.advance(pending)
        self.progress.finish()

    def unique(self, file: SourceFile, key: str, parse: Callable[[Line], T]) -> Iterator[tuple[int, T]]:
        """Like `parsed`, each value with its row's number in field `key`; a repeated number is rejected."""
        seen: set[int] = set()

        def checked(line: Line) -> tuple[int, T]:
            identity = line.integer(key)
            if identity in seen:
                raise RowError(key, identity, "repeats an earlier row")
            value = parse(line)
            seen.add(identity)
            return identity, value

        return self.parsed(file, checked)

    def tolerated(self, file: SourceFile, line: Line, read: Callable[[Line], T]) -> T | None:
        """What `read` makes of the row; on RowError None: the field is reported and the row kept."""
        try:
            return read(line)
        except RowError as error:
            self.rejects.add(Reject(file.label, line.number, error.field, error.value, error.reason, "field"))
            return None

    def item(self, item: Item, dataset: str) -> None:
        """Write one item, with synthetic market rights and explicit flag: no data set here has any."""
        self.writer.add(ItemRow, item_row(with_rights(item), dataset))

    def listener(self, listener: Listener, dataset: str) -> None:
        """Write one listener."""
        self.writer.add(ListenerRow, listener_row(listener, dataset))

    def interaction(self, listener_id: str, interaction: Interaction, dataset: str) -> None:
        """Write one interaction."""
        self.writer.add(InteractionRow, interaction_row(listener_id, interaction, dataset))

    def _reject(self, file: SourceFile, number: int, error: RowError) -> None:
        self.rejects.add(Reject(file.label, number, error.field, error.value, error.reason))
