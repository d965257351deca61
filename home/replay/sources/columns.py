"""A log as a table, CSV or Parquet, with columns named in the field's terms: see docs/replay.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from bandits.ope.rounds import Column, Groups
from home.errors import first_line
from home.ingest.rejects import Rejects
from home.replay.sources.chunk import CHUNK_ROWS, FAULTY, Chunk, ReplayInputError, Times, labels
from home.replay.sources.screening import Flags, Screen

REWARD, PROPENSITY, GROUP = "reward", "propensity", "group"
ACTION, POSITION, SLATE, TIMESTAMP = "action", "position", "slate", "timestamp"
DISTRIBUTION, EXPECTED = "action_distribution", "expected_rewards"
EMBEDDING, LOGGER, LOGGERS = "embedding", "logger", "logger_propensities"
TARGET, TARGET_DISTRIBUTION = "target_propensity", "target_distribution"
CONTEXT = "context_"
_LISTS = (DISTRIBUTION, EXPECTED, TARGET_DISTRIBUTION)
_Lists = tuple[Column, Flags]
UNNAMED = "given"
"""The name of the target whose column does not name it."""


@dataclass(frozen=True, slots=True)
class ColumnsSource:
    """A table of rounds. `by`: columns to break results down by.

    Raises ReplayInputError for a file that is not there or cannot be read, and names missing columns.
    """

    path: Path
    by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.path.suffix not in (".csv", ".parquet"):
            raise ReplayInputError(f"{self.path}: tables are read from .csv or .parquet")
        if not self.path.is_file():
            raise ReplayInputError(f"{self.path} does not exist: name a table of rounds, .csv or .parquet")
        missing = [name for name in (REWARD, *self.by) if name not in self._columns()]
        if missing:
            raise ReplayInputError(
                f"{self.path} has no column {missing[0]!r}, only {', '.join(self._columns())};"
                " docs/replay.md names the columns"
            )

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def has_propensities(self) -> bool:
        """Whether there is such a column."""
        return PROPENSITY in self._columns()

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the policies whose probabilities are in the table."""
        return tuple(dict.fromkeys(_targets(self._columns()).values()))

    def chunks(self, rejects: Rejects) -> Iterator[Chunk]:
        """The rounds in the order of the file."""
        start = 0
        try:
            for frame in self._scan().collect_batches(chunk_size=CHUNK_ROWS, maintain_order=True):
                yield _Table(self.path, frame, start, self.by).chunk(rejects)
                start += len(frame)
        except PolarsError as error:
            raise ReplayInputError(f"{self.path} cannot be read: {first_line(error)}") from error

    def _scan(self) -> pl.LazyFrame:
        if self.path.suffix == ".parquet":
            return pl.scan_parquet(self.path)
        # All as text: a number that cannot be read is one row's fault, not the file's.
        return pl.scan_csv(self.path, infer_schema=False)

    def _columns(self) -> Sequence[str]:
        try:
            return self._scan().collect_schema().names()
        except PolarsError as error:
            raise ReplayInputError(f"{self.path} cannot be read: {first_line(error)}") from error


@dataclass(frozen=True, slots=True)
class _Table:
    path: Path
    frame: pl.DataFrame
    start: int
    by: tuple[str, ...]

    def chunk(self, rejects: Rejects) -> Chunk:
        screen = Screen(self.path.name, rejects, len(self.frame), self._line, self._text)
        reward = self._required(screen, REWARD)
        propensity = np.full(len(self.frame), np.nan)
        if PROPENSITY in self.frame:
            propensity, absent = self._numbers(PROPENSITY)
            screen.shown(PROPENSITY, propensity, absent)
        action = self._action(screen)
        tables = self._tables(screen, action)
        distribution, available = tables.get(DISTRIBUTION, (None, None))
        if distribution is not None and ACTION in self.frame and PROPENSITY in self.frame:
            screen.agreement(PROPENSITY, propensity, distribution, action)
        chunk = Chunk(
            reward=reward,
            propensity=propensity,
            group=self._group(screen),
            action=action,
            position=self._position(screen),
            slate=self._identity(screen, SLATE) if SLATE in self.frame else None,
            available=available,
            distribution=distribution,
            context=self._context(screen),
            expected=tables[EXPECTED][0] if EXPECTED in tables else None,
            embedding=self._whole(screen, EMBEDDING)[:, None] if EMBEDDING in self.frame else None,
            **self._loggers(screen, propensity),
            at=self._at(screen),
            segments={name: labels(self.frame[name]) for name in self.by},
            targets=self._targets(screen, tables),
        )
        if chunk.slate is None:
            return chunk.take(screen.good)
        # Without its last rows a page would look like a shorter one: faulty rows stay, to break it.
        return replace(chunk, position=np.where(screen.good, chunk.position, FAULTY))

    def _line(self, row: int) -> int:
        return self.start + row + (2 if self.path.suffix == ".csv" else 1)

    def _text(self, name: str, row: int) -> str:
        value = self.frame[name][row]
        return "" if value is None else str(value.to_list() if isinstance(value, pl.Series) else value)

    def _numbers(self, name: str) -> tuple[Column, Flags]:
        """The column as numbers, NaN where it holds none, and where it is empty."""
        column = self.frame[name]
        numbers = column.cast(pl.Float64, strict=False).fill_null(np.nan)
        return numbers.to_numpy().copy(), column.is_null().to_numpy()

    def _required(self, screen: Screen, name: str) -> Column:
        numbers, absent = self._numbers(name)
        screen.numbers(name, numbers, absent)
        return numbers

    def _tables(self, screen: Screen, action: Groups) -> dict[str, _Lists]:
        """Every column of lists as a table (m, n), and where each list has a number (m, n).

        All have as many columns as the longest list has numbers. Actions are checked against each.
        """
        names = [name for name in self.frame.columns if name.partition(":")[0] in _LISTS]
        lists = {name: self._lists(screen, name) for name in names}
        width = max((int(one.list.len().max() or 0) for one in lists.values()), default=0)  # type: ignore[arg-type]
        found = {name: _table(one, max(1, width)) for name, one in lists.items()}
        for name, (table, filled) in found.items():
            if name == EXPECTED:
                screen.reject(name, np.isnan(table.sum(axis=1)), "holds something that is no number")
            else:
                screen.distributions(name, table)
            if ACTION in self.frame:
                screen.actions(ACTION, action, filled)
        return found

    def _loggers(self, screen: Screen, propensity: Column) -> dict[str, Any]:
        """Who showed each round, and its probability under each of them; nothing where one logger did."""
        if LOGGER not in self.frame or LOGGERS not in self.frame:
            return {}
        logger, lists = self._whole(screen, LOGGER), self._lists(screen, LOGGERS)
        table, filled = _table(lists, max(1, int(lists.list.len().max() or 0)))  # type: ignore[arg-type]
        screen.actions(LOGGER, logger, filled)
        bad = np.asarray(~((table >= 0.0) & (table <= 1.0))).sum(axis=1) > 0
        screen.reject(LOGGERS, bad, "holds something that is no probability")
        screen.agreement(PROPENSITY, propensity, table, logger)
        return {"logger": logger, "propensities": table}

    def _lists(self, screen: Screen, name: str) -> pl.Series:
        lists = self.frame[name]
        if lists.dtype == pl.String:
            lists = _parsed(lists)
        lists = lists.cast(pl.List(pl.Float64), strict=False)
        screen.reject(name, lists.is_null().to_numpy(), "is missing, or no list of numbers")
        return lists

    def _action(self, screen: Screen) -> Groups:
        if ACTION not in self.frame:
            return np.full(len(self.frame), -1)
        return self._whole(screen, ACTION)

    def _whole(self, screen: Screen, name: str) -> Groups:
        numbers = self._required(screen, name)
        return screen.whole(name, numbers)

    def _position(self, screen: Screen) -> Groups:
        if POSITION not in self.frame:
            return np.zeros(len(self.frame), dtype=np.int64)
        return self._whole(screen, POSITION)

    def _group(self, screen: Screen) -> Groups:
        for name in (GROUP, SLATE):
            if name in self.frame:
                return self._identity(screen, name)
        return np.arange(self.start, self.start + len(self.frame))

    def _identity(self, screen: Screen, name: str) -> Groups:
        screen.reject(name, self.frame[name].is_null().to_numpy(), "is missing")
        return self.frame[name].cast(pl.String).hash(seed=0).to_numpy().view(np.int64)

    def _context(self, screen: Screen) -> Column | None:
        names = [name for name in self.frame.columns if name.startswith(CONTEXT)]
        if not names:
            return None
        return np.stack([self._required(screen, name) for name in names], axis=1)

    def _at(self, screen: Screen) -> Times | None:
        if TIMESTAMP not in self.frame:
            return None
        column = self.frame[TIMESTAMP]
        times = _instants(column)
        screen.reject(TIMESTAMP, times.is_null().to_numpy(), "is not a time, such as 2026-03-01T12:00:00Z")
        return times.to_numpy()

    def _targets(self, screen: Screen, tables: Mapping[str, _Lists]) -> dict[str, Column]:
        found: dict[str, Column] = {}
        for column, name in _targets(self.frame.columns).items():
            if column in tables:
                found[name] = tables[column][0]
                continue
            numbers, absent = self._numbers(column)
            screen.probabilities(column, numbers, absent)
            found.setdefault(name, numbers)
        return found


def _table(lists: pl.Series, width: int) -> _Lists:
    lengths = lists.list.len().fill_null(0).to_numpy()
    filled = np.arange(width) < lengths[:, None]
    table = np.zeros((len(lists), width))
    table[filled] = lists.explode(empty_as_null=False, keep_nulls=False).to_numpy()
    return table, filled


def _targets(columns: Sequence[str]) -> dict[str, str]:
    """Column → name of the target it belongs to."""
    found = {}
    for column in columns:
        kind, _, name = column.partition(":")
        if kind in (TARGET, TARGET_DISTRIBUTION):
            found[column] = name or UNNAMED
    return found


def _parsed(column: pl.Series) -> pl.Series:
    """Lists written as text, [0.5, 0.5], as lists; null where the text is none."""
    inner = column.str.strip_chars().str.extract(r"^\[(.*)\]$", 1)
    return inner.str.split(",").list.eval(pl.element().str.strip_chars().cast(pl.Float64, strict=False))


def _instants(column: pl.Series) -> pl.Series:
    """Times in UTC, null where there is none."""
    if column.dtype == pl.String:
        column = column.str.to_datetime(time_unit="us", time_zone="UTC", strict=False)
    if column.dtype.is_numeric():
        return pl.from_epoch(column, time_unit="s").cast(pl.Datetime("us"))
    if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None:
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return column.cast(pl.Datetime("us"), strict=False)
