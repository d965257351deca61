"""What the API takes and gives: pages, listeners and surfaces; feedback has a module of its own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.examples import HOME_PAGE, HOME_REQUEST, LISTENERS, PROBLEM, READINESS, SURFACES
from api.text import Id

MAX_SEED = 2**63 - 1


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class HomeRequest(_In):
    """For whom to compose, and where it will be shown."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [HOME_REQUEST]})

    listener_id: Id = Field(description="A listener; see GET /v1/listeners.")
    surface: str = Field(
        "phone", min_length=1, max_length=100, description="A surface; see GET /v1/surfaces."
    )
    timezone: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="The listener's timezone, which hours and days of rules and features are in: an IANA "
        "name such as Europe/Stockholm. Without one it is that of the listener's market.",
    )
    seed: int | None = Field(
        None,
        ge=0,
        le=MAX_SEED,
        description="Seed of the draw, to compose the same page again; random without one. The page is "
        "logged as drawn: choose seeds that do not depend on the pages they lead to.",
    )


class ShownItem(BaseModel):
    """An item as the page shows it."""

    id: str
    kind: str = Field(description="artist, album, track, playlist, podcast, audiobook or video.")
    title: str
    creator: str
    genre: str
    explicit: bool
    sponsor: str | None
    released: date | None


class PlacedShelf(BaseModel):
    """A shelf in its slot, and why it is there."""

    slot: int = Field(description="Position on the page, counted from 1.")
    shelf_id: str = Field(description="Stable between pages; events name it.")
    title: str
    presentation: str = Field(
        description="How to show it, by the surface's names; empty on a surface with one way only."
    )
    source: str = Field(description="The shelf source that proposed it.")
    seed_item: str | None = Field(description="The item that the shelf grew from, if one did.")
    reason: str = Field(description="Why this shelf exists.")
    slot_reason: str = Field(description="Why it is in this slot.")
    rules: list[str] = Field(description="Ids of the rules that pin this slot or keep the rival out of it.")
    rival: str | None = Field(description="Id of the shelf that would be worth more here, if there is one.")
    rival_presentation: str | None = Field(description="How that shelf would be shown.")
    value: float = Field(description="Predicted reward if the listener looks at it.")
    conditional: float = Field(
        description="Probability with which the draw put this shelf here, given those above."
    )
    items: list[ShownItem]


class LayoutReport(BaseModel):
    """How good the arrangement is, and what proves it."""

    status: str = Field(description="optimal, feasible, relaxed, fallback or infeasible.")
    objective: int = Field(description="What the optimum that anchors the draw is worth, in integer units.")
    bound: int = Field(description="Proven upper bound on any page's worth.")
    gap: float = Field(description="(bound - objective) / max(1, |objective|); 0 when optimal.")
    proof: str = Field(description="What proved the bound.")
    relaxed: list[str] = Field(description="Rules dropped because no page obeys them all.")
    paid: dict[str, int] = Field(
        description="What the optimum pays for each soft rule that it breaks, in the same units."
    )


class DroppedSourceReport(BaseModel):
    """A source that contributed nothing because it failed."""

    source: str
    reason: str
    detail: str


class Diagnostics(BaseModel):
    """What happened while the page was composed."""

    seconds: dict[str, float] = Field(description="Wall-clock seconds by stage, and in `total`.")
    layout_seconds: dict[str, float] = Field(description="The layout's, by phase of the search.")
    candidate_shelves: int = Field(description="Shelves proposed, placed or not.")
    options: int = Field(description="Those shelves in each presentation that suits them.")
    dropped_sources: list[DroppedSourceReport]
    violations: list[str] = Field(
        description="Rules that an independent check found broken; empty on a sound page."
    )
    fallback: str = Field(description="What failed and was worked around; empty when nothing did.")


class Versions(BaseModel):
    """What the page was composed with."""

    policy: int = Field(description="Version of the model.")
    rules: str = Field(description="Version of the rulebook.")
    grid: str = Field(description="Version of the surface's grid.")


class ListenerOut(BaseModel):
    """A listener."""

    id: str
    name: str
    market: str
    tier: str
    allows_explicit: bool


class HomePage(BaseModel):
    """A composed Home and the decision that it is logged as."""

    model_config = ConfigDict(json_schema_extra={"examples": [HOME_PAGE]})

    decision_id: str = Field(description="Events about this page carry it.")
    listener: ListenerOut
    surface: str
    at: datetime
    page: list[PlacedShelf] = Field(description="Top slot first.")
    propensity: float | None = Field(
        description="Exact probability of this page under the policy that drew it; null if unknowable."
    )
    explored: bool = Field(
        description="Whether the page was drawn by exploration instead of taken at its optimum."
    )
    seed: int = Field(description="Seed of the draw.")
    versions: Versions
    layout: LayoutReport
    diagnostics: Diagnostics


class ListenersPage(BaseModel):
    """Some listeners, by id."""

    model_config = ConfigDict(json_schema_extra={"examples": [LISTENERS]})

    listeners: list[ListenerOut]
    next_offset: int | None = Field(description="Offset of the next ones; null at the end.")


class SlotOut(BaseModel):
    """A place on a surface's page."""

    slot: int = Field(description="Position, counted from 1.")
    examination: float = Field(description="Assumed probability that a listener looks at it.")
    fold: int = Field(description="How many screens down it is, counted from 0.")
    presentations: list[str] = Field(description="Those that it can hold; none for a surface that has none.")


class PresentationOut(BaseModel):
    """A way to show a shelf."""

    name: str
    height: int = Field(description="In rows of a carousel.")
    items: int = Field(description="How many items it shows at most.")
    prominence: float = Field(description="How much more often it is examined than a plain one, as assumed.")


class SurfaceOut(BaseModel):
    """A surface and its grid."""

    surface: str
    version: str
    items_per_shelf: int
    slots: list[SlotOut]
    presentations: list[PresentationOut]


class Surfaces(BaseModel):
    """Every surface that pages can be composed for."""

    model_config = ConfigDict(json_schema_extra={"examples": [SURFACES]})

    surfaces: list[SurfaceOut]


class Readiness(BaseModel):
    """That the server can compose."""

    model_config = ConfigDict(json_schema_extra={"examples": [READINESS]})

    status: str
    checks: dict[str, str] = Field(description="Each check and 'ok'.")


class Problem(BaseModel):
    """An error, as RFC 9457 problem details."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [PROBLEM]})

    type: str = Field(description="Path that explains this kind of problem.")
    title: str
    status: int
    detail: str = Field(description="What went wrong this time, and what to do about it.")
    instance: str = Field(description="Path of the request.")
    errors: list[dict[str, Any]] | None = Field(
        None, description="For an invalid request: each `field`, its `value` and the `fix`."
    )
