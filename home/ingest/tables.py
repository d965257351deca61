"""Writing catalogue rows: idempotent upserts in batches, each batch one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from sqlalchemy import JSON, ColumnElement, Engine, Insert, Table, Text, cast, inspect, or_
from sqlalchemy.dialects import postgresql, sqlite

from home.db import Base
from shelves.types import Interaction, Item, Listener

_INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def item_row(item: Item, dataset: str) -> dict[str, Any]:
    """The columns of `items` for one item."""
    return {
        "id": item.id,
        "kind": item.kind.value,
        "title": item.title,
        "creator": item.creator,
        "genre": item.genre,
        "tags": list(item.tags),
        "released": item.released,
        "markets": sorted(item.markets),
        "explicit": item.explicit,
        "sponsor": item.sponsor,
        "popularity": item.popularity,
        "artist_id": item.artist_id,
        "dataset": dataset,
    }


def listener_row(listener: Listener, dataset: str) -> dict[str, Any]:
    """The columns of `listeners` for one listener."""
    return {
        "id": listener.id,
        "name": listener.name,
        "market": listener.market,
        "allows_explicit": listener.allows_explicit,
        "tier": listener.tier,
        "dataset": dataset,
    }


def interaction_row(listener_id: str, interaction: Interaction, dataset: str) -> dict[str, Any]:
    """The columns of `interactions` for one listener and item."""
    return {
        "listener_id": listener_id,
        "item_id": interaction.item_id,
        "weight": interaction.weight,
        "last_at": interaction.last_at,
        "dataset": dataset,
    }


class BatchWriter:
    """Buffers rows per table and upserts them on the primary key, `size` at a time.

    Each batch is its own transaction: after a crash whole batches are there, and the same run again
    completes the rest without doubling anything. Leaving the `with` block normally writes what is left.
    Raises ValueError for a database other than SQLite and PostgreSQL.
    """

    def __init__(self, engine: Engine, size: int = 2000) -> None:
        if engine.dialect.name not in _INSERTS:
            raise ValueError(f"database {engine.dialect.name!r} is not supported; use sqlite or postgresql")
        self._engine = engine
        self._size = size
        self._buffers: dict[type[Base], list[Mapping[str, Any]]] = {}
        self._written: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.flush()

    def add(self, model: type[Base], row: Mapping[str, Any]) -> None:
        """Queue one row of a table; all rows of a table must have the same columns."""
        buffer = self._buffers.setdefault(model, [])
        buffer.append(row)
        if len(buffer) >= self._size:
            self._write(model)

    def flush(self) -> None:
        """Write every queued row."""
        for model in list(self._buffers):
            self._write(model)

    def written(self) -> dict[str, int]:
        """Rows inserted or changed so far, by table name; rows that were there already do not count."""
        return dict(self._written)

    def _write(self, model: type[Base]) -> None:
        rows = self._buffers.pop(model, [])
        if not rows:
            return
        table = inspect(model).local_table
        assert isinstance(table, Table)  # noqa: S101 - a mapped class has a table; this tells the type checker
        with self._engine.begin() as connection:
            upsert = _upsert(self._engine.dialect.name, table, rows[0])
            result = connection.execute(upsert.execution_options(preserve_rowcount=True), rows)
            self._written[table.name] += result.rowcount


def _upsert(dialect: str, table: Table, row: Mapping[str, Any]) -> Insert:
    # The two dialects spell the same clause with the same methods, but share no base class that has them.
    statement: Any = _INSERTS[dialect](table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in row if name not in keys}
    if not changed:
        insert: Insert = statement.on_conflict_do_nothing(index_elements=keys)
        return insert
    differs = or_(
        *(_comparable(table.c[name]).is_distinct_from(_comparable(new)) for name, new in changed.items())
    )
    update: Insert = statement.on_conflict_do_update(index_elements=keys, set_=changed, where=differs)
    return update


def _comparable(column: ColumnElement[Any]) -> ColumnElement[Any]:
    # PostgreSQL compares no JSON values, only their text; equal lists are always written as equal text here.
    return cast(column, Text) if isinstance(column.type, JSON) else column
