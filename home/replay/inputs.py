"""Which log a path or the database is, and how it is opened."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.policy import Policy
from home.bootstrap import policy_loader
from home.configuration import Setup, setup_of
from home.errors import ConfigurationError
from home.records import DecisionRecord
from home.registry import restore
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


def setups_in(engine: Engine) -> Callable[[DecisionRecord], Setup]:
    """How to find the rulebook and grid of a decision in a database, which is asked once for each."""

    @cache
    def find(sha256: str) -> str | None:
        with Session(engine) as session:
            return configurations.find(session, sha256)

    return lambda record: setup_of(record, find)


def models_in(engine: Engine, settings: Settings) -> Callable[[int], Policy]:
    """How to load a stored model by its version. Raises ConfigurationError for one that is not there."""

    def load(version: int) -> Policy:
        with Session(engine) as session:
            stored = models.get(session, version)
        if stored is None:
            raise ConfigurationError(f"model {version} is not stored; `home models list` shows what is")
        return restore(stored, policy_loader(settings))

    return load
