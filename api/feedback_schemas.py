"""What the API takes and gives about decisions and the feedback on them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.json_schema import SkipJsonSchema

from api.errors import faults
from api.examples import DECISION, EVENT, EVENT_ANSWER, EVENT_BATCH
from api.schemas import LayoutReport, Versions
from api.text import Id, writable
from bandits.types import EventKind

MAX_EVENTS = 1000
MAX_ECHO = 200
"""How much of the id of an event that cannot be read is shown back."""


class Event(BaseModel):
    """Something that happened on a page."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EVENT]})

    id: Id = Field(description="Chosen by the sender; the same id twice is one event.")
    decision_id: Id = Field(description="The page it happened on.")
    kind: EventKind
    shelf_id: Id = Field(description="A shelf of that page.")
    item_id: Id | None = Field(
        None, description="An item on that shelf; null when it is about the whole shelf."
    )
    at: AwareDatetime = Field(description="When it happened, with a timezone.")


class MalformedEvent(BaseModel):
    """An entry of a batch that is no event, and why."""

    id: str
    reason: str


def _or_malformed(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    try:
        return handler(value)
    except ValidationError as error:
        id_ = value.get("id") if isinstance(value, dict) else None
        reasons = (f"{f['field']}: {f['value']!r}: {f['fix']}" for f in faults(error.errors(), skip=0))
        return MalformedEvent.model_construct(
            id=writable(str(id_ or ""))[:MAX_ECHO], reason="; ".join(reasons)
        )


_Entry = Annotated[
    Annotated[Event, WrapValidator(_or_malformed)] | SkipJsonSchema[MalformedEvent],
    Field(union_mode="left_to_right"),
]


class EventBatch(BaseModel):
    """Events in any order, old or new."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EVENT_BATCH]})

    # One bad event must not cost the others: it is carried along to be reported as rejected.
    events: list[_Entry] = Field(max_length=MAX_EVENTS, description=f"At most {MAX_EVENTS}.")


class RejectedEvent(BaseModel):
    """An event that was not stored."""

    id: str
    reason: str = Field(description="The field at fault, its value, and the fix.")


class EventAnswer(BaseModel):
    """What became of a batch."""

    model_config = ConfigDict(json_schema_extra={"examples": [EVENT_ANSWER]})

    accepted: int = Field(description="Stored now.")
    duplicates: int = Field(description="Stored before, or twice in the batch.")
    late: int = Field(description="Accepted, but too late to be learned from.")
    rejected: list[RejectedEvent]


class CandidateOut(BaseModel):
    """A shelf that was proposed, in one presentation, placed or not."""

    shelf_id: str
    title: str
    presentation: str = Field(description="Empty on a surface with one way to show shelves.")
    source: str
    reason: str
    seed_item: str | None
    attributes: dict[str, str | bool | float]
    features: dict[str, dict[str, str | float]]
    items: list[str] = Field(description="Item ids, best first.")
    scores: list[float] = Field(description="The source's own scores of the items.")
    values: list[float] = Field(
        description="Predicted reward if examined: one number, or one per slot when the policy sees the slot."
    )
    pmf: list[float] = Field(description="The policy's probability: one number, or one per slot.")
    slot: int | None = Field(description="Slot on the page, counted from 1; null when not placed.")
    anchor_slot: int | None = Field(description="Slot on the anchor page; null when not on it.")


class DrawOut(BaseModel):
    """How the page was drawn."""

    method: str = Field(description="`anchored` around the optimum, or from a `portfolio` of pages.")
    regret_cap: float | None = Field(description="Share of the anchor's value that a page may lose.")
    least_value: int | None = Field(
        description="What pages are worth at least because of it, in layout units."
    )
    pages: list[list[str]] = Field(description="Shelf ids of each page of the portfolio, the anchor first.")
    probabilities: list[float] = Field(description="The probability of each of these pages.")


class DecisionOut(BaseModel):
    """A logged decision: everything its exact propensity can be recomputed from, and the feedback so far."""

    model_config = ConfigDict(json_schema_extra={"examples": [DECISION]})

    decision_id: str
    listener_id: str
    surface: str
    at: datetime
    context: dict[str, dict[str, str | float]] = Field(description="Features of the context by namespace.")
    candidates: list[CandidateOut]
    anchor: list[str] = Field(description="Shelf ids of the solver's page.")
    page: list[str] = Field(description="Shelf ids of the page that was served.")
    shown: list[list[str]] = Field(description="Item ids served in each slot.")
    explored: bool
    propensity: float | None
    conditionals: list[float] = Field(description="Probability of each slot's shelf given those above.")
    exploration_conditionals: list[float] = Field(description="The same under exploration alone.")
    anchor_exploration: float = Field(description="Probability of the anchor page under exploration alone.")
    support_sizes: list[int] = Field(description="How many shelves each slot could have drawn.")
    epsilon: float = Field(description="Share of pages that explore.")
    floor: float = Field(description="Uniform share of each slot's exploration, or of a portfolio.")
    drawing: DrawOut
    seed: int
    examination: list[float] = Field(description="The grid's examination probability of each slot.")
    versions: Versions
    effective_rules: list[str]
    layout: LayoutReport
    dropped_sources: dict[str, str]
    fallback: str
    seconds: dict[str, float]
    events: list[Event] = Field(description="Feedback so far, oldest first.")
