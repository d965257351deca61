"""From the composer's own objects to what the API shows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from api.feedback_schemas import (
    CandidateOut,
    DecisionOut,
    DrawOut,
    Event,
    EventAnswer,
    MalformedEvent,
    RejectedEvent,
)
from api.schemas import (
    Diagnostics,
    DroppedSourceReport,
    HomePage,
    LayoutReport,
    ListenerOut,
    PlacedShelf,
    PresentationOut,
    ShownItem,
    SlotOut,
    SurfaceOut,
    Versions,
)
from bandits.types import RewardEvent
from home.compose import ComposedPage, Placement
from home.events import EventReport
from home.options import Option
from home.records import DecisionRecord, LoggedSolver
from layout.types import Grid, Result
from layout.why import SlotReason
from shelves.types import Item, Listener


def home_page(page: ComposedPage) -> HomePage:
    """A composed page."""
    options = {option.id: option for option in page.options}
    return HomePage(
        decision_id=page.decision_id,
        listener=listener(page.context.listener),
        surface=page.context.surface,
        at=page.context.now,
        page=[_placed(placement, options) for placement in page.placements],
        propensity=page.propensity,
        explored=page.draw.explored,
        seed=page.seed,
        versions=Versions(policy=page.policy_version, rules=page.rules_version, grid=page.grid.version),
        layout=_layout(page.result, page.paid),
        diagnostics=_diagnostics(page),
    )


def listener(one: Listener) -> ListenerOut:
    """A listener."""
    return ListenerOut(
        id=one.id, name=one.name, market=one.market, tier=one.tier, allows_explicit=one.allows_explicit
    )


def surface(grid: Grid) -> SurfaceOut:
    """A surface and its grid."""
    slots = [
        SlotOut(
            slot=number,
            examination=slot.examination,
            fold=slot.fold,
            presentations=list(slot.presentations),
        )
        for number, slot in enumerate(grid.slots, start=1)
    ]
    presentations = [
        PresentationOut(name=name, height=one.height, items=one.items, prominence=one.prominence)
        for name, one in grid.presentations.items()
    ]
    return SurfaceOut(
        surface=grid.surface,
        version=grid.version,
        items_per_shelf=grid.items_per_shelf,
        slots=slots,
        presentations=presentations,
    )


def decision(record: DecisionRecord, events: tuple[RewardEvent, ...]) -> DecisionOut:
    """A logged decision with the feedback on it so far."""
    return DecisionOut(
        decision_id=record.id,
        listener_id=record.listener_id,
        surface=record.surface,
        at=record.at,
        context=_plain(record.context),
        candidates=_candidates(record),
        anchor=list(record.shelf_ids(record.anchor)),
        page=list(record.shelf_ids(record.page)),
        shown=[list(items) for items in record.shown],
        explored=record.explored,
        propensity=record.propensity,
        conditionals=list(record.conditionals),
        exploration_conditionals=list(record.exploration_conditionals),
        anchor_exploration=record.anchor_exploration,
        support_sizes=list(record.support_sizes),
        epsilon=record.epsilon,
        floor=record.floor,
        drawing=DrawOut(
            method=record.drawing.method,
            regret_cap=record.drawing.regret_cap,
            least_value=record.drawing.least_value,
            pages=[list(record.shelf_ids(page)) for page in record.drawing.pages],
            probabilities=list(record.drawing.probabilities),
        ),
        seed=record.seed,
        examination=list(record.examination),
        versions=Versions(policy=record.policy_version, rules=record.rules_version, grid=record.grid_version),
        effective_rules=list(record.effective_rules),
        layout=_logged_layout(record.solver, record.relaxed_rules),
        dropped_sources=dict(record.dropped),
        fallback=record.fallback,
        seconds=dict(record.seconds),
        events=[_event(event) for event in events],
    )


def event_answer(report: EventReport, malformed: list[MalformedEvent]) -> EventAnswer:
    """What became of a batch, with the entries that were no events."""
    rejected = [RejectedEvent(id=id_, reason=reason) for id_, reason in report.rejected]
    return EventAnswer(
        accepted=report.accepted,
        duplicates=report.duplicates,
        late=report.late,
        rejected=rejected + [RejectedEvent(id=entry.id, reason=entry.reason) for entry in malformed],
    )


def _placed(placement: Placement, options: Mapping[str, Option]) -> PlacedShelf:
    shelf, why = placement.shelf, placement.reason
    rival = None if why.rival is None else options[why.rival]
    return PlacedShelf(
        slot=placement.slot + 1,
        shelf_id=shelf.id,
        title=shelf.title,
        presentation=placement.presentation,
        source=shelf.provenance.source,
        seed_item=shelf.provenance.seed_item,
        reason=shelf.provenance.reason,
        slot_reason=in_words(why, rival),
        rules=list(dict.fromkeys([*([why.pinned_by] if why.pinned_by else []), *why.kept_out_by])),
        rival=None if rival is None else rival.shelf.id,
        rival_presentation=None if rival is None else rival.presentation,
        value=placement.value,
        conditional=placement.conditional,
        items=[_item(item) for item in placement.items],
    )


def _shown_as(option: Option) -> str:
    return f" (as {option.presentation})" if option.presentation else ""


def in_words(why: SlotReason, rival: Option | None) -> str:
    """Why a shelf is in its slot, with its `rival` by title."""
    text = why.text
    if rival is not None:  # layout knows options by id only, people know shelves by title
        text = text.replace(repr(rival.id), f"“{rival.shelf.title}”" + _shown_as(rival))
    return f"{text[:1].upper()}{text[1:]}."


def _item(item: Item) -> ShownItem:
    return ShownItem(
        id=item.id,
        kind=item.kind.value,
        title=item.title,
        creator=item.creator,
        genre=item.genre,
        explicit=item.explicit,
        sponsor=item.sponsor,
        released=item.released,
    )


def _layout(result: Result, paid: Mapping[str, int]) -> LayoutReport:
    return LayoutReport(
        status=result.status.value,
        objective=result.objective,
        bound=result.bound,
        gap=result.gap,
        proof=result.proof,
        relaxed=list(result.relaxed),
        paid=dict(paid),
    )


def _logged_layout(solver: LoggedSolver, relaxed: tuple[str, ...]) -> LayoutReport:
    gap = (solver.bound - solver.objective) / max(1, abs(solver.objective))
    return LayoutReport(
        status=solver.status,
        objective=solver.objective,
        bound=solver.bound,
        gap=gap,
        proof=solver.proof,
        relaxed=list(relaxed),
        paid=dict(solver.paid),
    )


def _diagnostics(page: ComposedPage) -> Diagnostics:
    return Diagnostics(
        seconds=dict(page.seconds),
        layout_seconds=dict(page.result.seconds),
        candidate_shelves=len(page.shelves),
        options=len(page.options),
        dropped_sources=[
            DroppedSourceReport(source=one.source, reason=one.reason, detail=one.detail)
            for one in page.dropped
        ],
        violations=[f"{one.rule_id}: {one.reason}" for one in page.violations],
        fallback=page.fallback,
    )


def _candidates(record: DecisionRecord) -> list[CandidateOut]:
    # One row per option and one column per slot, or a single column: values come (n, K), the pmf (K, n).
    values = np.atleast_2d(record.values.T).T
    pmf = np.atleast_2d(record.pmf).T
    on_page = {index: slot for slot, index in enumerate(record.page, start=1)}
    on_anchor = {index: slot for slot, index in enumerate(record.anchor, start=1)}
    return [
        CandidateOut(
            shelf_id=shelf.id,
            title=shelf.title,
            presentation=option.presentation,
            source=shelf.source,
            reason=shelf.reason,
            seed_item=shelf.seed_item or None,
            attributes=dict(shelf.attributes),
            features=_plain(option.features),
            items=list(shelf.item_ids),
            scores=shelf.scores.tolist(),
            values=values[index].tolist(),
            pmf=pmf[index].tolist(),
            slot=on_page.get(index),
            anchor_slot=on_anchor.get(index),
        )
        for index, option in enumerate(record.options)
        for shelf in (record.shelves[option.shelf],)
    ]


def _event(event: RewardEvent) -> Event:
    return Event(
        id=event.id,
        decision_id=event.decision_id,
        kind=event.kind,
        shelf_id=event.shelf_id,
        item_id=event.item_id,
        at=event.at,
    )


def _plain(
    features: Mapping[str, Mapping[str, str | float]],
) -> dict[str, dict[str, str | float]]:
    return {namespace: dict(values) for namespace, values in features.items()}
