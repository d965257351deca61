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
        query = select(ResponsesRow.listener_id, ResponsesRow.at, ResponsesRow.counts)
        for listener_id, at, counts in session.execute(query.where(ResponsesRow.listener_id.in_(some))):
            kinds = {
                (source, family, kind): (looks, clicks) for source, family, kind, looks, clicks in counts
            }
            found[listener_id] = ResponseMemory(at, kinds)
    return found


def keep(session: Session, memories: Mapping[str, ResponseMemory]) -> None:
    """Store memories in place of those before. Only the learner writes, under its lease."""
    rows = [
        {
            "listener_id": listener_id,
            "at": memory.at,
            "counts": memory.rows(),
        }
        for listener_id, memory in sorted(memories.items())
        if memory.at is not None
    ]
    if not rows:
        return
    insert = insert_into(session, ResponsesRow)
    newer = {"at": insert.excluded.at, "counts": insert.excluded.counts}
    session.execute(insert.on_conflict_do_update(index_elements=["listener_id"], set_=newer), rows)
