"""One listener's side of the catalogue: who they are, what they heard, follow, and do not want to see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import case, func, or_, select, union_all
from sqlalchemy.orm import Session

from home.db import DismissalRow, FollowRow, FriendshipRow, InteractionRow, ListenerRow, PlayRow
from home.store.statements import chunks, insert_into, insert_new
from shelves.types import Interaction, Listener

Target = Literal["shelf", "item"]


@dataclass(frozen=True, slots=True)
class Dismissals:
    """Ids of what a listener asked not to see."""

    items: frozenset[str]
    shelves: frozenset[str]


@dataclass(frozen=True, slots=True, order=True)
class Dismissal:
    """A listener asks not to see a shelf or an item."""

    listener_id: str
    target: Target
    target_id: str
    at: datetime


@dataclass(frozen=True, slots=True, order=True)
class Play:
    """A listener played an item."""

    listener_id: str
    item_id: str
    at: datetime


def get(session: Session, listener_id: str) -> Listener | None:
    """A listener by id."""
    row = session.get(ListenerRow, listener_id)
    return None if row is None else _listener(row)


def search(session: Session, prefix: str = "", limit: int = 50, offset: int = 0) -> tuple[Listener, ...]:
    """Listeners whose id or name starts with `prefix`, in any letter case, by id."""
    query = select(ListenerRow).order_by(ListenerRow.id).limit(limit).offset(offset)
    if prefix:
        starts = (c.istartswith(prefix, autoescape=True) for c in (ListenerRow.id, ListenerRow.name))
        query = query.where(or_(*starts))
    return tuple(map(_listener, session.scalars(query)))


def count(session: Session) -> int:
    """How many listeners there are."""
    return session.scalar(select(func.count()).select_from(ListenerRow)) or 0


def markets(session: Session, ids: Iterable[str]) -> Mapping[str, str]:
    """The market of each of these listeners that exist."""
    found: dict[str, str] = {}
    for some in chunks(sorted(set(ids))):
        query = select(ListenerRow.id, ListenerRow.market).where(ListenerRow.id.in_(some))
        found.update((row.id, row.market) for row in session.execute(query))
    return found


def history(session: Session, listener_id: str) -> tuple[Interaction, ...]:
    """A listener's interactions in the data sets and live plays together, strongest first, equals by id."""
    i, p = InteractionRow, PlayRow
    heard = union_all(
        select(i.item_id, i.weight, i.last_at).where(i.listener_id == listener_id),
        select(p.item_id, p.count, p.last_at).where(p.listener_id == listener_id),
    ).subquery()
    weight = func.sum(heard.c.weight)
    query = (
        select(heard.c.item_id, weight, func.max(heard.c.last_at))
        .group_by(heard.c.item_id)
        .order_by(weight.desc(), heard.c.item_id)
    )
    return tuple(Interaction(*row) for row in session.execute(query))


def follows(session: Session, listener_id: str) -> frozenset[str]:
    """Ids of the artists, shows and playlists that a listener follows."""
    return frozenset(session.scalars(select(FollowRow.item_id).where(FollowRow.listener_id == listener_id)))


def friends(session: Session, listener_id: str) -> tuple[str, ...]:
    """Ids of a listener's friends, closest first: by items both heard in the data sets, then by id."""
    mine = select(InteractionRow.item_id).where(InteractionRow.listener_id == listener_id)
    shared = (
        select(func.count())
        .where(InteractionRow.listener_id == FriendshipRow.friend_id, InteractionRow.item_id.in_(mine))
        .correlate(FriendshipRow)
        .scalar_subquery()
    )
    query = (
        select(FriendshipRow.friend_id)
        .where(FriendshipRow.listener_id == listener_id)
        .order_by(shared.desc(), FriendshipRow.friend_id)
    )
    return tuple(session.scalars(query))


def dismissals(session: Session, listener_id: str) -> Dismissals:
    """What a listener asked not to see."""
    query = select(DismissalRow.target, DismissalRow.target_id).where(DismissalRow.listener_id == listener_id)
    rows = session.execute(query).all()
    return Dismissals(
        items=frozenset(target_id for target, target_id in rows if target == "item"),
        shelves=frozenset(target_id for target, target_id in rows if target == "shelf"),
    )


def dismiss(session: Session, wishes: Sequence[Dismissal]) -> None:
    """Store dismissals; one that is there already keeps its date."""
    rows = [
        {"listener_id": w.listener_id, "target": w.target, "target_id": w.target_id, "at": w.at}
        for w in sorted(wishes)
    ]
    insert_new(session, DismissalRow, rows, DismissalRow.target_id)


def played(session: Session, plays: Sequence[Play]) -> None:
    """Add plays to listeners' histories: one more each, last heard when the play was."""
    if not plays:
        return
    insert = insert_into(session, PlayRow)
    newer = PlayRow.last_at < insert.excluded.last_at
    more = insert.on_conflict_do_update(
        index_elements=["listener_id", "item_id"],
        set_={
            "count": PlayRow.count + 1,
            "last_at": case((newer, insert.excluded.last_at), else_=PlayRow.last_at),
        },
    )
    rows = [
        {"listener_id": p.listener_id, "item_id": p.item_id, "count": 1, "last_at": p.at}
        for p in sorted(plays)
    ]
    session.execute(more, rows)


def _listener(row: ListenerRow) -> Listener:
    return Listener(row.id, row.name, row.market, row.allows_explicit, row.tier)
