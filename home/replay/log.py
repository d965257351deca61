"""Logged decisions, joined with their feedback, as columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from math import inf, isclose, prod

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from bandits.ope.rounds import Column, Groups
from bandits.ope.slates import SlateRounds
from bandits.rewards import RewardFormula, ShelfOutcome, page_reward
from bandits.types import RewardEvent
from home.errors import ConfigurationError, NotExplainableError
from home.ingest.progress import Progress
from home.page_context import FACTS
from home.records import DecisionRecord
from home.replay.report import Left
from home.replay.sources.chunk import Labels, Times
from home.replay.studies import Looked, Looking, Study
from home.replay.tables import filled_by, padded, slates_from
from home.replay.targets import Likelihood, PageTarget
from home.settle import outcomes_of
from home.store import decisions, events
from home.store.decisions import LoggedDecision

_BATCH = 200
_ROUNDING = 1e-6
DEFAULT_BY = ("surface", "market")
MODEL = "model"
"""The breakdown by the version of the model that served."""

Entry = tuple[LoggedDecision, Sequence[RewardEvent]]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One target on m pages of up to K slots.

    `prefixes` (m, K): probabilities of the beginnings of each page, `outside` (m,) the share that could not
    have been logged; both NaN where `known` (m,) is False, counted by reason in `unknowable`. `drawn` pages
    stand behind an estimated share, and speak for a share of `reach` of the target at most; `weight_bound`
    holds for every weight that could have been. `looked` has what was found inside the pages where the target
    is known.
    """

    name: str
    prefixes: Column
    outside: Column
    drawn: int
    reach: float
    weight_bound: float
    known: NDArray[np.bool_]
    unknowable: Mapping[str, int]
    looked: Looked = field(default_factory=Looked)


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """m replayable decisions as columns; pages have up to K slots.

    `reward` and `propensity` (m,) of pages; `slot_reward`, `prefixes`, `filled` (m, K): of each slot, of what
    a page begins with under the logging policy, and whether the page has the slot. `group` (m,) is the number
    of the listener. `segments`: name → label (m,). `bounds` of what a page can earn.
    """

    reward: Column
    propensity: Column
    slot_reward: Column
    prefixes: Column
    filled: NDArray[np.bool_]
    group: Groups
    at: Times
    segments: Mapping[str, Labels]
    targets: tuple[Judged, ...]
    bounds: tuple[float, float]
    excluded: Left

    def __len__(self) -> int:
        return len(self.reward)

    def slates(self, target: Judged) -> SlateRounds:
        """The pages on which a target is known, with its probabilities."""
        rows = target.known
        return slates_from(
            self.slot_reward[rows],
            self.prefixes[rows],
            target.prefixes[rows],
            self.filled[rows],
            self.group[rows],
        )


def collect(
    logged: Iterable[Entry],
    formula: RewardFormula,
    targets: Sequence[PageTarget],
    now: datetime,
    by: Sequence[str] = DEFAULT_BY,
    study: Study | None = None,
) -> Log:
    """Decisions with their events to columns, one at a time.

    `by`: facts of the request, or "model". `study` says what to look into besides. Raises ConfigurationError
    for another name in `by`.
    """
    known = (*FACTS, MODEL)
    for name in by:
        if name not in known:
            raise ConfigurationError(f"by has {name!r}: on our own log break down by {', '.join(known)}")
    columns = _Columns(formula, targets, by, study)
    for decision, feedback in logged:
        columns.add(decision, feedback, now)
    return columns.log()


def joined(
    session: Session, start: datetime | None, end: datetime | None, progress: Progress
) -> Iterator[Entry]:
    """The decisions made in [start, end), oldest first, each with the events that count."""
    stream = decisions.stream(session, start, end, _BATCH)
    while batch := tuple(islice(stream, _BATCH)):
        feedback = events.on_time(session, [decision.id for decision in batch])
        for decision in batch:
            yield decision, feedback.get(decision.id, ())
            progress.advance()


@dataclass(slots=True, eq=False)
class _Columns:
    formula: RewardFormula
    targets: Sequence[PageTarget]
    by: Sequence[str]
    study: Study | None
    looking: list[Looking | None] = field(init=False)
    reward: list[float] = field(default_factory=list)
    propensity: list[float] = field(default_factory=list)
    slot_reward: list[list[float]] = field(default_factory=list)
    prefixes: list[Column] = field(default_factory=list)
    likelihoods: list[list[Likelihood | None]] = field(default_factory=list)
    unknowable: list[Counter[str]] = field(init=False)
    group: list[int] = field(default_factory=list)
    at: list[datetime] = field(default_factory=list)
    segments: dict[str, list[str]] = field(init=False)
    listeners: dict[str, int] = field(default_factory=dict)
    open: int = 0
    inexact: int = 0
    damaged: int = 0

    def __post_init__(self) -> None:
        self.unknowable = [Counter() for _ in self.targets]
        self.looking = [None if self.study is None else Looking(self.study, one) for one in self.targets]
        self.segments = {name: [] for name in self.by}

    def add(self, decision: LoggedDecision, feedback: Sequence[RewardEvent], now: datetime) -> None:
        if decision.closes_at > now:
            self.open += 1
            return
        try:
            record = decision.record()
        except ValueError:
            self.damaged += 1
            return
        if record.propensity is None:
            self.inexact += 1
            return
        if not isclose(prod(record.conditionals), record.propensity, rel_tol=_ROUNDING):
            self.damaged += 1
            return
        self._page(record, record.propensity, outcomes_of(record, feedback, self.formula))
        self.likelihoods.append([self._likelihood(number, record) for number in range(len(self.targets))])
        self.group.append(self.listeners.setdefault(record.listener_id, len(self.listeners)))
        self.at.append(record.at.astimezone(UTC).replace(tzinfo=None))
        for name, labels in self.segments.items():
            labels.append(_label(record, name))

    def _page(self, record: DecisionRecord, propensity: float, outcomes: Sequence[ShelfOutcome]) -> None:
        self.reward.append(page_reward(outcomes))
        self.slot_reward.append([one.reward if one.examined else 0.0 for one in outcomes])
        self.propensity.append(propensity)
        prefixes = np.cumprod(np.array(record.conditionals, dtype=np.float64))
        prefixes[-1] = propensity  # the product, but for rounding
        self.prefixes.append(np.asarray(prefixes, dtype=np.float64))

    def _likelihood(self, number: int, record: DecisionRecord) -> Likelihood | None:
        looking = self.looking[number]
        try:
            found = self.targets[number].likelihood(record)
        except NotExplainableError as error:
            self.unknowable[number][error.why] += 1
            return None
        if looking is not None:
            looking.add(record)
        return found

    def log(self) -> Log:
        slots = max((len(page) for page in self.slot_reward), default=1)
        low, high = self.formula.clip
        return Log(
            reward=np.array(self.reward),
            propensity=np.array(self.propensity),
            slot_reward=padded(self.slot_reward, slots, 0.0),
            prefixes=padded(self.prefixes, slots, None),
            filled=filled_by(self.slot_reward, slots),
            group=np.array(self.group, dtype=np.int64),
            at=np.array(self.at, dtype="datetime64[us]"),
            segments={name: np.array(labels, dtype=np.str_) for name, labels in self.segments.items()},
            targets=tuple(self._target(number, slots) for number in range(len(self.targets))),
            bounds=(slots * min(0.0, low), slots * max(0.0, high)),
            excluded=Left(self.open, self.inexact, self.damaged),
        )

    def _target(self, number: int, slots: int) -> Judged:
        found = [each[number] for each in self.likelihoods]
        nothing, looking = np.full(slots, np.nan), self.looking[number]
        known = np.array([one is not None for one in found], dtype=np.bool_)
        there = [one for one in found if one is not None]
        return Judged(
            name=self.targets[number].name,
            prefixes=padded([nothing if one is None else one.prefixes for one in found], slots, None),
            outside=np.array([np.nan if one is None else one.outside for one in found]),
            drawn=sum(one.drawn for one in there),
            reach=max((one.reach for one in there), default=0.0),
            weight_bound=max((one.weight_bound for one in there), default=inf),
            known=known,
            unknowable=dict(self.unknowable[number]),
            looked=looking.found(slots) if looking is not None and known.any() else Looked(),
        )


def _label(record: DecisionRecord, name: str) -> str:
    if name == MODEL:
        return str(record.policy_version)
    return str(record.about.facts.get(name, "(none)"))
