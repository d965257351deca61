"""Many settings side by side, and which of them no other beats at everything: a Pareto front."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from bandits.ope.intervals import Interval
from home.draw import Exploration
from home.errors import ConfigurationError
from home.ingest.progress import Progress
from home.rules.book import Rulebook, load_rulebook
from home.simulate.participants import Participant
from home.simulate.report import report
from home.simulate.rows import SimulationConfig
from home.simulate.world import World

GOALS: Mapping[str, str] = {
    "reward": "reward per page",
    "diversity": "distance between shelves",
    "providers": "providers that share exposure, effectively",
}
"""What a front is over; more is better of each."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One point of a sweep; None leaves as is. `weights` multiply those of soft rules, by id."""

    epsilon: float | None = None
    rules: Path | None = None
    weights: tuple[tuple[str, float], ...] = ()

    @property
    def name(self) -> str:
        """The setting in words."""
        parts = [
            None if self.epsilon is None else f"epsilon={self.epsilon:g}",
            None if self.rules is None else self.rules.stem,
            *(f"{rule}×{factor:g}" for rule, factor in self.weights),
        ]
        return " ".join(part for part in parts if part) or "as is"


@dataclass(frozen=True, slots=True)
class Point:
    """A setting with what came of it.

    `best`: no other setting is at least as good at every goal and better at one. `diversity` and `providers`
    are those of `GOALS`; `gini` is that of exposure over providers.
    """

    setting: str
    reward: Interval
    clicks: Interval
    diversity: float
    providers: float
    gini: float
    best: bool


@dataclass(frozen=True, slots=True)
class SweepReport:
    """A sweep of one policy, setting by setting."""

    policy: str
    visits: int
    listeners: int
    seed: int
    points: tuple[Point, ...]

    def to_json(self) -> bytes:
        """The report as indented JSON."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)


def settings(
    epsilons: Sequence[float], rules: Sequence[Path], weights: Mapping[str, Sequence[float]]
) -> tuple[Setting, ...]:
    """Every combination of the values given, in order. Raises ConfigurationError for a bad one."""
    for epsilon in epsilons:
        if not 0.0 <= epsilon <= 1.0:
            raise ConfigurationError(f"epsilon = {epsilon}: give a share between 0 and 1")
    for rule, factors in weights.items():
        for factor in factors:
            if not (np.isfinite(factor) and factor > 0.0):
                raise ConfigurationError(f"weight of {rule} × {factor}: give a positive number")
    shares: Sequence[float | None] = epsilons or [None]
    books: Sequence[Path | None] = rules or [None]
    combined = product(*([(rule, factor) for factor in factors] for rule, factors in weights.items()))
    return tuple(
        Setting(epsilon, book, tuple(chosen))
        for epsilon, book, chosen in product(shares, books, list(combined))
    )


def sweep(
    world: World,
    policy: str,
    chosen: Sequence[Setting],
    config: SimulationConfig | None = None,
    *,
    progress: Progress | None = None,
    workers: int = 1,
    out: Path | None = None,
) -> SweepReport:
    """Run `policy` once under each setting, against the same visits with the same luck.

    Raises ConfigurationError for a rulebook that cannot be read, a weight of a rule that has none, and two
    settings of one name.
    """
    config = config or SimulationConfig(regret=False)
    base = world.participants([policy])[policy]
    players: dict[str, Participant] = {}
    for setting in chosen:
        if setting.name in players:
            raise ConfigurationError(
                f"two settings are called {setting.name!r}: give each value once, and rulebooks names of"
                " their own"
            )
        players[setting.name] = _under(setting, base, world)
    result = world.run(players, config, progress=progress, workers=workers, out=out)
    found = report(result, chosen[0].name, catalog=world.catalog)
    goals = []
    for summary in found.summaries:
        providers = summary.shares.providers.effective if summary.shares else float("nan")
        goals.append((summary.reward.value, summary.measures["inter_shelf"], providers))
    best = front(np.array(goals))
    return SweepReport(
        policy,
        config.visits,
        len(world.contexts),
        config.seed,
        tuple(
            Point(
                summary.policy,
                summary.reward,
                summary.clicks,
                goal[1],
                goal[2],
                summary.shares.providers.gini if summary.shares else float("nan"),
                bool(on),
            )
            for summary, goal, on in zip(found.summaries, goals, best, strict=True)
        ),
    )


def front(goals: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows of `goals` (n, d), more being better, no other row dominates; equal rows all stay.

    A row with a goal that is not known (NaN) is never among them, and dominates none.
    """
    no_worse = (goals[:, None, :] >= goals[None, :, :]).all(axis=2)
    better = (goals[:, None, :] > goals[None, :, :]).any(axis=2)
    known = ~np.isnan(goals).any(axis=1)
    return np.array(known & ~(no_worse & better).any(axis=0), dtype=np.bool_)


def _under(setting: Setting, base: Participant, world: World) -> Participant:
    changed = base
    if setting.epsilon is not None:
        exploration: Exploration = base.exploration or world.tools.exploration
        changed = replace(changed, exploration=replace(exploration, epsilon=setting.epsilon))
    if setting.rules is not None:
        changed = replace(changed, rulebook=load_rulebook(setting.rules))
    if setting.weights:
        tools = world.tools
        book = changed.rulebook or Rulebook(tools.rules, tools.rules_version, tools.rulebook)
        changed = replace(changed, rulebook=_weighted(book, dict(setting.weights)))
    return changed


def _weighted(book: Rulebook, factors: Mapping[str, float]) -> Rulebook:
    soft = [rule.id for rule in book.rules if rule.weight is not None]
    for rule_id in factors:
        if rule_id not in soft:
            raise ConfigurationError(
                f"weight of {rule_id}: rulebook {book.version} has no soft rule of that id, only"
                f" {', '.join(soft) or 'none'}"
            )
    rules = tuple(
        rule
        if rule.weight is None or rule.id not in factors
        else replace(rule, weight=rule.weight * factors[rule.id])
        for rule in book.rules
    )
    marks = "".join(f" {rule}×{factor:g}" for rule, factor in factors.items())
    return Rulebook(rules, book.version + marks, book.text)


def plotted(points: Sequence[Point], goal: str) -> Iterator[tuple[float, float, bool]]:
    """Each point as (goal, reward, on the front of these two)."""
    pairs = np.array([(getattr(point, goal), point.reward.value) for point in points])
    for pair, on in zip(pairs.tolist(), front(pairs), strict=True):
        yield pair[0], pair[1], bool(on)
