"""Statements that SQLite and PostgreSQL share but SQLAlchemy spells per dialect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from home.db import Base

T = TypeVar("T")
_CHUNK = 500


def insert_new(
    session: Session, row: type[Base], rows: Sequence[dict[str, Any]], key: InstrumentedAttribute[T]
) -> set[T]:
    """Insert what is not there yet and return the `key` of the rows that were new.

    Pass rows in the order of their primary key: writers that insert the same rows at the same time then
    wait for each other instead of deadlocking.
    """
    if not rows:
        return set()
    insert = insert_into(session, row).on_conflict_do_nothing().returning(key)
    return set(session.scalars(insert, rows))


def replace(session: Session, row: type[Base], values: dict[str, Any]) -> None:
    """Insert one row, or overwrite the one with the same primary key."""
    keys = [column.name for column in inspect(row).primary_key]
    insert = insert_into(session, row).values(**values)
    session.execute(insert.on_conflict_do_update(index_elements=keys, set_=values))


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a long list of bound values into lists that every database accepts in one IN (…)."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def insert_into(session: Session, row: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """The dialect's own insert, which can say what to do about a conflict."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(row)
    return sqlite.insert(row)
