"""A real log as an environment: its rows are met one by one, and a policy sees those that it would have made.

Rejection sampling: a row that shows action a with probability p is accepted with probability c · π(a) / p,
where c is the least p in the log. What is accepted is then distributed as if the policy π, which learns from
it as it goes on, had made it itself. Source: Li, Chu, Langford and Wang, "Unbiased Offline Evaluation of
Contextual-bandit-based News Article Recommendation Algorithms", WSDM 2011, for uniform logs, where this
accepts exactly the rows on which the policy's own draw agrees; for other logs Dudík, Erhan, Langford and Li,
"Sample-efficient Nonstationary Policy Evaluation for Contextual Bandits", UAI 2012.

Assumes that rows are independent, that propensities are true, and that what the policy shows does not change
who comes. It fails where propensities are small: nearly everything is then rejected. A policy that learns is
judged after far fewer rounds than the log has rows, one in as many as there are actions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray
from polars.exceptions import PolarsError

from bandits.ope.estimators import Estimate
from bandits.ope.intervals import Interval, bootstrap
from bandits.policies import POLICIES, build
from bandits.policy import Policy
from bandits.types import Example, Features
from home.errors import ConfigurationError, first_line
from home.ingest.progress import Progress, Silent
from home.simulate.uniforms import uniforms

_USER = tuple(f"user_feature_{i}" for i in range(4))
_ITEM = tuple(f"item_feature_{i}" for i in range(1, 4))
_RANDOM = "random"
FEW = 100
"""Fewer accepted rounds than this say next to nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class LoggedRounds:
    """A log of m rounds over n actions, in the order of time.

    `contexts` (m,) and `actions` (n,) are features; `action` (m,) was shown with `propensity` (m,) and
    brought `reward` (m,).
    """

    name: str
    contexts: Sequence[Features]
    actions: Sequence[Features]
    action: NDArray[np.int64]
    propensity: NDArray[np.float64]
    reward: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LoggedPolicy:
    """A policy on a log: `accepted` of the rows; `value` is None where none were."""

    policy: str
    accepted: int
    rows: int
    value: Interval | None


@dataclass(frozen=True, slots=True)
class LoggedReport:
    """Policies on a log; `on_policy` is the mean reward of the log as it was."""

    log: str
    rows: int
    actions: int
    batch: int
    seed: int
    on_policy: Interval
    policies: tuple[LoggedPolicy, ...]

    def to_json(self) -> bytes:
        """The report as indented JSON."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)


def open_log(directory: Path) -> LoggedRounds:
    """A log in the layout of the Open Bandit Dataset: POLICY/CAMPAIGN with CAMPAIGN.csv and item_context.csv.

    A round is one slot; its position is a feature of the context. Raises ConfigurationError for a directory
    without these files, naming the column or row that is wrong.
    """
    path = directory / f"{directory.name}.csv"
    try:
        frame = pl.read_csv(path).sort("timestamp", maintain_order=True)
        items = pl.read_csv(directory / "item_context.csv").sort("item_id")
        frame = frame.select("item_id", "position", "click", "propensity_score", *_USER)
        items = items.select("item_id", "item_feature_0", *_ITEM)
        frame = frame.cast({"propensity_score": pl.Float64, "click": pl.Float64, "item_id": pl.Int64})
        items = items.cast({"item_id": pl.Int64, "item_feature_0": pl.Float64})
    except (OSError, PolarsError) as error:
        raise ConfigurationError(
            f"{directory}: {first_line(error)}; give a directory such as DIR/random/men of the Open Bandit"
            " Dataset"
        ) from error
    _check(path, frame, items)
    propensity = frame["propensity_score"].to_numpy()
    wrong = np.flatnonzero(~((propensity > 0.0) & (propensity <= 1.0)))
    if len(wrong):
        raise ConfigurationError(
            f"{path}: propensity_score is {propensity[wrong[0]]} in {len(wrong)} rows; what was shown had a"
            " probability in (0, 1]"
        )
    return LoggedRounds(
        name=f"{directory.parent.name}/{directory.name}",
        contexts=[_context(row) for row in frame.iter_rows(named=True)],
        actions=[_action(row) for row in items.iter_rows(named=True)],
        action=frame["item_id"].to_numpy(),
        propensity=propensity,
        reward=frame["click"].to_numpy(),
    )


def _check(path: Path, frame: pl.DataFrame, items: pl.DataFrame) -> None:
    """Raise ConfigurationError unless there are rows, clicks are 0 or 1, and items are numbered from 0."""
    if frame.is_empty():
        raise ConfigurationError(f"{path}: there are no rows")
    if items["item_id"].to_list() != list(range(len(items))) or items["item_feature_0"].null_count():
        raise ConfigurationError(
            f"{path.parent / 'item_context.csv'}: item_id must number the items 0, 1, 2, …, and"
            " item_feature_0 be a number for each"
        )
    for name, allowed in {"item_id": range(len(items)), "click": (0.0, 1.0)}.items():
        wrong = frame.filter(~pl.col(name).is_in(list(allowed)).fill_null(False))[name]
        if len(wrong):
            raise ConfigurationError(
                f"{path}: {name} is {wrong[0]} in {len(wrong)} rows; give {allowed[0]:g} to {allowed[-1]:g}"
            )


def replay_log(
    log: LoggedRounds,
    policies: Sequence[str],
    *,
    batch: int = 100,
    seed: int = 1,
    rows: int | None = None,
    progress: Progress | None = None,
) -> LoggedReport:
    """Run policies on the first `rows` rows of a log (all by default), learning after `batch` accepted ones.

    All policies meet the same rows with the same luck. Raises ConfigurationError for a policy that cannot
    choose among anything but shelves.
    """
    progress = progress or Silent()
    n = len(log.action) if rows is None else min(rows, len(log.action))
    players = {name: _policy(name) for name in policies}
    progress.start("Replaying rows", n * len(players))
    found = tuple(_replayed(log, name, policy, n, batch, seed, progress) for name, policy in players.items())
    progress.finish()
    return LoggedReport(log.name, n, len(log.actions), batch, seed, _interval(log.reward[:n], seed), found)


def _replayed(
    log: LoggedRounds, name: str, policy: Policy, rows: int, batch: int, seed: int, progress: Progress
) -> LoggedPolicy:
    least = float(log.propensity[:rows].min())
    accepted: list[float] = []
    lessons: list[Example] = []
    for row in range(rows):
        progress.advance()
        context, action = log.contexts[row], int(log.action[row])
        probability = float(_pmf(policy, context, log.actions)[action])
        if uniforms(seed, "row", row)[0] >= least * probability / log.propensity[row]:
            continue
        reward = float(log.reward[row])
        accepted.append(reward)
        lessons.append(Example(context, log.actions[action], 0, reward, probability))
        if len(lessons) == batch:
            policy.learn(lessons)
            lessons.clear()
    value = _interval(np.array(accepted), seed) if accepted else None
    return LoggedPolicy(name, len(accepted), rows, value)


def _pmf(policy: Policy, context: Features, actions: Sequence[Features]) -> NDArray[np.float64]:
    pmf = policy.score(context, actions, 1).pmf
    return pmf if pmf.ndim == 1 else pmf[0]


def _policy(name: str) -> Policy:
    known = [_RANDOM, *(name for name in POLICIES if name != "fixed")]
    if name not in known:
        raise ConfigurationError(
            f"policies: {name!r} cannot choose among a log's actions; choose among {', '.join(known)}"
        )
    return build("uniform" if name == _RANDOM else name)


def _context(row: Mapping[str, object]) -> Features:
    return {"context": {"position": str(row["position"]), **{name: str(row[name]) for name in _USER}}}


def _action(row: Mapping[str, object]) -> Features:
    return {
        "shelf": {"source": str(row["item_id"]), **{name: str(row[name]) for name in _ITEM}},
        "numbers": {"item_feature_0": float(str(row["item_feature_0"]))},
    }


def _interval(rewards: NDArray[np.float64], seed: int) -> Interval:
    n = len(rewards)
    estimate = Estimate("mean", rewards, np.ones(n), np.arange(n))
    if n < 2:
        return Interval(estimate.value, estimate.value, estimate.value, 0.95, "one round")
    return bootstrap(estimate, np.random.default_rng(seed), 0.95)
