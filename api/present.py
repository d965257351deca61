"""From the composer's own objects to what the API shows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from api.feedback_schemas import CandidateOut, DecisionOut, Event, EventAnswer, MalformedEvent, RejectedEvent
from api.schemas import (
    Diagnostics,
    DroppedSourceReport,
    HomePage,
    LayoutReport,
    ListenerOut,
    PlacedShelf,
    ShownItem,
    SlotOut,
    SurfaceOut,
    Versions,
)
from bandits.types import RewardEvent
from home.compose import ComposedPage, Placement
from home.events import EventReport
from home.records import DecisionRecord, LoggedSolver
from layout.explain import SlotReason
from layout.types import Grid, Result
from shelves.types import Item, Listener


def home_page(page: ComposedPage) -> HomePage:
    """A composed page."""
    titles = {shelf.id: shelf.title for shelf in page.shelves}
    return HomePage(
        decision_id=page.decision_id,
        listener=listener(page.context.listener),
        surface=page.context.surface,
        at=page.context.now,
        page=[_placed(placement, titles) for placement in page.placements],
        propensity=page.draw.propensity,
        explored=page.draw.explored,
        seed=page.seed,
        versions=Versions(policy=page.policy_version, rules=page.rules_version, grid=page.grid.version),
        layout=_layout(page.result),
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
        SlotOut(slot=number, examination=slot.examination, fold=slot.fold)
        for number, slot in enumerate(grid.slots, start=1)
    ]
    return SurfaceOut(
        surface=grid.surface, version=grid.version, items_per_shelf=grid.items_per_shelf, slots=slots
    )


def decision(record: DecisionRecord, events: tuple[RewardEvent, ...]) -> DecisionOut:
    """A logged decision with the feedback on it so far."""
    ids = [shelf.id for shelf in record.shelves]
    return DecisionOut(
        decision_id=record.id,
        listener_id=record.listener_id,
        surface=record.surface,
        at=record.at,
        context=_plain(record.context),
        candidates=_candidates(record),
        anchor=[ids[index] for index in record.anchor],
        page=[ids[index] for index in record.page],
        shown=[list(items) for items in record.shown],
        explored=record.explored,
        propensity=record.propensity,
        conditionals=list(record.conditionals),
        exploration_conditionals=list(record.exploration_conditionals),
        anchor_exploration=record.anchor_exploration,
        support_sizes=list(record.support_sizes),
        epsilon=record.epsilon,
        floor=record.floor,
        seed=record.seed,
        examination=list(record.examination),
        versions=Versions(policy=record.policy_version, rules=record.rules_version, grid=record.grid_version),
        effective_rules=list(record.effective_rules),
        layout=_logged_layout(record.solver, record.relaxed_rules),
        solver_settings=dict(record.solver.settings),
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


def _placed(placement: Placement, titles: Mapping[str, str]) -> PlacedShelf:
    shelf, why = placement.shelf, placement.reason
    return PlacedShelf(
        slot=placement.slot + 1,
        shelf_id=shelf.id,
        title=shelf.title,
        source=shelf.provenance.source,
        seed_item=shelf.provenance.seed_item,
        reason=shelf.provenance.reason,
        slot_reason=_in_words(why, titles),
        rules=list(dict.fromkeys([*([why.pinned_by] if why.pinned_by else []), *why.kept_out_by])),
        rival=why.rival,
        value=placement.value,
        conditional=placement.conditional,
        items=[_item(item) for item in placement.items],
    )


def _in_words(why: SlotReason, titles: Mapping[str, str]) -> str:
    text = why.text
    if why.rival is not None:  # layout knows shelves by id only, people know them by title
        text = text.replace(repr(why.rival), f"“{titles.get(why.rival, why.rival)}”")
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


def _layout(result: Result) -> LayoutReport:
    return LayoutReport(
        status=result.status.value,
        objective=result.objective,
        bound=result.bound,
        gap=result.gap,
        proof=result.proof,
        relaxed=list(result.relaxed),
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
    )


def _diagnostics(page: ComposedPage) -> Diagnostics:
    return Diagnostics(
        seconds=dict(page.seconds),
        candidate_shelves=len(page.shelves),
        dropped_sources=[
            DroppedSourceReport(source=one.source, reason=one.reason, detail=one.detail)
            for one in page.dropped
        ],
        violations=[f"{one.rule_id}: {one.reason}" for one in page.violations],
        fallback=page.fallback,
    )


def _candidates(record: DecisionRecord) -> list[CandidateOut]:
    # One row per shelf and one column per slot, or a single column: values come (n, K), the pmf (K, n).
    values = np.atleast_2d(record.values.T).T
    pmf = np.atleast_2d(record.pmf).T
    on_page = {index: slot for slot, index in enumerate(record.page, start=1)}
    on_anchor = {index: slot for slot, index in enumerate(record.anchor, start=1)}
    return [
        CandidateOut(
            shelf_id=shelf.id,
            title=shelf.title,
            source=shelf.source,
            reason=shelf.reason,
            seed_item=shelf.seed_item or None,
            attributes=dict(shelf.attributes),
            features=_plain(shelf.features),
            items=list(shelf.item_ids),
            scores=shelf.scores.tolist(),
            values=values[index].tolist(),
            pmf=pmf[index].tolist(),
            slot=on_page.get(index),
            anchor_slot=on_anchor.get(index),
        )
        for index, shelf in enumerate(record.shelves)
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
