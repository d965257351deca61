"""What is known at decision time: one listener's context, read from the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bandits.responses import EVERYONE
from home.errors import UnknownListenerError
from home.local_time import named_timezone, timezone_of
from home.store import decisions, listeners, responses
from shelves.types import Context


def load_context(
    session: Session, listener_id: str, surface: str, now: datetime, timezone: str = ""
) -> Context:
    """Read a listener's context at `now` (timezone-aware).

    The context's `now` is the same instant in the listener's `timezone` (an IANA name), by default that of
    their market. Raises UnknownListenerError and UnknownTimezoneError.
    """
    listener = listeners.get(session, listener_id)
    if listener is None:
        raise UnknownListenerError(listener_id)
    dismissed = listeners.dismissals(session, listener_id)
    memories = responses.memories(session, (listener_id, EVERYONE))
    own, everyone = (memories[who].as_of(now) for who in (listener_id, EVERYONE))
    return Context(
        listener=listener,
        history=listeners.history(session, listener_id),
        now=now.astimezone(named_timezone(timezone) if timezone else timezone_of(listener.market)),
        surface=surface,
        follows=listeners.follows(session, listener_id),
        friends=listeners.friends(session, listener_id),
        dismissed_items=dismissed.items,
        dismissed_shelves=dismissed.shelves,
        previous_page=decisions.last_page(session, listener_id, surface, now),
        responses=own.kinds,
        crowd_responses=everyone.kinds,
        shelf_responses=own.shelves,
    )
