"""A sensible first model for a fresh database: trained on simulated listeners, and to be called that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bandits.policy import Policy
from bandits.rewards import RewardFormula
from bandits.types import Example, Features, Scores
from home.compose import Tools
from home.ingest.progress import Progress
from home.simulate.parameters import ListenerParameters, load_listener_model
from home.simulate.participants import Participant
from home.simulate.run import SimulationConfig, simulate
from shelves.types import Context

BATCH = 200
_TRUTHS = 10
"""Options of each page that teach: with three times as many, models were no better."""
PASSES = 3
"""How often policies that learn in steps learn each lesson: the first time as it comes, then shuffled.

Single clicks are far noisier than these lessons, and a model that has not settled on them follows the clicks.
"""


def warm_up(
    contexts: Sequence[Context],
    tools: Tools,
    policy: Policy,
    *,
    formula: RewardFormula,
    visits: int,
    seed: int,
    passes: int = 1,
    batch: int = BATCH,
    progress: Progress | None = None,
    parameters: ListenerParameters | None = None,
) -> Policy:
    """Train `policy` on `visits` simulated visits of the contexts' listeners; returns the same policy.

    After every `batch` of visits it learns what options bring in expectation, which the simulator knows, and
    not what luck makes of it: the same visits then teach several times as much. What listeners did before, in
    the features, is down to luck.
    When the visits are over it goes through all lessons again, in a seeded order, until it has learned them
    in as many `passes`: for policies that learn in steps. One that counts what it has seen would count it
    again.
    The listeners keep their histories but not their ids: what the simulator makes up about one listener must
    not become that listener's own weights. Raises ValueError without contexts or visits.
    """
    student = _Student(policy)
    simulate(
        [_disguised(context, seed) for context in contexts],
        tools,
        {policy.name: Participant(lambda: student, learns=True)},
        parameters or load_listener_model(),
        formula,
        SimulationConfig(visits=visits, batch=batch, seed=seed, regret=False, measures=False, truths=_TRUTHS),
        progress,
    )
    student.revise(passes - 1, np.random.default_rng(seed))
    return policy


@dataclass(frozen=True, slots=True)
class _Student:
    """A policy that keeps what it was taught, to go through it again."""

    policy: Policy
    taught: list[Example] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.policy.name

    def score(self, context: Features, actions: Sequence[Features], slots: int) -> Scores:
        return self.policy.score(context, actions, slots)

    def learn(self, examples: Iterable[Example]) -> int:
        new = list(examples)
        self.taught.extend(new)
        return self.policy.learn(new)

    def snapshot(self) -> bytes:
        return self.policy.snapshot()

    def describe(self) -> str:
        return self.policy.describe()

    def revise(self, passes: int, rng: np.random.Generator) -> None:
        """Learn everything again, as often as `passes`, in an order of its own each time."""
        for _ in range(passes):
            self.policy.learn(self.taught[i] for i in rng.permutation(len(self.taught)).tolist())


def _disguised(context: Context, seed: int) -> Context:
    disguise = replace(context.listener, id=f"simulated-{seed}-{context.listener.id}")
    return replace(context, listener=disguise)
