"""The closed loop in memory: simulated listeners visit, policies compose, and learn from what happened.

Every page comes from `home.compose.compose` with the real sources, rules, solver and draw; rewards go through
`bandits.rewards`, and lessons through the learner's own `examples_of` with the logged conditional
probabilities. All policies meet the same visits with the same luck (common random numbers): the same
listener, hour and surface, the same patience and intent, the same answer to the same shelf, the same dice of
the draw.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from math import nan

from bandits.policy import Policy
from bandits.responses import EVERYONE, Response, ResponseMemory, responses_to
from bandits.rewards import RewardFormula, ShelfOutcome, page_clicked, page_reward, shelf_rewards
from bandits.types import EventKind, Example, RewardEvent
from home.compose import ComposedPage, LivePolicy, Tools, compose
from home.draw import Exploration
from home.ingest.progress import Progress, Silent
from home.logbook import record_of
from home.settle import examples_of
from home.simulate.best import BestKnown
from home.simulate.expectation import Expectation
from home.simulate.listener import ListenerModel
from home.simulate.parameters import ListenerParameters
from home.simulate.participants import Participant
from home.simulate.uniforms import seed_of
from home.simulate.visits import Visit, batches, surface_weights
from shelves.build import Builder
from shelves.types import Context

_UNHURRIED_S = 30.0

OnPage = Callable[[str, ComposedPage, tuple[RewardEvent, ...]], None]
"""Called with a policy's name, each page it served, and what the listener did with it."""


@dataclass(frozen=True, slots=True)
class SimulationConfig:
    """How long and where: `visits` in all, learning after every `batch` of them, which makes one day.

    `surfaces` limits the surfaces; empty means all that the listener model names. With `regret`, every page
    is compared with the best that is known, at the price of one more layout per visit.
    """

    visits: int = 1000
    batch: int = 100
    seed: int = 1
    surfaces: tuple[str, ...] = ()
    regret: bool = True


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One page that one policy served.

    `clicks` counts the shelves clicked; `clicked` says whether any was. `expected_clicks` and
    `expected_reward` are exact given the page; `best_clicks` are those of the best page known for the same
    candidates (see `BestKnown`), and `regret` = best_clicks − expected_clicks, both NaN where not asked for.
    `propensity` is None where a fallback made it unknowable.
    `dismissed` counts the shelves that this listener has dismissed before. `seconds` is composing time.
    """

    policy: str
    visit: int
    batch: int
    listener_id: str
    surface: str
    hour: int
    clicks: int
    clicked: bool
    reward: float
    looked_at: int
    expected_clicks: float
    expected_reward: float
    best_clicks: float
    regret: float
    explored: bool
    status: str
    fallback: str
    propensity: float | None
    model_version: int
    dismissed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SimulationResult:
    """Every page of every policy, visit by visit; `listeners` is how many could visit."""

    config: SimulationConfig
    model_version: str
    listeners: int
    policies: tuple[str, ...]
    rows: tuple[VisitRow, ...]


@dataclass(slots=True, eq=False)
class _Player:
    """A participant in play."""

    name: str
    policy: Policy
    learns: bool
    tools: Tools
    version: int = 1
    lessons: list[Example] = field(default_factory=list)
    dismissed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    served: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    responses: dict[str, list[Response]] = field(default_factory=lambda: defaultdict(list))
    memories: dict[str, ResponseMemory] = field(default_factory=lambda: defaultdict(ResponseMemory))

    def context(self, visit: Visit) -> Context:
        """The visit's context with what was dismissed so far, and the last page on the surface."""
        context = visit.context
        gone = context.dismissed_shelves | self.dismissed[context.listener.id]
        last = self.served.get((context.listener.id, context.surface), context.previous_page)
        own, everyone = (self.memories[name].as_of(context.now) for name in (context.listener.id, EVERYONE))
        return replace(
            context, dismissed_shelves=gone, previous_page=last, responses=own, crowd_responses=everyone
        )

    def learn(self) -> None:
        """Learn from the batch that is over, and remember how listeners responded."""
        for listener_id, responses in self.responses.items():
            self.memories[listener_id] = self.memories[listener_id].with_more(responses)
        self.responses.clear()
        if self.lessons:
            self.policy.learn(self.lessons)
            self.lessons.clear()
            self.version += 1


def simulate(
    contexts: Sequence[Context],
    tools: Tools,
    policies: Mapping[str, Participant],
    parameters: ListenerParameters,
    formula: RewardFormula,
    config: SimulationConfig | None = None,
    progress: Progress | None = None,
    on_page: OnPage | None = None,
) -> SimulationResult:
    """Run every policy against the same visits. The same inputs give the same result, times apart.

    `contexts` are the listeners; `now` and `surface` in them are replaced, starting on the day after the
    catalogue's. The solver and the sources get all the time they need, so that no result depends on how busy
    the machine is. Raises ValueError without listeners or policies, and UnknownSurfaceError.
    """
    config, progress = config or SimulationConfig(), progress or Silent()
    if not policies:
        raise ValueError("policies is empty: name at least one")
    loop = _Loop(unhurried(tools), parameters, formula, config, on_page)
    players = [loop.player(name, participant) for name, participant in policies.items()]
    progress.start("Simulating visits", config.visits)
    rows: list[VisitRow] = []
    for batch in loop.batches(contexts):
        for visit in batch:
            rows += loop.visit(visit, players)
            progress.advance()
        for player in players:
            player.learn()
    progress.finish()
    return SimulationResult(config, parameters.version, len(contexts), tuple(policies), tuple(rows))


def unhurried(tools: Tools) -> Tools:
    """The same tools without deadlines that a busy machine could miss."""
    given = tools.builder
    builder = Builder(
        given.sources, given.catalog, given.min_items, given.max_items, _UNHURRIED_S, given.max_shelves
    )
    return replace(tools, builder=builder, layout_deadline_s=_UNHURRIED_S)


class _Loop:
    """What all policies of a simulation share."""

    def __init__(
        self,
        tools: Tools,
        parameters: ListenerParameters,
        formula: RewardFormula,
        config: SimulationConfig,
        on_page: OnPage | None,
    ) -> None:
        self._tools = tools
        self._parameters = parameters
        self._formula = formula
        self._config = config
        self._on_page = on_page
        self._catalog = tools.builder.catalog
        self._model = ListenerModel(parameters, self._catalog, formula, config.seed)
        self._best = BestKnown(self._model, tools)

    def player(self, name: str, participant: Participant) -> _Player:
        exploration: Exploration = participant.exploration or self._tools.exploration
        tools = replace(self._tools, exploration=exploration)
        return _Player(name, participant.make(), participant.learns, tools)

    def batches(self, contexts: Sequence[Context]) -> Iterator[tuple[Visit, ...]]:
        pattern, config = self._parameters.visits, self._config
        return batches(
            contexts,
            pattern,
            surface_weights(pattern, config.surfaces, tuple(self._tools.surfaces)),
            self._catalog.as_of + timedelta(days=1),
            visits=config.visits,
            batch=config.batch,
            seed=config.seed,
        )

    def visit(self, visit: Visit, players: Sequence[_Player]) -> Iterator[VisitRow]:
        """One visit, to every policy in turn."""
        best: dict[tuple[tuple[str, ...], ...], float] = {}
        for player in players:
            page = compose(
                player.context(visit),
                LivePolicy(player.version, player.policy),
                player.tools,
                decision_id=f"simulated-{self._config.seed}-{player.name}-{visit.index}",
                seed=seed_of(self._config.seed, "page", visit.index),
            )
            problem = tuple(option.id for option in page.options), page.context.previous_page
            if problem not in best:
                best[problem] = self._best.expected(page).clicks if self._config.regret else nan
            yield self._serve(visit, player, page, best[problem])

    def _serve(self, visit: Visit, player: _Player, page: ComposedPage, best_clicks: float) -> VisitRow:
        met = self._model.meet_page(page)
        events = self._model.act(met, page, visit.index)
        if player.learns:
            record = record_of(page, self._catalog.items)
            player.lessons += examples_of(record, events, self._formula)
        if self._on_page is not None:
            self._on_page(player.name, page, events)
        shelf_ids = [placement.shelf.id for placement in page.placements]
        types = [str(placement.shelf.attributes.get("content_type", "")) for placement in page.placements]
        outcomes = shelf_rewards(self._formula, page.context.now, shelf_ids, events, content_types=types)
        row = _row(visit, player, page, outcomes, self._model.expectation(met, page.grid), best_clicks)
        responses = responses_to([p.shelf.kind for p in page.placements], outcomes, page.context.now)
        for listener_id in (page.context.listener.id, EVERYONE):
            player.responses[listener_id] += responses
        gone = (event.shelf_id for event in events if event.kind is EventKind.DISMISS)
        player.dismissed[page.context.listener.id].update(gone)
        player.served[page.context.listener.id, page.context.surface] = tuple(shelf_ids)
        return row


def _row(
    visit: Visit,
    player: _Player,
    page: ComposedPage,
    outcomes: Sequence[ShelfOutcome],
    expected: Expectation,
    best_clicks: float,
) -> VisitRow:
    return VisitRow(
        policy=player.name,
        visit=visit.index,
        batch=visit.batch,
        listener_id=page.context.listener.id,
        surface=page.context.surface,
        hour=page.context.now.hour,
        clicks=sum(outcome.clicked for outcome in outcomes),
        clicked=page_clicked(outcomes),
        reward=page_reward(outcomes),
        looked_at=sum(outcome.examined for outcome in outcomes),
        expected_clicks=expected.clicks,
        expected_reward=expected.reward,
        best_clicks=best_clicks,
        regret=best_clicks - expected.clicks,
        explored=page.draw.explored,
        status=page.result.status.value,
        fallback=page.fallback,
        propensity=page.propensity,
        model_version=player.version,
        dismissed=len(player.dismissed[page.context.listener.id]),
        seconds=page.seconds["total"],
    )
