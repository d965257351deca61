"""Reading the catalogue as a whole, when a process loads it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Date, Function, and_, func, select, union_all
from sqlalchemy.orm import Session

from home.db import InteractionRow, ItemRow, ListenerRow, PlayRow
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
    """Every interaction and live play as columns, by listener and item, with the day (UTC) of the last.

    An interaction keeps the data set's day whatever was played since: trends are of the data set's time, and
    an item must not fall out of them for being played on.
    """
    # On the bare connection: the mapper's bookkeeping per row triples the time for a third of a million rows.
    rows = session.connection().execute(_heard(session)).all()
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * 4
    return Interactions(*columns)


def fingerprint(session: Session) -> str:
    """A digest of who heard what in the data sets, live plays apart; equal data gives equal digests."""
    c = InteractionRow.__table__.c
    query = select(c.listener_id, c.item_id).order_by(c.listener_id, c.item_id)
    digest = sha256()
    for rows in session.connection().execute(query).partitions(10_000):
        digest.update("\n".join(map("\t".join, rows)).encode())
        digest.update(b"\n")
    return digest.hexdigest()


def listeners(session: Session) -> tuple[Listener, ...]:
    """Every listener, by id."""
    query = select(
        ListenerRow.id, ListenerRow.name, ListenerRow.market, ListenerRow.allows_explicit, ListenerRow.tier
    ).order_by(ListenerRow.id)
    return tuple(Listener(*row) for row in session.execute(query))


def latest_day(session: Session) -> date | None:
    """The day (UTC) of the newest dated interaction, or None when no interaction has a date.

    Live plays do not count: ages are measured from where the data sets end, and one play years later must
    not make every release old.
    """
    newest = session.scalar(select(func.max(InteractionRow.last_at)))
    return None if newest is None else newest.date()


def _heard(session: Session) -> CompoundSelect[Any]:
    """Interactions with the live plays of the same item added, and the plays of other items, in order."""
    i, p = InteractionRow.__table__.c, PlayRow.__table__.c
    same = and_(p.listener_id == i.listener_id, p.item_id == i.item_id)
    known = select(
        i.listener_id, i.item_id, i.weight + func.coalesce(p.count, 0), _day(session, i.last_at)
    ).select_from(InteractionRow.__table__.outerjoin(PlayRow.__table__, same))
    new = select(p.listener_id, p.item_id, p.count, _day(session, p.last_at)).where(
        ~select(i.item_id).where(same).correlate(PlayRow.__table__).exists()
    )
    return union_all(known, new).order_by("listener_id", "item_id")


def _day(session: Session, instant: ColumnElement[Any]) -> Function[date]:
    """The day in UTC, cut by the database: a third of a million datetimes are slow to make."""
    if session.get_bind().dialect.name == "postgresql":
        return func.date(func.timezone("UTC", instant), type_=Date)
    return func.date(instant, type_=Date)


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
