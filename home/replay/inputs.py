"""Which log a path or the database is, and how it is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.policy import Policy
from home.bootstrap import policy_loader
from home.configuration import Setup, setup_of
from home.errors import ConfigurationError
from home.ingest.progress import Progress
from home.records import DecisionRecord
from home.registry import restore
from home.replay.exports import ExportedLog
from home.replay.log import Entry, joined
from home.replay.sources.chunk import ReplayInputError, Source
from home.replay.sources.columns import ColumnsSource
from home.replay.sources.dsjson import DsJsonSource
from home.settings import Settings
from home.store import configurations, models

TABLES = (".csv", ".parquet")
DSJSON = (".dsjson", ".json", ".jsonl")


def open_rows(path: Path, by: tuple[str, ...]) -> Source:
    """The log of another system, by the ending of its name. Raises ReplayInputError for an unknown one."""
    if path.suffix in TABLES:
        return ColumnsSource(path, by)
    if path.suffix in DSJSON:
        return DsJsonSource(path, by)
    raise ReplayInputError(
        f"{path}: logs are read from tables ({', '.join(TABLES)}) and dsjson ({', '.join(DSJSON)}); name such"
        " a file"
    )


def given_targets(source: Source) -> tuple[str, ...]:
    """Policies whose probabilities came with the log."""
    return source.targets if isinstance(source, ColumnsSource) else ()


class DecisionLog(Protocol):
    """A decision log of ours, wherever it lies."""

    @property
    def name(self) -> str:
        """The log in a word or two."""
        ...

    def entries(self, start: datetime | None, end: datetime | None, progress: Progress) -> Iterator[Entry]:
        """The decisions made in [start, end), oldest first, each with the events that count."""
        ...

    def setup_of(self, record: DecisionRecord) -> Setup:
        """The rulebook and grid of a decision that was read. Raises NotExplainableError without them."""
        ...


class StoredLog:
    """The decision log of a database, which is asked once for each rulebook and grid."""

    name = "decision log"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._texts: dict[str, str | None] = {}

    def entries(self, start: datetime | None, end: datetime | None, progress: Progress) -> Iterator[Entry]:
        """The decisions made in [start, end), oldest first, each with the events that count."""
        with Session(self._engine) as session:
            yield from joined(session, start, end, progress)

    def setup_of(self, record: DecisionRecord) -> Setup:
        """The rulebook and grid of a decision. Raises NotExplainableError without them."""
        return setup_of(record, self._find)

    def _find(self, sha256: str) -> str | None:
        if sha256 not in self._texts:
            with Session(self._engine) as session:
                self._texts[sha256] = configurations.find(session, sha256)
        return self._texts[sha256]


def open_log(engine: Engine, path: Path | None) -> DecisionLog:
    """The log of a database, or the one exported to `path`."""
    return StoredLog(engine) if path is None else ExportedLog(path)


def models_in(engine: Engine, settings: Settings) -> Callable[[int], Policy]:
    """How to load a stored model by its version. Raises ConfigurationError for one that is not there."""

    def load(version: int) -> Policy:
        with Session(engine) as session:
            stored = models.get(session, version)
        if stored is None:
            raise ConfigurationError(f"model {version} is not stored; `home models list` shows what is")
        return restore(stored, policy_loader(settings))

    return load
