"""Reading the catalogue as a whole, when a process loads it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Date, Function, func, select
from sqlalchemy.orm import Session

from home.db import InteractionRow, ItemRow, ListenerRow
from shelves.catalog import Interactions
from shelves.types import Item, Kind, Listener

_ITEM: tuple[Any, ...] = (
    ItemRow.id, ItemRow.kind, ItemRow.title, ItemRow.creator, ItemRow.genre, ItemRow.tags,
    ItemRow.released, ItemRow.markets, ItemRow.explicit, ItemRow.sponsor, ItemRow.popularity,
    ItemRow.artist_id,
)  # fmt: skip


def items(session: Session) -> tuple[Item, ...]:
    """Every item, by id, so that the same data gives the same catalogue rows everywhere."""
    return tuple(map(_item, session.execute(select(*_ITEM).order_by(ItemRow.id))))


def count_items(session: Session) -> int:
    """How many items there are."""
    return session.scalar(select(func.count()).select_from(ItemRow)) or 0


def interactions(session: Session) -> Interactions:
    """Every interaction as columns, by listener and item, with the day (UTC) of the last one."""
    c = InteractionRow.__table__.c
    query = select(c.listener_id, c.item_id, c.weight, _last_day(session)).order_by(c.listener_id, c.item_id)
    # On the bare connection: the mapper's bookkeeping per row triples the time for a third of a million rows.
    rows = session.connection().execute(query).all()
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * 4
    return Interactions(*columns)


def listeners(session: Session) -> tuple[Listener, ...]:
    """Every listener, by id."""
    query = select(
        ListenerRow.id, ListenerRow.name, ListenerRow.market, ListenerRow.allows_explicit, ListenerRow.tier
    ).order_by(ListenerRow.id)
    return tuple(Listener(*row) for row in session.execute(query))


def latest_day(session: Session) -> date | None:
    """The day (UTC) of the newest dated interaction, or None when no interaction has a date."""
    newest = session.scalar(select(func.max(InteractionRow.last_at)))
    return None if newest is None else newest.date()


def _last_day(session: Session) -> Function[date]:
    """The day in UTC, cut by the database: a third of a million datetimes are slow to make."""
    if session.get_bind().dialect.name == "postgresql":
        return func.date(func.timezone("UTC", InteractionRow.last_at), type_=Date)
    return func.date(InteractionRow.last_at, type_=Date)


def _item(row: Sequence[Any]) -> Item:
    return Item(
        id=row[0],
        kind=Kind(row[1]),
        title=row[2],
        creator=row[3],
        genre=row[4],
        tags=tuple(row[5]),
        released=row[6],
        markets=frozenset(row[7]),
        explicit=row[8],
        sponsor=row[9],
        popularity=row[10],
        artist_id=row[11],
    )
