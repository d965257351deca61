"""The database: its schema, migrations and transactions. SQLite by default, PostgreSQL for real load."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from sqlite3 import OperationalError as SqliteBusy
from time import sleep
from typing import Any

import orjson
from alembic import command
from alembic.config import Config
from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    Date,
    DateTime,
    Dialect,
    Engine,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    create_engine,
    event,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as DatabaseTimeout
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

DATABASE_FAULTS = (DBAPIError, DatabaseTimeout)
"""What a database raises while in use, for edges that turn it into a message."""

_BEGIN = "sqlite_begin"
_MIGRATION_LOCK = 4_117_031_965
_WAL_ATTEMPTS = 100
_WAL_PAUSE_S = 0.02


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware instant; SQLite keeps no timezone, so every value is stored in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Convert to UTC. Raises ValueError for a naive datetime."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: pass a timezone-aware one")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Declarative base of every table."""


class ItemRow(Base):
    """One catalogue item; columns mirror `shelves.types.Item`."""

    __tablename__ = "items"
    id: Mapped[str] = mapped_column(String, primary_key=True)
    kind: Mapped[str] = mapped_column(String)
    title: Mapped[str] = mapped_column(String)
    creator: Mapped[str] = mapped_column(String, default="")
    genre: Mapped[str] = mapped_column(String, default="")
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    released: Mapped[date | None] = mapped_column(Date)
    markets: Mapped[list[str]] = mapped_column(JSON, default=list)
    explicit: Mapped[bool] = mapped_column(Boolean, default=False)
    sponsor: Mapped[str | None] = mapped_column(String)
    popularity: Mapped[float] = mapped_column(Float, default=0.0)
    artist_id: Mapped[str | None] = mapped_column(String)
    dataset: Mapped[str] = mapped_column(String)


class ListenerRow(Base):
    """One listener; columns mirror `shelves.types.Listener`."""

    __tablename__ = "listeners"
    id: Mapped[str] = mapped_column(String, primary_key=True)
    name: Mapped[str] = mapped_column(String)
    market: Mapped[str] = mapped_column(String)
    allows_explicit: Mapped[bool] = mapped_column(Boolean, default=True)
    tier: Mapped[str] = mapped_column(String, default="free")
    dataset: Mapped[str] = mapped_column(String)


class InteractionRow(Base):
    """A listener's standing with an item in a data set: total weight (plays or equivalent) and last date."""

    __tablename__ = "interactions"
    listener_id: Mapped[str] = mapped_column(String, primary_key=True)
    item_id: Mapped[str] = mapped_column(String, primary_key=True)
    weight: Mapped[float] = mapped_column(Float)
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dataset: Mapped[str] = mapped_column(String)


class PlayRow(Base):
    """How often a listener played an item from a page, and when last; loading data sets leaves it alone."""

    __tablename__ = "plays"
    listener_id: Mapped[str] = mapped_column(String, primary_key=True)
    item_id: Mapped[str] = mapped_column(String, primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FollowRow(Base):
    """A listener follows an artist, show or playlist."""

    __tablename__ = "follows"
    listener_id: Mapped[str] = mapped_column(String, primary_key=True)
    item_id: Mapped[str] = mapped_column(String, primary_key=True)


class FriendshipRow(Base):
    """A directed friendship edge; symmetric friendships are stored both ways."""

    __tablename__ = "friendships"
    listener_id: Mapped[str] = mapped_column(String, primary_key=True)
    friend_id: Mapped[str] = mapped_column(String, primary_key=True)


class ArtifactRow(Base):
    """A derived binary, such as trained item embeddings, replaced as a whole."""

    __tablename__ = "artifacts"
    name: Mapped[str] = mapped_column(String, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    info: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class DecisionRow(Base):
    """One composed page. `record` is the compressed decision record; `learned_in` the model that used it.

    `shelves` are the ids of the shelves on the page, top first. `formula` identifies the reward formula in
    force: when it was logged, then when it was learned from. `settles_at` is when the long horizon closes,
    None without one, and `settled_in` the model that took the corrections. `taught` holds the reward that
    each slot taught early, None where nothing was learned.
    """

    __tablename__ = "decisions"
    id: Mapped[str] = mapped_column(String, primary_key=True)
    listener_id: Mapped[str] = mapped_column(String)
    surface: Mapped[str] = mapped_column(String)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    policy_version: Mapped[int] = mapped_column(Integer)
    rules_version: Mapped[str] = mapped_column(String)
    status: Mapped[str] = mapped_column(String)
    explored: Mapped[bool] = mapped_column(Boolean)
    propensity: Mapped[float | None] = mapped_column(Float)
    shelves: Mapped[list[str]] = mapped_column(JSON, default=list)
    record: Mapped[bytes] = mapped_column(LargeBinary)
    learned_in: Mapped[int | None] = mapped_column(Integer)
    formula: Mapped[str | None] = mapped_column(String)
    settles_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_in: Mapped[int | None] = mapped_column(Integer)
    taught: Mapped[list[float | None] | None] = mapped_column(JSON)

    __table_args__ = (
        Index("ix_decisions_learnable", "learned_in", "closes_at", "id"),
        Index("ix_decisions_settleable", "settled_in", "settles_at", "id"),
        Index("ix_decisions_listener", "listener_id", "at"),
        Index("ix_decisions_visit", "listener_id", "surface", "at"),
        Index("ix_decisions_at", "at"),
    )


class EventRow(Base):
    """One reported event. `id` is the client's: the same id twice is one event."""

    __tablename__ = "events"
    id: Mapped[str] = mapped_column(String, primary_key=True)
    decision_id: Mapped[str] = mapped_column(String, index=True)
    kind: Mapped[str] = mapped_column(String)
    shelf_id: Mapped[str] = mapped_column(String)
    item_id: Mapped[str | None] = mapped_column(String)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    late: Mapped[bool] = mapped_column(Boolean, default=False)


class DismissalRow(Base):
    """A shelf or item that a listener asked not to see. `target` is 'shelf' or 'item'."""

    __tablename__ = "dismissals"
    listener_id: Mapped[str] = mapped_column(String, primary_key=True)
    target: Mapped[str] = mapped_column(String, primary_key=True)
    target_id: Mapped[str] = mapped_column(String, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ResponsesRow(Base):
    """Faded looks and clicks of a listener, as of `at`; those of everybody under id "", by kind alone.

    Each of `kinds` is a list of source, family, content type, looks and clicks, each of `shelves` of shelf
    id, looks and clicks.
    """

    __tablename__ = "responses"
    listener_id: Mapped[str] = mapped_column(String, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kinds: Mapped[list[Any]] = mapped_column(JSON)
    shelves: Mapped[list[Any]] = mapped_column(JSON)


class ModelRow(Base):
    """One published policy snapshot, with what made it and where it is in its life.

    `data_from` and `data_to` are the times of the first and last decision that it learned from since its
    parent. `share` is the share of listeners that a canary serves. `data` is gone from old retired models.
    """

    __tablename__ = "models"
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    parent: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String)
    share: Mapped[float] = mapped_column(Float, default=0.0)
    arguments: Mapped[str] = mapped_column(String)
    code: Mapped[str] = mapped_column(String)
    feature_schema: Mapped[str] = mapped_column(String)
    data_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    data_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sha256: Mapped[str] = mapped_column(String)
    metrics: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    data: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (Index("ix_models_state", "state"),)


class TransitionRow(Base):
    """One step in the life of a model: from which state to which, when, by whom and why."""

    __tablename__ = "model_transitions"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    before: Mapped[str] = mapped_column(String)
    after: Mapped[str] = mapped_column(String)
    share: Mapped[float] = mapped_column(Float, default=0.0)
    actor: Mapped[str] = mapped_column(String)
    reason: Mapped[str] = mapped_column(String)


class ConfigurationRow(Base):
    """The text of a configuration file that pages were composed under, by the SHA-256 of that text."""

    __tablename__ = "configurations"
    sha256: Mapped[str] = mapped_column(String, primary_key=True)
    kind: Mapped[str] = mapped_column(String)
    text: Mapped[str] = mapped_column(Text)


class LeaseRow(Base):
    """Who may act as the single writer of `name` until `expires_at`."""

    __tablename__ = "leases"
    name: Mapped[str] = mapped_column(String, primary_key=True)
    holder: Mapped[str] = mapped_column(String)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


def connect(url: str) -> Engine:
    """Open a database by SQLAlchemy URL; SQLite gets write-ahead logging, so readers and a writer coexist."""
    engine = create_engine(url, pool_pre_ping=True, json_serializer=_to_json, json_deserializer=orjson.loads)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest version, in one transaction. Safe to repeat and to run concurrently."""
    config = Config()
    config.set_main_option("script_location", "home:migrations")
    with engine.connect().execution_options(**{_BEGIN: "BEGIN IMMEDIATE"}) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def refresh_statistics(engine: Engine) -> None:
    """Let the database's query planner know what a bulk load has changed."""
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A transaction that reads and then writes: committed at the end, rolled back on an error."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        prepare_to_write(session)
        yield session


def prepare_to_write(session: Session) -> None:
    """Announce that this transaction will write. Call it before the transaction's first query.

    SQLite lets a transaction that has read turn into a writer only if nobody wrote in between, and fails at
    once otherwise; one that starts as a writer waits its turn. Other databases need nothing.
    """
    if session.get_bind().dialect.name != "sqlite":
        return
    if not session.in_transaction() or session.info.get(_BEGIN) is not session.get_transaction():
        session.connection(execution_options={_BEGIN: "BEGIN IMMEDIATE"})
        session.info[_BEGIN] = session.get_transaction()


def _to_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _configure_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver would begin late and hide reads from the transaction
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=10000")
    if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        _turn_on_write_ahead_log(cursor)
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _turn_on_write_ahead_log(cursor: Any) -> None:
    # The switch needs the file for itself and does not honour the busy timeout when another process is at it.
    for attempt in range(_WAL_ATTEMPTS):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except SqliteBusy:
            if attempt == _WAL_ATTEMPTS - 1:
                raise
            sleep(_WAL_PAUSE_S)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))
