"""Progressive validation: how a learner would have done on a log, judged on decisions before it learns them.

Source: Blum, Kalai and Langford, "Beating the Hold-Out: Bounds for K-fold and Progressive Cross-Validation",
COLT 1999. A decision is weighed by the probability that the learner, as it was then, gave to what was shown.
As that depends on earlier decisions only, the weighted reward is unbiased for what the learner would have
earned there, and the estimate for the mean over its versions. It learns from the log's decisions, not from
its own: a learner that explores otherwise would have seen others, so the curve is of learning on this log.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import numpy as np
import orjson

from bandits.ope.cascade import cascade_ips
from bandits.ope.diagnostics import Diagnostics, diagnose
from bandits.ope.estimators import mean_of
from bandits.ope.intervals import Interval
from bandits.ope.progressive import VwOnDsJson
from bandits.ope.reward_interaction import reward_interaction_ips
from bandits.ope.rounds import Column
from bandits.ope.slates import SlateRounds
from bandits.policy import Policy
from bandits.rewards import RewardFormula, ShelfOutcome
from bandits.types import Example
from home.configuration import Setup
from home.errors import ConfigurationError, NotExplainableError
from home.ingest.progress import Progress
from home.ingest.rejects import Reject, Rejects
from home.records import DecisionRecord
from home.replay.inputs import DecisionLog
from home.replay.intervals import interval_of
from home.replay.log import Entry
from home.replay.options import Options
from home.replay.sources.chunk import ReplayInputError
from home.replay.sources.dsjson import DsJsonSource
from home.replay.tables import slates_of
from home.replay.what_if import Model, WhatIf
from home.settle import examples_of, outcomes_of, taught_outcomes

_POINTS = 50
_LOSSES = ("loss", "examined")


@dataclass(frozen=True, slots=True)
class Step:
    """A decision before it was learned: the reward of each slot, and probabilities of what it begins with.

    `target` under the learner as it was, `propensity` under the log, both one per slot, the last being those
    of the whole. `group` says which decisions are dependent. `loss` is the squared error of what the learner
    predicted for shelves that were examined, summed over `examined` of them.
    """

    reward: tuple[float, ...]
    propensity: tuple[float, ...]
    target: tuple[float, ...]
    group: int
    loss: float = 0.0
    examined: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """The curve after so many `rounds`: means since the start, and of the rounds since the last point.

    `reward` weighed slot by slot and normalised, `recent` the same of recent rounds, `logged` the log's own
    mean; `loss` the mean squared error of predictions. None where there is nothing to take a mean of.
    """

    rounds: int
    logged: float
    reward: float | None
    recent: float | None
    loss: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """How a learner would have done.

    Each slot is weighed by what the page begins with down to it: `weighted` is cascade IPS and `normalised`
    reward-interaction IPS, which are IPS and SNIPS where there is one slot. `left_out` counts decisions that
    were not judged, by reason.
    """

    source: str
    learner: str
    unit: str
    rounds: int
    logged: Interval
    weighted: Interval
    normalised: Interval | None
    loss: float | None
    diagnostics: Diagnostics
    points: tuple[Point, ...]
    left_out: dict[str, int]

    def to_json(self) -> bytes:
        """The curve as indented JSON."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)


class PolicyOnLog:
    """Steps of a policy over our own decision log, in the order of time.

    A decision is learned from once its reward horizon has closed, before the first decision after that, as a
    live learner would. `left_out` counts decisions by the reason why they are not judged; those with an open
    horizon at `now` are.
    """

    def __init__(
        self,
        policy: Policy,
        setup_of: Callable[[DecisionRecord], Setup],
        formula: RewardFormula,
        now: datetime,
    ) -> None:
        self._policy = policy
        self._target = WhatIf(policy.name, setup_of, model=Model(policy), draws=1)
        self._formula = formula
        self._now = now
        self._waiting: deque[tuple[datetime, tuple[Example, ...]]] = deque()
        self._listeners: dict[str, int] = {}
        self.left_out: dict[str, int] = {}

    def steps(self, entries: Iterable[Entry]) -> Iterator[Step]:
        """A step for each decision that can be judged."""
        for decision, feedback in entries:
            if decision.closes_at > self._now:
                self._leave_out("its horizon is open")
                continue
            self._learn(decision.at)
            try:
                record = decision.record()
                if record.propensity is None:
                    self._leave_out("its propensity is not exact")
                    continue
                outcomes = outcomes_of(record, feedback, self._formula)
                yield self._step(record, record.propensity, outcomes)
                lessons = examples_of(record, feedback, self._formula)
                self._waiting.append((decision.closes_at, lessons))
            except NotExplainableError as error:
                self._leave_out(error.why)
            except ValueError:
                self._leave_out("its record is damaged")

    def _learn(self, at: datetime) -> None:
        while self._waiting and self._waiting[0][0] <= at:
            self._policy.learn(self._waiting.popleft()[1])

    def _step(self, record: DecisionRecord, propensity: float, outcomes: tuple[ShelfOutcome, ...]) -> Step:
        features = [option.features for option in record.options]
        taught = taught_outcomes(record, outcomes, self._formula)
        values = self._policy.score(record.context, features, len(record.page)).values
        errors = [
            float(values[option] if values.ndim == 1 else values[option, slot]) - outcome.reward
            for slot, (option, outcome) in enumerate(zip(record.page, taught, strict=True))
            if outcome.examined
        ]
        return Step(
            reward=tuple(one.reward if one.examined else 0.0 for one in outcomes),
            propensity=(*np.cumprod(record.conditionals)[:-1].tolist(), propensity),
            target=tuple(self._target.likelihood(record).prefixes.tolist()),
            group=self._listeners.setdefault(record.listener_id, len(self._listeners)),
            loss=float(sum(error**2 for error in errors)),
            examined=len(errors),
        )

    def _leave_out(self, why: str) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + 1


def validate_policy(
    policy: Policy,
    log: DecisionLog,
    formula: RewardFormula,
    *,
    now: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
    options: Options,
    progress: Progress,
) -> Curve:
    """How `policy` would have done on the decisions made in [start, end), learning from them as it goes.

    Raises ReplayInputError when there is none to judge it on.
    """
    learner = PolicyOnLog(policy, log.setup_of, formula, now)
    progress.start("Learning", None)
    found = list(learner.steps(log.entries(start, end, progress)))
    progress.finish()
    return curve_of(
        found, options, source=log.name, learner=policy.describe(), unit="page", left_out=learner.left_out
    )


def validate_vw(source: DsJsonSource, arguments: str, options: Options, progress: Progress) -> Curve:
    """How the Vowpal Wabbit learner of a command line would have done on a dsjson file.

    Raises ConfigurationError for its arguments, and ReplayInputError for a file without a valid line.
    """
    try:
        learner = VwOnDsJson(arguments)
    except ValueError as error:
        raise ConfigurationError(f"vw: {error}") from error
    rejects = Rejects()
    progress.start("Learning", None)
    found = []
    for step in vw_steps(source, learner, rejects):
        found.append(step)
        progress.advance()
    progress.finish()
    faulty = {f"{one.field} {one.reason}": one.count for one in rejects.counts()}
    return curve_of(found, options, source=source.name, learner=arguments, unit="round", left_out=faulty)


def vw_steps(source: DsJsonSource, learner: VwOnDsJson, rejects: Rejects) -> Iterator[Step]:
    """A step for each CB line of a dsjson file. Raises ReplayInputError for slates."""
    for decision in source.decisions(rejects):
        if decision.slate:
            raise ReplayInputError(
                f"{source.name} line {decision.line} is a slate: Vowpal Wabbit is validated on single actions"
            )
        ((cost, actions, probabilities),) = decision.rounds
        if not _describes(decision.shared, actions):
            rejects.add(
                Reject(source.name, decision.line, "c", "", "has not one object in _multi per action")
            )
            continue
        try:
            predicted = learner.step(decision.text.decode())
        except ValueError as error:
            rejects.add(Reject(source.name, decision.line, "line", str(error), "cannot be learned from"))
            continue
        target = min(1.0, predicted.get(actions[0], 0.0))
        yield Step((-cost,), (probabilities[0],), (target,), decision.line)


def _describes(shared: object, actions: Sequence[int]) -> bool:
    """Whether a line holds features of just these actions: Vowpal Wabbit crashes on lines that do not."""
    found = shared.get("_multi") if isinstance(shared, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        return False
    return sorted(actions) == list(range(len(found)))


def curve_of(
    steps: Iterable[Step], options: Options, *, source: str, learner: str, unit: str, left_out: dict[str, int]
) -> Curve:
    """The curve over all steps. Raises ReplayInputError when there is none."""
    found = list(steps)
    if not found:
        reasons = "; ".join(f"{count}: {why}" for why, count in left_out.items())
        raise ReplayInputError(
            f"{source} holds no decision to validate on{f' ({reasons})' if reasons else ''}"
        )
    rounds = slates_of(
        [one.reward for one in found],
        [one.propensity for one in found],
        [one.target for one in found],
        np.array([one.group for one in found], dtype=np.int64),
    )
    loss, examined = (np.array([getattr(one, name) for one in found], dtype=np.float64) for name in _LOSSES)
    try:
        normalised = interval_of(reward_interaction_ips(rounds), options)
    except ValueError:  # no slot was ever filled as the learner would
        normalised = None
    return Curve(
        source=source,
        learner=learner,
        unit=unit,
        rounds=len(rounds),
        logged=interval_of(mean_of("mean", rounds.reward, rounds.group), options),
        weighted=interval_of(cascade_ips(rounds), options),
        normalised=normalised,
        loss=_ratio(float(loss.sum()), float(examined.sum())),
        diagnostics=diagnose(rounds.as_rounds()),
        points=tuple(_points(rounds, loss, examined)),
        left_out=left_out,
    )


def _points(rounds: SlateRounds, loss: Column, examined: Column) -> Iterator[Point]:
    ends = np.unique(np.linspace(0, len(rounds), min(_POINTS, len(rounds)) + 1).astype(np.int64))
    weights = rounds.prefix_weights
    above, below, filled = (
        _summed(x) for x in (weights * rounds.filled_reward, weights, rounds.filled.astype(np.float64))
    )
    reward, lost, seen = (_summed(x) for x in (rounds.reward, loss, examined))
    for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        yield Point(
            rounds=end,
            logged=float(reward[end] / end),
            reward=_normalised(above[end], below[end], filled[end] / end),
            recent=_normalised(
                above[end] - above[start],
                below[end] - below[start],
                (filled[end] - filled[start]) / (end - start),
            ),
            loss=_ratio(lost[end], seen[end]),
        )


def _summed(column: Column) -> Column:
    """Sums of the first 0 … m rows."""
    return np.concatenate((np.zeros((1, *column.shape[1:])), np.cumsum(column, axis=0)))


def _normalised(above: Column, below: Column, share: Column) -> float | None:
    """The sum of ratios over slots (K,), each for the share of pages that have it; None without the first."""
    held = below > 0.0
    return float((share[held] * above[held] / below[held]).sum()) if held[0] else None


def _ratio(above: float, below: float) -> float | None:
    return float(above / below) if below > 0.0 else None
