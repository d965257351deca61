"""Whether one model is better than the one that is live, judged on the decision log.

Two kinds of evidence, both with exact probabilities and with intervals over listeners:

- replay: the difference of the inverse propensity estimates of both models on the same logged decisions.
  It needs no canary, but where the two models' optima differ the log seldom shows what the new one would,
  its weights are few and large, and its diagnostics say not to trust it.
- canary: the mean reward per page of the listeners whom the model serves as a canary, less that of the
  others in the same period. Listeners are assigned by a hash, so nothing but the model differs, and every
  page counts with weight 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from math import hypot
from typing import Any

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.ope.diagnostics import Verdict, diagnose
from bandits.ope.estimators import Estimate
from bandits.ope.intervals import Interval, bootstrap
from bandits.ope.rounds import Rounds
from bandits.rewards import RewardFormula, page_reward, shelf_rewards
from home.compose import Tools
from home.errors import NotExplainableError
from home.records import DecisionRecord
from home.registry import LiveModel
from home.rescore import rescore
from home.store import decisions, events, models
from home.store.models import State
from layout.errors import InvalidProblemError, SolverError

_MIN_LISTENERS = 30
_SEED = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much more reward per page a model earns than the live one, and whether that can be trusted.

    `kind` is "replay" or "canary"; `difference` is None where there was nothing to estimate it from.
    """

    kind: str
    decisions: int
    difference: Interval | None
    trusted: bool
    why: str

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Judged:
    """A closed decision: its record, the reward of its page, and the number of its listener."""

    record: DecisionRecord
    reward: float
    group: int


def beats(evidence: Sequence[Evidence]) -> bool:
    """Whether a model may go live: the lower bound of a trusted difference is above 0, and of none the
    upper bound below."""
    trusted = [piece.difference for piece in evidence if piece.trusted and piece.difference]
    return any(one.low > 0.0 for one in trusted) and not any(one.high < 0.0 for one in trusted)


def judged(
    session: Session, formula: RewardFormula, now: datetime, limit: int, start: datetime | None = None
) -> tuple[Judged, ...]:
    """The newest closed decisions with the rewards of their pages, newest first."""
    rows = decisions.newest_closed(session, now, limit, start)
    feedback = events.on_time(session, (row.id for row in rows))
    groups: dict[str, int] = {}
    found = []
    for row in rows:
        record = row.record()
        outcomes = shelf_rewards(formula, row.at, record.shelf_ids(record.page), feedback.get(row.id, ()))
        group = groups.setdefault(row.listener_id, len(groups))
        found.append(Judged(record, page_reward(outcomes), group))
    return tuple(found)


def gather(
    engine: Engine,
    candidate: LiveModel,
    live: LiveModel,
    tools: Tools,
    formula: RewardFormula,
    *,
    now: datetime,
    limit: int,
    advance: Callable[[], None] = lambda: None,
) -> tuple[Evidence, ...]:
    """All there is on the newest `limit` closed decisions; `advance` hears of each that was replayed."""
    with Session(engine) as session:
        log = judged(session, formula, now, limit)
        began = next(
            (t.at for t in models.transitions(session, candidate.version) if t.after is State.CANARY),
            None,
        )
        since = judged(session, formula, now, limit, began) if began else ()
    evidence = [by_replay(log, candidate, live, tools, advance)]
    if began:
        evidence.append(by_canary(since, candidate.version))
    return tuple(evidence)


def by_replay(
    log: Iterable[Judged],
    candidate: LiveModel,
    live: LiveModel,
    tools: Tools,
    advance: Callable[[], None] = lambda: None,
) -> Evidence:
    """The paired difference of inverse propensity estimates, candidate less live.

    Pages without an exact propensity, or of another rulebook or grid, are left out. Trusted when the weights
    of neither model are diagnosed as not to be.
    """
    rows = []
    for one in log:
        advance()
        probabilities = _probabilities(one.record, (candidate, live), tools)
        if probabilities:
            rows.append((one.reward, one.record.propensity, *probabilities, one.group))
    if not rows:
        return Evidence("replay", 0, None, trusted=False, why="no logged decision can be replayed")
    reward, propensity, theirs, ours, group = (
        np.array(column, dtype=np.float64) for column in zip(*rows, strict=True)
    )
    groups = group.astype(np.int64)
    both = [Rounds(reward, propensity, target, groups) for target in (theirs, ours)]
    diagnoses = [diagnose(rounds) for rounds in both]
    weights = both[0].weights - both[1].weights
    estimate = Estimate("difference", weights * reward, np.ones(len(reward)), groups)
    worst = min(diagnoses, key=lambda d: d.effective_sample_size)
    doubted = [d for d in diagnoses if d.verdict is Verdict.DO_NOT_TRUST]
    return Evidence(
        "replay",
        len(rows),
        _interval(estimate),
        trusted=not doubted,
        why=(doubted or [worst])[0].reason,
    )


def by_canary(since: Sequence[Judged], version: int) -> Evidence:
    """The difference of mean rewards between the canary's listeners and the others.

    The interval combines those of both means as Zou and Donner, "Construction of confidence limits about
    effect measures", Statistics in Medicine 2008 (equation 6), which assumes that they are independent: no
    listener is in both. Pages that fell back count, as they do for those who saw them.
    """
    arms = [[one for one in since if (one.record.policy_version == version) is own] for own in (True, False)]
    fewest = min(len({one.group for one in arm}) for arm in arms)
    if fewest < 2:
        why = f"{len(arms[0])} pages by the canary and {len(arms[1])} by others: both need two listeners"
        return Evidence("canary", len(since), None, trusted=False, why=why)
    theirs, ours = (_interval(_mean(arm)) for arm in arms)
    value = theirs.value - ours.value
    low = value - hypot(theirs.value - theirs.low, ours.high - ours.value)
    high = value + hypot(theirs.high - theirs.value, ours.value - ours.low)
    return Evidence(
        "canary",
        len(since),
        Interval(value, low, high, theirs.level, "bootstrap"),
        trusted=fewest >= _MIN_LISTENERS,
        why=f"{len(arms[0])} pages by the canary, {len(arms[1])} by others; the smaller side has {fewest} "
        f"listeners, and {_MIN_LISTENERS} are needed",
    )


def _probabilities(
    record: DecisionRecord, pair: tuple[LiveModel, LiveModel], tools: Tools
) -> tuple[float, ...]:
    """The probability of the page under each model; empty when it cannot be known."""
    if record.propensity is None:
        return ()
    try:
        return tuple(
            record.propensity
            if model.version == record.policy_version
            else rescore(record, model.policy, tools).probability()
            for model in pair
        )
    except (NotExplainableError, InvalidProblemError, SolverError):
        return ()


def _mean(arm: Sequence[Judged]) -> Estimate:
    reward = np.array([one.reward for one in arm])
    return Estimate("mean", reward, np.ones(len(arm)), np.array([one.group for one in arm], dtype=np.int64))


def _interval(estimate: Estimate) -> Interval:
    if len(np.unique(estimate.group)) < 2:
        return Interval(estimate.value, estimate.value, estimate.value, 0.95, "one listener")
    return bootstrap(estimate, np.random.default_rng(_SEED))
