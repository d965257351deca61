"""The closed loop in memory: simulated listeners visit, policies compose, and learn from what happened.

Every page comes from `home.compose.compose` with the real sources, rules, solver and draw; rewards go through
`bandits.rewards`, and lessons through the learner's own `examples_of` with the logged conditional
probabilities. All policies meet the same visits with the same luck (common random numbers): the same
listener, hour and surface, the same patience and intent, the same answer to the same shelf, the same dice of
the draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bandits.rewards import RewardFormula
from home.compose import Tools
from home.ingest.progress import Progress, Silent
from home.simulate.checkpoint import Checkpoints
from home.simulate.crew import Job, play
from home.simulate.identity import identity_of
from home.simulate.listener import ListenerModel
from home.simulate.lock import locked
from home.simulate.metrics.page import PageMeter
from home.simulate.parameters import ListenerParameters
from home.simulate.participants import Participant
from home.simulate.player import OnPage, Stage
from home.simulate.rows import SimulationConfig, SimulationResult, VisitRow
from home.simulate.timeline import Happening, Timeline
from home.simulate.visits import Visit, batches, surface_weights
from shelves.recall import recalling
from shelves.types import Context

__all__ = ["OnPage", "SimulationConfig", "SimulationResult", "VisitRow", "simulate", "unhurried"]

_UNHURRIED_S = 30.0


def simulate(
    contexts: Sequence[Context],
    tools: Tools,
    policies: Mapping[str, Participant],
    parameters: ListenerParameters,
    formula: RewardFormula,
    config: SimulationConfig | None = None,
    progress: Progress | None = None,
    on_page: OnPage | None = None,
    *,
    happenings: Sequence[Happening] = (),
    workers: int = 1,
    out: Path | None = None,
) -> SimulationResult:
    """Run every policy against the same visits. The same inputs give the same result, times apart.

    `contexts` are the listeners; `now` and `surface` in them are replaced, starting on the day after the
    catalogue's. The solver and the sources get all the time they need, so that no result depends on how busy
    the machine is. `happenings` change the world from day to day. Policies are shared out to `workers`
    processes, in which `on_page` is called. With `out`, every batch is kept in that directory, and a
    simulation that was interrupted goes on from there.

    Raises ValueError without listeners or policies, UnknownSurfaceError, and ConfigurationError for an `out`
    that holds another simulation or in which another one is at work.
    """
    config, progress = config or SimulationConfig(), progress or Silent()
    if not policies:
        raise ValueError("policies is empty: name at least one")
    calm, catalog = unhurried(tools), tools.builder.catalog
    model = ListenerModel(parameters, catalog, formula, config.seed)
    stage = Stage(
        calm, model, PageMeter(catalog), formula, config, Timeline(happenings, config.seed), on_page
    )
    visits = visits_of(contexts, calm, parameters, config)
    with nullcontext() if out is None else locked(out):
        kept = None if out is None else Checkpoints(out, identity_of(contexts, stage, policies, happenings))
        job = Job(stage, policies, visits, kept)
        progress.start("Simulating visits", job.visits)
        played = play(job, workers, progress)
        progress.finish()
    return SimulationResult(
        config,
        parameters.version,
        len(contexts),
        tuple(policies),
        _by_visit(tuple(policies), [pages.rows for pages, _ in played.values()]),
        {name: tally for name, (_, tally) in played.items()},
        {name: pages.slots for name, (pages, _) in played.items() if config.decisions},
    )


def unhurried(tools: Tools) -> Tools:
    """The same tools without deadlines that a busy machine could miss, and with a memory of listeners."""
    return replace(tools, builder=recalling(tools.builder), layout_deadline_s=_UNHURRIED_S)


def visits_of(
    contexts: Sequence[Context], tools: Tools, parameters: ListenerParameters, config: SimulationConfig
) -> Sequence[tuple[Visit, ...]]:
    """The visits of a simulation, batch by batch. Raises ValueError and UnknownSurfaceError."""
    pattern = parameters.visits
    return tuple(
        batches(
            contexts,
            pattern,
            surface_weights(pattern, config.surfaces, tuple(tools.surfaces)),
            tools.builder.catalog.as_of + timedelta(days=1),
            visits=config.visits,
            batch=config.batch,
            seed=config.seed,
        )
    )


def _by_visit(policies: tuple[str, ...], rows: Sequence[Sequence[VisitRow]]) -> tuple[VisitRow, ...]:
    place = {name: index for index, name in enumerate(policies)}
    everything = [row for some in rows for row in some]
    return tuple(sorted(everything, key=lambda row: (row.visit, place[row.policy])))
