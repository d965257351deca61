"""One policy in the closed loop: it composes for every visit of a batch, then learns from what happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from math import nan
from typing import Any

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as state_dataclass

from bandits.policy import Policy
from bandits.position import as_taught
from bandits.responses import EVERYONE, KindCount, Response, ResponseMemory, ShelfCount, responses_to
from bandits.rewards import RewardFormula, ShelfOutcome, page_clicked, page_reward, shelf_rewards
from bandits.types import EventKind, Example, RewardEvent
from home.compose import ComposedPage, LivePolicy, Tools, compose
from home.settle import in_turn
from home.simulate.best import best_known, meet_options
from home.simulate.decisions import slot_rows
from home.simulate.encounter import Display, Encounter
from home.simulate.expectation import Expectation
from home.simulate.listener import ListenerModel, display_of
from home.simulate.memory import Memory
from home.simulate.metrics.page import PageMeter, PageMetrics, cold
from home.simulate.participants import Participant
from home.simulate.rows import Pages, SimulationConfig, VisitRow
from home.simulate.settling import Settling
from home.simulate.tally import Tally, worth_before
from home.simulate.timeline import Timeline
from home.simulate.truth import Truth
from home.simulate.truths import true_lessons
from home.simulate.uniforms import seed_of, uniforms
from home.simulate.visits import Visit
from shelves.catalog import Catalog
from shelves.types import Context

OnPage = Callable[[str, ComposedPage, tuple[RewardEvent, ...]], None]
"""Called with a policy's name, each page it served, not explained, and what the listener did with it."""


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """What every policy of a simulation plays on."""

    tools: Tools
    model: ListenerModel
    meter: PageMeter
    formula: RewardFormula
    config: SimulationConfig
    timeline: Timeline
    on_page: OnPage | None = None


@state_dataclass(slots=True, config=ConfigDict(ser_json_bytes="base64", val_json_bytes="base64"))
class PlayerState:
    """All that a policy carries from one batch to the next.

    `snapshot` is None for a policy that has learned nothing, or that cannot be read back. `dismissed`:
    listener id → shelves. `served`: listener id → surface → shelves of the last page. `responded`: listener
    id → time and rows of a `ResponseMemory`, as the learner keeps one.
    """

    batches: int = 0
    version: int = 1
    snapshot: bytes | None = None
    dismissed: dict[str, list[str]] = field(default_factory=dict)
    served: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    memories: dict[str, Memory] = field(default_factory=dict)
    responded: dict[str, tuple[datetime, tuple[KindCount, ...], tuple[ShelfCount, ...]]] = field(
        default_factory=dict
    )
    tally: Tally = field(default_factory=Tally)
    settling: Settling = field(default_factory=Settling)


@dataclass(frozen=True, slots=True, eq=False)
class _Met:
    """A page with how its listener met it."""

    page: ComposedPage
    display: Display
    met: Encounter
    truth: Truth
    catalog: Catalog
    best_clicks: float


class Player:
    """A participant in play. Its run depends on the stage and on itself, never on who else takes part."""

    def __init__(
        self, name: str, participant: Participant, stage: Stage, state: PlayerState | None = None
    ) -> None:
        self.name = name
        self.state = state or PlayerState()
        self._participant = participant
        self._stage = stage
        snapshot = self.state.snapshot
        self._policy: Policy = participant.make() if snapshot is None else participant.revive(snapshot)
        self._lessons: list[Example] = []
        self._responses: dict[str, list[Response]] = defaultdict(list)
        self._read_responses: dict[str, ResponseMemory] = {}
        self._memories: dict[str, Memory] = defaultdict(Memory, self.state.memories)
        self.state.memories = self._memories

    def batch(self, visits: Sequence[Visit], on_visit: Callable[[], None] = lambda: None) -> Pages:
        """Serve the visits of a day to those who come, then learn from them."""
        pages = Pages()
        for visit in visits:
            if self._comes(visit):
                self.serve(visit, pages)
            on_visit()
        self._learn(visits)
        self.state.batches += 1
        return pages

    def _comes(self, visit: Visit) -> bool:
        if not self._stage.config.returns:
            return True
        memory = self._memories[visit.context.listener.id]
        luck = uniforms(self._stage.config.seed, "comes", visit.index)[0]
        return luck < memory.comes(self._stage.model.parameters, visit.context.now)

    def serve(self, visit: Visit, pages: Pages) -> None:
        """Compose a page for a visit, see what comes of it, and add it to `pages`."""
        stage, seed = self._stage, self._stage.config.seed
        tools = self.tools(visit)
        self.state.settling.visited(visit.context.listener.id, visit.batch, visit.context.now)
        page = compose(
            self.context(visit),
            LivePolicy(self.state.version, self._policy),
            tools,
            decision_id=f"simulated-{seed}-{self.name}-{visit.index}",
            seed=seed_of(seed, "page", visit.index),
            explained=False,
        )
        truth = stage.timeline.truth(visit.batch, stage.model.truth(visit.context))
        met = self._meet(page, truth, tools)
        acted = stage.model.act(met.met, page, visit.index)
        events = _reported(acted, page.context.surface, stage.formula)
        outcomes = self._rewarded(page, events)
        pages.rows.append(self._row(visit, met, outcomes, acted))
        if stage.config.decisions:
            pages.slots += slot_rows(page, outcomes)
        if self._participant.learns:
            taught = as_taught(outcomes, page.context.surface, page.looks, page.content_types, stage.formula)
            self._lessons += self._taught(visit, met, taught, tools)
            if stage.config.returns and not stage.config.truths:
                self.state.settling.add(page, visit.batch, taught, events, stage.formula, met.catalog)
        self._remember(met, acted)
        self._respond(page, outcomes)
        if stage.on_page is not None:
            stage.on_page(self.name, page, events)

    def tools(self, visit: Visit) -> Tools:
        """What this policy composes with on the day of a visit."""
        stage = self._stage
        return self._participant.equip(stage.timeline.tools(visit.batch, stage.tools))

    def context(self, visit: Visit) -> Context:
        """The visit's context with what was dismissed so far, and the last page on the surface."""
        context = self._stage.timeline.context(visit.batch, visit.context)
        name = context.listener.id
        gone = context.dismissed_shelves.union(self.state.dismissed.get(name, ()))
        last = self.state.served.get(name, {}).get(context.surface, context.previous_page)
        own, everyone = (self._responded(who).as_of(context.now) for who in (name, EVERYONE))
        return replace(
            context,
            dismissed_shelves=gone,
            previous_page=last,
            responses=own.kinds,
            crowd_responses=everyone.kinds,
            shelf_responses=own.shelves,
        )

    def _responded(self, listener: str) -> ResponseMemory:
        if listener not in self._read_responses:
            found = self.state.responded.get(listener)
            self._read_responses[listener] = (
                ResponseMemory() if found is None else ResponseMemory.read(*found)
            )
        return self._read_responses[listener]

    def _meet(self, page: ComposedPage, truth: Truth, tools: Tools) -> _Met:
        model, memory = self._stage.model, self._memories[page.context.listener.id]
        display = display_of(page, model.catalog)
        weariness = memory.weariness(model.parameters, display.shelves, page.context.now)
        met = model.meet(truth, page.context, display, weariness)
        best = best_known(model, tools, page, truth, memory).clicks if self._stage.config.regret else nan
        return _Met(page, display, met, truth, tools.builder.catalog, best)

    def _taught(
        self, visit: Visit, met: _Met, outcomes: Sequence[ShelfOutcome], tools: Tools
    ) -> tuple[Example, ...]:
        stage, page, config = self._stage, met.page, self._stage.config
        if not config.truths:
            return lessons(page, outcomes)
        memory = self._memories[page.context.listener.id]
        options = meet_options(stage.model, tools, page, met.truth, memory)
        seed = seed_of(config.seed, "truths", visit.index)
        return true_lessons(stage.model, page, options, config.truths, seed)

    def _rewarded(self, page: ComposedPage, events: Sequence[RewardEvent]) -> tuple[ShelfOutcome, ...]:
        ids = [placement.shelf.id for placement in page.placements]
        formula, now = self._stage.formula, page.context.now
        return shelf_rewards(formula, now, ids, events, content_types=page.content_types)

    def _row(
        self, visit: Visit, met: _Met, outcomes: Sequence[ShelfOutcome], events: Sequence[RewardEvent]
    ) -> VisitRow:
        stage, page = self._stage, met.page
        expected = stage.model.expectation(met.met, page.grid)
        measured = (
            stage.meter.measure(page, met.display, met.met, met.truth, met.catalog)
            if stage.config.measures
            else PageMetrics()
        )
        return VisitRow(
            policy=self.name,
            visit=visit.index,
            batch=visit.batch,
            model_version=self.state.version,
            **_of_page(page),
            **_of_feedback(outcomes, events),
            **_of_expectation(expected, met.best_clicks),
            **asdict(measured),
            dismissed=self._dismissed(page, events),
        )

    def _dismissed(self, page: ComposedPage, events: Sequence[RewardEvent]) -> int:
        before = page.context.dismissed_shelves
        return len(before.union(e.shelf_id for e in events if e.kind is EventKind.DISMISS))

    def _remember(self, met: _Met, events: tuple[RewardEvent, ...]) -> None:
        """Everything that later visits or lessons need of this one."""
        stage, page = self._stage, met.page
        listener, now = page.context.listener.id, page.context.now
        shelves = met.display.shelves
        sources = {shelf.id: shelf.provenance.source for shelf in shelves}
        self._memories[listener].remember(stage.model.parameters, sources, events, now)
        gone = [event.shelf_id for event in events if event.kind is EventKind.DISMISS]
        if gone:
            self.state.dismissed.setdefault(listener, []).extend(gone)
        shown = tuple(shelf.id for shelf in shelves)
        self.state.served.setdefault(listener, {})[page.context.surface] = shown
        self.state.tally.add(page, met.display, stage.meter.exposure(page, met.met))
        for event in events:
            if event.kind is EventKind.PLAY and event.item_id is not None:
                self.state.tally.play(listener, event.item_id)

    def _respond(self, page: ComposedPage, outcomes: Sequence[ShelfOutcome]) -> None:
        """Note what the learner will know of this page when the batch is over."""
        kinds = [placement.shelf.kind for placement in page.placements]
        ids = [placement.shelf.id for placement in page.placements]
        unseen = page.context.surface in self._stage.formula.without_impressions
        looks = page.looks if unseen else None
        responses = responses_to(ids, kinds, outcomes, page.context.now, looks)
        for listener in (page.context.listener.id, EVERYONE):
            self._responses[listener] += responses

    def _learn(self, visits: Sequence[Visit]) -> None:
        """Learn from the day that is over, and go on from the snapshot, as servers do.

        A policy is read back from its snapshot whether the simulation goes on or is taken up again later, so
        that both give the same pages.
        """
        for listener, responses in self._responses.items():
            memory = self._responded(listener).with_more(responses, shelves=listener != EVERYONE)
            if memory.at is not None:
                self.state.responded[listener] = memory.at, memory.kind_rows(), memory.shelf_rows()
        self._responses.clear()
        self._read_responses.clear()
        examples = in_turn(self._lessons, self.state.settling.close(_end_of_day(visits)))
        self._lessons.clear()
        if not examples:
            return
        self._policy.learn(examples)
        self.state.version += 1
        if self._participant.restore is not None:
            self.state.snapshot = self._policy.snapshot()
            self._policy = self._participant.restore(self.state.snapshot)


def _reported(
    events: tuple[RewardEvent, ...], surface: str, formula: RewardFormula
) -> tuple[RewardEvent, ...]:
    """What a surface reports of what a listener did."""
    if surface not in formula.without_impressions:
        return events
    return tuple(event for event in events if event.kind is not EventKind.IMPRESSION)


def lessons(page: ComposedPage, outcomes: Sequence[ShelfOutcome]) -> tuple[Example, ...]:
    """What a page teaches early: `home.settle.examples_of` of its record, without making the record."""
    if page.propensity is None:
        return ()
    return tuple(
        Example(page.context_features, page.features[page.draw.page[slot]], slot, outcome.reward, conditional)
        for slot, (outcome, conditional) in enumerate(zip(outcomes, page.draw.conditionals, strict=True))
        if outcome.examined
    )


def _end_of_day(visits: Sequence[Visit]) -> datetime:
    return datetime.combine(visits[-1].context.now.date() + timedelta(days=1), time.min, UTC)


def _of_page(page: ComposedPage) -> Mapping[str, Any]:
    return {
        "listener_id": page.context.listener.id,
        "surface": page.context.surface,
        "hour": page.context.now.hour,
        "explored": page.draw.explored,
        "status": page.result.status.value,
        "fallback": page.fallback,
        "propensity": page.propensity,
        "seconds": page.seconds["total"],
        "cold": cold(page.context),
        "dropped": len(page.dropped),
        "paid": sum(page.paid.values()) / worth_before(page),
    }


def _of_feedback(outcomes: Sequence[ShelfOutcome], events: Sequence[RewardEvent]) -> Mapping[str, Any]:
    kinds = [event.kind for event in events]
    return {
        "clicks": sum(outcome.clicked for outcome in outcomes),
        "clicked": page_clicked(outcomes),
        "reward": page_reward(outcomes),
        "looked_at": len({event.shelf_id for event in events}),
        "listened": kinds.count(EventKind.PLAY_30S),
        "saved": kinds.count(EventKind.SAVE),
        "skipped": kinds.count(EventKind.SKIP),
    }


def _of_expectation(expected: Expectation, best_clicks: float) -> Mapping[str, Any]:
    return {
        "expected_clicks": expected.clicks,
        "expected_reward": expected.reward,
        "best_clicks": best_clicks,
        "regret": best_clicks - expected.clicks,
    }
