"""Taking in feedback."""

from __future__ import annotations

from fastapi import APIRouter

from api import present
from api.deps import HomeDep, MetricsDep
from api.feedback_schemas import Event, EventAnswer, EventBatch, MalformedEvent
from api.responses import INVALID, TOO_LARGE
from bandits.types import RewardEvent

router = APIRouter(prefix="/v1/events", tags=["events"], responses={**INVALID, **TOO_LARGE})


@router.post("", summary="Report feedback")
def report(batch: EventBatch, home: HomeDep, metrics: MetricsDep) -> EventAnswer:
    """Report what happened on pages, in any order and as often as needed: an event id counts once.

    The answer is 200 even when some events are rejected; the answer says which and why. Send those
    again only once they are mended.
    """
    events = [_reward_event(entry) for entry in batch.events if isinstance(entry, Event)]
    malformed = [entry for entry in batch.events if isinstance(entry, MalformedEvent)]
    outcome = home.record_events(events)
    metrics.reported(events, outcome, len(malformed))
    return present.event_answer(outcome, malformed)


def _reward_event(event: Event) -> RewardEvent:
    return RewardEvent(
        id=event.id,
        decision_id=event.decision_id,
        kind=event.kind,
        shelf_id=event.shelf_id,
        at=event.at,
        item_id=event.item_id,
    )
