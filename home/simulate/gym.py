"""Home as a Gymnasium environment, so that agents of any library can compose for simulated listeners.

One step is one visit: the agent sees the options that were proposed and says what each is worth, the layout
solver makes the best page of that under the rules, and the reward is the page's. Needs the optional extra
`gym`. The interface is that of Towers and others, "Gymnasium: A Standard Interface for Reinforcement Learning
Environments", arXiv 2407.17032.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from bandits.policies import UniformPolicy
from bandits.types import Example, Features, Scores
from home.compose import Proposal, propose
from home.draw import Exploration
from home.options import Option, prominence_of
from home.simulate.listener import ListenerModel
from home.simulate.metrics.page import PageMeter
from home.simulate.participants import Participant
from home.simulate.player import Player, Stage
from home.simulate.rows import Pages, SimulationConfig
from home.simulate.run import unhurried, visits_of
from home.simulate.timeline import Timeline
from home.simulate.visits import Visit
from home.simulate.world import World
from shelves.columns import CONTENT_TYPES
from shelves.registry import FAMILIES
from shelves.types import Context

Numbers = NDArray[np.float32]

_NUMBERS = ("taste", "popularity", "novelty")
_FLAGS = ("sponsored", "fresh", "exploratory")
_MAX_PROMINENCE = 10.0
_WORST, _BEST = -1.0, 1.0


class HomeEnv(gymnasium.Env[dict[str, Numbers], Numbers]):
    """Visits of a world's listeners, one by one; an episode ends, truncated, after `visits` of them.

    With N options at most, an observation holds

    - "context" (2 + surfaces + 1): sine and cosine of the hour, the surface, and log10(1 + history) / 4;
    - "options" (N, f): for each option its family and content type, whether it is sponsored, fresh and made
      to explore, mean taste, popularity and novelty of its items, and the prominence of its presentation;
    - "mask" (N,): 1 where there is an option.

    An action (N,) in [−1, 1] gives each option a value, such as the reward that it is expected to bring if
    looked at, on any scale. Values of rows without an option are ignored. Fatigue, dismissals and the last
    page carry over from visit to visit within an episode. `info` holds clicks, the exact expected clicks and
    reward, and the regret where the config asks for it.
    """

    def __init__(self, world: World, config: SimulationConfig | None = None) -> None:
        self._world = world
        self._config = config or SimulationConfig(visits=200, batch=50, regret=False, measures=False)
        self._tools = unhurried(world.tools)
        self._surfaces = tuple(world.tools.surfaces)
        self._families = tuple(dict.fromkeys(FAMILIES.values()))
        grids = [surface.grid for surface in world.tools.surfaces.values()]
        presentations = max(len(grid.presentations) or 1 for grid in grids)
        self._size = world.tools.builder.max_shelves * presentations
        width = len(self._families) + len(CONTENT_TYPES) + len(_FLAGS) + len(_NUMBERS) + 1
        context = 2 + len(self._surfaces) + 1
        self._width = width
        self.observation_space: Any = spaces.Dict(
            {
                "context": spaces.Box(-1.0, 2.0, (context,), np.float32),
                "options": spaces.Box(0.0, _MAX_PROMINENCE, (self._size, width), np.float32),
                "mask": spaces.Box(0.0, 1.0, (self._size,), np.float32),
            }
        )
        self.action_space = spaces.Box(_WORST, _BEST, (self._size,), np.float32)
        self._values = _Given()
        self._seed = self._config.seed
        self._player, self._visits = self._begun()
        self._visit = next(self._visits)

    def reset(
        self,
        *,
        seed: int | None = None,
        options: dict[str, Any] | None = None,  # noqa: ARG002 - the interface's signature
    ) -> tuple[dict[str, Numbers], dict[str, Any]]:
        """Begin an episode: with a seed, its listeners and luck; without, those of the next seed.

        `options` change nothing.
        """
        super().reset(seed=seed)
        self._seed = self._seed + 1 if seed is None else seed
        self._player, self._visits = self._begun()
        self._visit = next(self._visits)
        return self._observe(), {}

    def step(self, action: Numbers) -> tuple[dict[str, Numbers], float, bool, bool, dict[str, Any]]:
        """Serve the page that is best by the action's values. ValueError for values that are not finite."""
        values = np.asarray(action, dtype=np.float64)
        if values.shape != (self._size,) or not np.isfinite(values).all():
            raise ValueError(f"action: give {self._size} finite values, one for each row of `options`")
        self._values.values = values
        pages = Pages()
        self._player.serve(self._visit, pages)
        row = pages.rows[0]
        info = {
            "clicks": row.clicks,
            "expected_clicks": row.expected_clicks,
            "expected_reward": row.expected_reward,
            "regret": row.regret,
        }
        following = next(self._visits, None)
        if following is None:
            return self._observe(), row.reward, False, True, info
        self._visit = following
        return self._observe(), row.reward, False, False, info

    def _begun(self) -> tuple[Player, Iterator[Visit]]:
        world, config = self._world, self._config
        config = SimulationConfig(
            config.visits, config.batch, self._seed, config.surfaces, config.regret, config.measures
        )
        model = ListenerModel(world.parameters, world.catalog, world.formula, self._seed)
        stage = Stage(self._tools, model, PageMeter(world.catalog), world.formula, config, Timeline())
        agent = Participant(lambda: self._values, exploration=Exploration(0.0, 1.0))
        player = Player("agent", agent, stage)
        batches = visits_of(world.contexts, self._tools, world.parameters, config)
        return player, chain.from_iterable(batches)

    def _observe(self) -> dict[str, Numbers]:
        context = self._player.context(self._visit)
        proposal = propose(context, UniformPolicy(), self._player.tools(self._visit))
        options = np.zeros((self._size, self._width), dtype=np.float32)
        mask = np.zeros(self._size, dtype=np.float32)
        mask[: len(proposal.options)] = 1.0
        options[: len(proposal.options)] = self._options(proposal)
        return {"context": self._context(context), "options": options, "mask": mask}

    def _context(self, context: Context) -> Numbers:
        angle = 2.0 * np.pi * context.now.hour / 24.0
        surfaces = [float(context.surface == surface) for surface in self._surfaces]
        history = min(np.log10(1.0 + len(context.history)) / 4.0, 2.0)
        return np.array([np.sin(angle), np.cos(angle), *surfaces, history], dtype=np.float32)

    def _options(self, proposal: Proposal) -> Numbers:
        prominence = prominence_of([option.presentation for option in proposal.options], proposal.grid)
        rows = [
            [*self._described(option), p]
            for option, p in zip(proposal.options, prominence.tolist(), strict=True)
        ]
        return np.clip(np.array(rows, dtype=np.float32), 0.0, _MAX_PROMINENCE)

    def _described(self, option: Option) -> Iterator[float]:
        attributes = option.shelf.attributes
        yield from (float(attributes["family"] == family) for family in self._families)
        yield from (float(attributes["content_type"] == kind.value) for kind in CONTENT_TYPES)
        yield from (float(bool(attributes[name])) for name in _FLAGS)
        yield from (float(attributes[name]) for name in _NUMBERS)


class _Given:
    """A policy that scores as it was told to."""

    name = "given"

    def __init__(self) -> None:
        self.values: NDArray[np.float64] = np.zeros(0)

    def score(self, context: Features, actions: Sequence[Features], slots: int) -> Scores:  # noqa: ARG002 - the port's signature
        n = len(actions)
        return Scores(self.values[:n].copy(), np.full(n, 1.0 / n))

    def learn(self, examples: Iterable[Example]) -> int:  # noqa: ARG002 - the agent learns elsewhere
        return 0

    def snapshot(self) -> bytes:
        return b""

    def describe(self) -> str:
        return self.name
