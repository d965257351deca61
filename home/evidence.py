"""Whether one model is better than the one that is live, judged on the decision log.

Three kinds of evidence, all with exact probabilities and with intervals over listeners:

- replay: the difference of the inverse propensity estimates of both models on the same logged decisions.
  It needs no canary, but where the two models' optima differ the log seldom shows what the new one would,
  its weights are few and large, and its diagnostics say not to trust it.
- cascade: the same with each slot's reward weighted by how likely the beginning of its page is
  (`bandits.ope.cascade`). Beginnings are shared more often than pages, so the weights are smaller; it assumes
  that the reward of a slot does not depend on the shelves below it.
- canary: the mean reward per page of the listeners whom the model serves as a canary, less that of the
  others in the same period. Listeners are assigned by a hash, so nothing but the model differs, and every
  page counts with weight 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from math import fsum, hypot
from typing import Any

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.ope.cascade import cascade_ips
from bandits.ope.diagnostics import Verdict, diagnose
from bandits.ope.estimators import Estimate, ips, mean_of
from bandits.ope.intervals import Interval
from bandits.ope.rounds import Rounds
from bandits.ope.slates import SlateRounds
from bandits.rewards import RewardFormula
from home.compose import Tools
from home.configuration import setup_here
from home.errors import NotExplainableError
from home.records import DecisionRecord
from home.registry import LiveModel
from home.replay.intervals import interval_of
from home.replay.options import Options
from home.replay.tables import slates_of
from home.replay.tally import none_of
from home.replay.targets import Likelihood
from home.replay.verdicts import NEGLIGIBLE
from home.replay.what_if import Model, WhatIf
from home.settle import outcomes_of
from home.store import decisions, events, models
from home.store.models import State

_MOST = 0.9
_MIN_LISTENERS = 30
_INTERVALS = Options(replicates=2000)


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much more reward per page a model earns than the live one, and whether that can be trusted.

    `kind` is "replay", "cascade" or "canary"; `difference` is None where there was nothing to estimate it
    from.
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
    """A closed decision: its record, the reward of each slot, and the number of its listener."""

    record: DecisionRecord
    rewards: tuple[float, ...]
    group: int

    @property
    def reward(self) -> float:
        """The reward of the page."""
        return fsum(self.rewards)


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
        outcomes = outcomes_of(record, feedback.get(row.id, ()), formula)
        group = groups.setdefault(row.listener_id, len(groups))
        rewards = tuple(outcome.reward if outcome.examined else 0.0 for outcome in outcomes)
        found.append(Judged(record, rewards, group))
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
    evidence = list(by_replay(log, candidate, live, tools, advance))
    if began:
        evidence.append(by_canary(since, candidate.version))
    return tuple(evidence)


def by_replay(
    log: Iterable[Judged],
    candidate: LiveModel,
    live: LiveModel,
    tools: Tools,
    advance: Callable[[], None] = lambda: None,
) -> tuple[Evidence, ...]:
    """The paired differences, candidate less live, of inverse propensity estimates: of pages, and cascading.

    Pages without an exact propensity, or of another rulebook or grid, are left out. Each is trusted when the
    weights of neither model are diagnosed as not to be, and next to nothing of what either shows could not
    have been logged, which counts as 0 however much it would earn; the cascade's weights are those of the
    beginnings of pages that bring nine tenths of the reward.
    """
    models = [
        WhatIf(
            f"model {one.version}", lambda record: setup_here(record, tools), Model(one.policy, one.version)
        )
        for one in (candidate, live)
    ]
    pages = []
    for one in log:
        advance()
        if likelihoods := _likelihoods(one.record, models):
            pages.append((one, likelihoods))
    if not pages:
        why = "no logged decision can be replayed"
        return tuple(Evidence(kind, 0, None, trusted=False, why=why) for kind in ("replay", "cascade"))
    both = [slate_rounds([(one, found[index]) for one, found in pages]) for index in range(len(models))]
    whole = [rounds.as_rounds() for rounds in both]
    beginnings = [_beginnings(rounds, _enough(rounds)) for rounds in both]
    lost = _lost(models, pages)
    return (
        _paired("replay", [ips(rounds) for rounds in whole], whole, lost),
        _paired("cascade", [cascade_ips(rounds) for rounds in both], beginnings, lost),
    )


def _lost(models: Sequence[WhatIf], pages: Sequence[tuple[Judged, tuple[Likelihood, ...]]]) -> str:
    """Which model shows more than a negligible share of pages that could not have been logged; "" if none."""
    group = np.array([one.group for one, _ in pages], dtype=np.int64)
    for index, model in enumerate(models):
        outside = np.array([found[index].outside for _, found in pages])
        drawn = sum(found[index].drawn for _, found in pages)
        if drawn and not outside.any():
            share = none_of(drawn, max(found[index].reach for _, found in pages), _INTERVALS.level)
        else:
            share = interval_of(mean_of("outside", outside, group), _INTERVALS)
        if share.high > NEGLIGIBLE:
            return (
                f"{share.value:.1%} [{share.low:.1%}, {share.high:.1%}] of what {model.name} shows could not"
                " have been logged: the log cannot tell what that earns"
            )
    return ""


def slate_rounds(pages: Sequence[tuple[Judged, Likelihood]]) -> SlateRounds:
    """Closed decisions with what one target makes of them, as columns; shorter pages are padded."""
    return slates_of(
        [one.rewards for one, _ in pages],
        [np.asarray(np.cumprod(one.record.conditionals), dtype=np.float64) for one, _ in pages],
        [likelihood.prefixes for _, likelihood in pages],
        np.array([one.group for one, _ in pages], dtype=np.int64),
    )


def _paired(kind: str, estimates: Sequence[Estimate], weighed: Sequence[Rounds], lost: str) -> Evidence:
    """The difference of two means over the same pages; trusted if the weights of both may be, and if nothing
    was `lost`."""
    theirs, ours = estimates
    difference = mean_of("difference", theirs.numerator - ours.numerator, theirs.group)
    diagnoses = [diagnose(rounds) for rounds in weighed]
    worst = min(diagnoses, key=lambda d: d.effective_sample_size)
    doubted = [d for d in diagnoses if d.verdict is Verdict.DO_NOT_TRUST]
    return Evidence(
        kind,
        len(theirs.numerator),
        interval_of(difference, _INTERVALS),
        trusted=not doubted and not lost,
        why=lost or (doubted or [worst])[0].reason,
    )


def _enough(rounds: SlateRounds) -> int:
    """The first slot, counted from 0, by which nine tenths of the reward, signs aside, have come in."""
    amounts = np.abs(rounds.filled_reward).sum(axis=0).cumsum()
    return int(np.searchsorted(amounts, _MOST * amounts[-1]))


def _beginnings(rounds: SlateRounds, slot: int) -> Rounds:
    """The pages down to a slot, those alone that have it, as rounds of one action each."""
    has = rounds.filled[:, slot]
    return Rounds(
        rounds.reward[has],
        rounds.prefix_propensity[has, slot],
        rounds.prefix_target[has, slot],
        rounds.group[has],
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
    theirs, ours = (interval_of(_mean(arm), _INTERVALS) for arm in arms)
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


def _likelihoods(record: DecisionRecord, models: Sequence[WhatIf]) -> tuple[Likelihood, ...]:
    """What each model makes of the page; empty when that cannot be known."""
    if record.propensity is None:
        return ()
    try:
        return tuple(model.likelihood(record) for model in models)
    except NotExplainableError:
        return ()


def _mean(arm: Sequence[Judged]) -> Estimate:
    reward = np.array([one.reward for one in arm])
    return mean_of("mean", reward, np.array([one.group for one in arm], dtype=np.int64))
