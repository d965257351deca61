"""A sensible first model for a fresh database: trained on simulated listeners, and to be called that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bandits.policy import Policy
from bandits.rewards import RewardFormula
from home.compose import Tools
from home.ingest.progress import Progress
from home.simulate.parameters import ListenerParameters, load_listener_model
from home.simulate.participants import Participant
from home.simulate.run import SimulationConfig, simulate
from shelves.types import Context

_BATCH = 100
_TRUTHS = 10
"""Options of each page that teach: with three times as many, models were no better."""


def warm_up(
    contexts: Sequence[Context],
    tools: Tools,
    policy: Policy,
    *,
    formula: RewardFormula,
    visits: int,
    seed: int,
    progress: Progress | None = None,
    parameters: ListenerParameters | None = None,
) -> Policy:
    """Train `policy` on `visits` simulated visits of the contexts' listeners; returns the same policy.

    It learns what options bring in expectation, which the simulator knows, and not what luck makes of it: the
    same visits then teach several times as much. What listeners did before, in the features, is down to luck.
    The listeners keep their histories but not their ids: what the simulator makes up about one listener must
    not become that listener's own weights. Raises ValueError without contexts or visits.
    """
    simulate(
        [_disguised(context, seed) for context in contexts],
        tools,
        {policy.name: Participant(lambda: policy, learns=True)},
        parameters or load_listener_model(),
        formula,
        SimulationConfig(
            visits=visits, batch=_BATCH, seed=seed, regret=False, measures=False, truths=_TRUTHS
        ),
        progress,
    )
    return policy


def _disguised(context: Context, seed: int) -> Context:
    disguise = replace(context.listener, id=f"simulated-{seed}-{context.listener.id}")
    return replace(context, listener=disguise)
