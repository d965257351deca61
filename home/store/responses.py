"""What is remembered of listeners' responses to kinds of shelves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from bandits.responses import ResponseMemory
from home.db import ResponsesRow
from home.store.statements import chunks, insert_into


def memories(session: Session, listener_ids: Iterable[str]) -> Mapping[str, ResponseMemory]:
    """The memory of each of these listeners, empty for those of whom nothing is known."""
    wanted = sorted(set(listener_ids))
    found = dict.fromkeys(wanted, ResponseMemory())
    for some in chunks(wanted):
        row = ResponsesRow
        query = select(row.listener_id, row.at, row.kinds, row.shelves).where(row.listener_id.in_(some))
        for listener_id, at, kinds, shelves in session.execute(query):
            found[listener_id] = ResponseMemory.read(at, kinds, shelves)
    return found


def keep(session: Session, memories: Mapping[str, ResponseMemory]) -> None:
    """Store memories in place of those before. Only the learner writes, under its lease."""
    rows = [
        {
            "listener_id": listener_id,
            "at": memory.at,
            "kinds": memory.kind_rows(),
            "shelves": memory.shelf_rows(),
        }
        for listener_id, memory in sorted(memories.items())
        if memory.at is not None
    ]
    if not rows:
        return
    insert = insert_into(session, ResponsesRow)
    newer = {name: insert.excluded[name] for name in ("at", "kinds", "shelves")}
    session.execute(insert.on_conflict_do_update(index_elements=["listener_id"], set_=newer), rows)
