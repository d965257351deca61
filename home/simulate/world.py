"""Everything that a simulation plays with, opened once: the same for the command line and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bandits.rewards import RewardFormula
from home.bootstrap import (
    live_snapshot,
    load_catalog,
    open_database,
    open_tools,
    policy_loader,
    spare_requests_garbage_collections,
)
from home.compose import Tools
from home.errors import ConfigurationError
from home.ingest.progress import Progress
from home.rewards import reward_formula
from home.sampling import sample_contexts
from home.service import utc_now
from home.settings import Settings
from home.simulate.parameters import DEFAULT_LISTENER_MODEL, ListenerParameters, load_listener_model
from home.simulate.participants import Load, Participant, participants
from home.simulate.player import OnPage
from home.simulate.rows import SimulationConfig, SimulationResult
from home.simulate.run import simulate
from home.simulate.timeline import Happening
from shelves.catalog import Catalog
from shelves.types import Context


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Listeners, what composes for them, and what they are like.

    `load` makes the policy that serves from a snapshot, and `snapshot` is the one it starts from; None is
    untrained.
    """

    contexts: tuple[Context, ...]
    tools: Tools
    parameters: ListenerParameters
    formula: RewardFormula
    load: Load
    snapshot: bytes | None = None

    @property
    def catalog(self) -> Catalog:
        """What is proposed from."""
        return self.tools.builder.catalog

    def participants(self, names: Sequence[str]) -> dict[str, Participant]:
        """Policies by name. Raises ConfigurationError for one that is not known."""
        try:
            return dict(participants(names, self.load, self.snapshot))
        except ValueError as error:
            raise ConfigurationError(str(error)) from error

    def run(
        self,
        policies: dict[str, Participant],
        config: SimulationConfig | None = None,
        *,
        happenings: Sequence[Happening] = (),
        progress: Progress | None = None,
        on_page: OnPage | None = None,
        workers: int = 1,
        out: Path | None = None,
    ) -> SimulationResult:
        """Simulate here: see `home.simulate.run.simulate`."""
        return simulate(
            self.contexts,
            self.tools,
            policies,
            self.parameters,
            self.formula,
            config,
            progress,
            on_page,
            happenings=happenings,
            workers=workers,
            out=out,
        )

    def crowd(self, listeners: int) -> World:
        """The same world with its first `listeners` listeners only."""
        return replace(self, contexts=self.contexts[:listeners])


def open_world(
    settings: Settings | None = None,
    *,
    listeners: int = 300,
    seed: int = 1,
    model: Path = DEFAULT_LISTENER_MODEL,
    from_live: bool = False,
) -> World:
    """A world of up to `listeners` listeners from the database of `settings`.

    `model` is a file of listener parameters. With `from_live`, the policy that serves starts from the live
    model. Raises the errors of `home.bootstrap`, and ConfigurationError for a bad `model`.
    """
    settings = settings or Settings()
    engine = open_database(settings)
    try:
        world = World(
            sample_contexts(engine, listeners, "phone", seed, utc_now()),
            open_tools(settings, load_catalog(engine, settings)),
            load_listener_model(model),
            reward_formula(settings),
            policy_loader(settings),
            live_snapshot(engine) if from_live else None,
        )
    finally:
        engine.dispose()
    spare_requests_garbage_collections()
    return world
