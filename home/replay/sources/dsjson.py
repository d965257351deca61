"""Vowpal Wabbit's decision service JSON: a line for each decision, for one action (CB) or one per slot (CCB).

Format: https://github.com/VowpalWabbit/vowpal_wabbit/wiki/DSJSON. A CB line has `_label_cost`,
`_label_probability`, `_label_Action` (from 1), and the logged distribution as actions `a` (from 1) with
probabilities `p`. A CCB line has `_outcomes`, one for each slot, with `_label_cost`, actions `_a` (from 0,
the one shown first) and their probabilities `_p` given the slots above. Features are in `c`. Rewards are
costs with the sign turned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import orjson
import polars as pl

from bandits.ope.rounds import Column
from home.ingest.rejects import Reject, Rejects
from home.replay.sources.chunk import Chunk, ReplayInputError, labels
from home.replay.sources.screening import MOST, SUM_TOLERANCE

_LINES = 8_192
_SHOWN = 80


class _FaultError(Exception):
    """What is wrong with a line: field, value and reason."""

    def __init__(self, name: str, value: object, reason: str) -> None:
        super().__init__(name, value, reason)
        self.name, self.value, self.reason = name, value, reason


Round = tuple[float, list[int], list[float]]
"""Cost, the actions there were with the one shown first, and their probabilities."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A line: its number and text, its rounds, top slot first, and whether they are a `slate`.

    `dropped` is the share of lines that the log left out, `shared` what all actions share.
    """

    line: int
    text: bytes
    rounds: tuple[Round, ...]
    slate: bool
    at: datetime | None
    dropped: float
    shared: Any


@dataclass(frozen=True, slots=True)
class DsJsonSource:
    """A file of decisions. `by`: shared features to break results down by, as "namespace.feature".

    A CCB decision is a slate with a round for each slot. Decisions that were never activated are left out
    and listed. Raises ReplayInputError for a file that does not exist, and while reading for one of which
    different shares were dropped at different times, or that mixes CB and CCB decisions.
    """

    path: Path
    by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.path.is_file():
            raise ReplayInputError(f"{self.path} does not exist: name a file of dsjson lines")

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def has_propensities(self) -> bool:
        """The format has no decisions without."""
        return True

    def decisions(self, rejects: Rejects) -> Iterator[Decision]:
        """The decisions one by one, in the order of the file."""
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    yield _decision(number, line)
                except _FaultError as fault:
                    value = str(fault.value)[:_SHOWN]
                    rejects.add(Reject(self.path.name, number, fault.name, value, fault.reason))

    def chunks(self, rejects: Rejects) -> Iterator[Chunk]:
        """The rounds in the order of the file."""
        dropped: set[float] = set()
        kinds: set[bool] = set()
        found = self.decisions(rejects)
        while some := tuple(islice(found, _LINES)):
            rows = _Rows(self.by)
            for decision in some:
                rows.add(decision)
                dropped.add(decision.dropped)
                kinds.add(decision.slate)
            if len(kinds) > 1:
                raise ReplayInputError(
                    f"{self.path} has decisions for one action and decisions for slots (_outcomes): split the"
                    " file by them"
                )
            if len(dropped) > 1:
                shares = " and ".join(map(str, sorted(dropped)))
                raise ReplayInputError(
                    f"{self.path}: pdrop is {shares}: lines must have been dropped with one probability"
                    " throughout; split the file by it"
                )
            yield rows.chunk()


@dataclass(slots=True, eq=False)
class _Rows:
    by: tuple[str, ...]
    reward: list[float] = field(default_factory=list)
    propensity: list[float] = field(default_factory=list)
    decision: list[int] = field(default_factory=list)
    action: list[int] = field(default_factory=list)
    position: list[int] = field(default_factory=list)
    listed: list[tuple[Sequence[int], Sequence[float]]] = field(default_factory=list)
    at: list[datetime | None] = field(default_factory=list)
    slates: bool = False
    segments: dict[str, list[str | None]] = field(default_factory=dict)

    def add(self, decision: Decision) -> None:
        """Add the rounds of one decision."""
        shared = {name: _feature(decision.shared, name) for name in self.by}
        self.slates = self.slates or decision.slate
        for position, (cost, actions, probabilities) in enumerate(decision.rounds):
            self.reward.append(-cost)
            self.propensity.append(probabilities[0])
            self.action.append(actions[0])
            self.decision.append(decision.line)
            self.position.append(position)
            self.listed.append((actions, probabilities))
            self.at.append(decision.at)
            for name, value in shared.items():
                self.segments.setdefault(name, []).append(value)

    def chunk(self) -> Chunk:
        """The rounds so far as columns."""
        width = 1 + max(max(actions) for actions, _ in self.listed)
        distribution = np.zeros((len(self.reward), width))
        available = np.zeros(distribution.shape, dtype=np.bool_)
        for row, (actions, probabilities) in enumerate(self.listed):
            distribution[row, actions], available[row, actions] = probabilities, True
        decision = np.array(self.decision, dtype=np.int64)
        return Chunk(
            reward=_column(self.reward),
            propensity=_column(self.propensity),
            group=decision,
            action=np.array(self.action, dtype=np.int64),
            position=np.array(self.position, dtype=np.int64),
            slate=decision if self.slates else None,
            available=available,
            distribution=distribution,
            at=np.array(self.at, dtype="datetime64[us]") if None not in self.at else None,
            segments={name: labels(pl.Series(values)) for name, values in self.segments.items()},
        )


def _decision(number: int, line: bytes) -> Decision:
    found = _decoded(line)
    if found.get("DeferredAction") is True:
        raise _FaultError("DeferredAction", True, "was never activated: nobody saw it")
    outcomes = found.get("_outcomes")
    if outcomes is not None and not (isinstance(outcomes, list) and outcomes):
        raise _FaultError("_outcomes", outcomes, "is no list of outcomes, one for each slot")
    return Decision(
        line=number,
        text=line,
        rounds=tuple([_cb(found)] if outcomes is None else [_ccb(one) for one in outcomes]),
        slate=outcomes is not None,
        at=_instant(found.get("Timestamp")),
        dropped=_number(found, "pdrop") if "pdrop" in found else 0.0,
        shared=found.get("c", {}),
    )


def _decoded(line: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _FaultError("line", line[:_SHOWN].decode(errors="replace"), f"is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise _FaultError("line", found, "is no decision")
    return found


def _cb(decision: Mapping[str, Any]) -> Round:
    cost, probability = (_number(decision, name) for name in ("_label_cost", "_label_probability"))
    shown = _number(decision, "_label_Action")
    actions, probabilities = _distribution(decision, "a", "p", first=1)
    if shown != int(shown) or int(shown) - 1 not in actions:
        raise _FaultError("_label_Action", shown, "is not one of the actions in a")
    at = actions.index(int(shown) - 1)
    _possible("_label_probability", probability)
    if abs(probabilities[at] - probability) > SUM_TOLERANCE:
        raise _FaultError("_label_probability", probability, "is not what p gives to the action shown")
    others = (*range(at), *range(at + 1, len(actions)))
    return (
        cost,
        [actions[i] for i in (at, *others)],
        [probability, *(probabilities[i] for i in others)],
    )


def _ccb(outcome: Mapping[str, Any]) -> Round:
    if not isinstance(outcome, dict):
        raise _FaultError("_outcomes", outcome, "holds something that is no outcome")
    cost = _number(outcome, "_label_cost")
    actions, probabilities = _distribution(outcome, "_a", "_p", first=0)
    _possible("_p", probabilities[0])
    return cost, actions, probabilities


def _distribution(found: Mapping[str, Any], a: str, p: str, first: int) -> tuple[list[int], list[float]]:
    actions, probabilities = _listed(found, a), _listed(found, p)
    if any(one != int(one) or one >= MOST for one in actions):
        raise _FaultError(a, actions, f"holds something that is no whole number below {MOST}")
    numbers = [int(one) - first for one in actions]
    if len(set(numbers)) < len(numbers) or min(numbers) < 0:
        raise _FaultError(a, actions, f"repeats an action, or counts from below {first}")
    if len(numbers) != len(probabilities):
        raise _FaultError(p, probabilities, f"has not as many probabilities as {a} has actions")
    if min(probabilities) < 0.0 or abs(sum(probabilities) - 1.0) > SUM_TOLERANCE:
        raise _FaultError(p, probabilities, "does not sum to 1, or holds something below 0")
    return numbers, probabilities


def _listed(found: Mapping[str, Any], name: str) -> list[float]:
    value = found.get(name)
    if not isinstance(value, list) or not value or not all(_is_number(one) for one in value):
        raise _FaultError(name, value, "is missing, or no list of numbers")
    return [float(one) for one in value]


def _possible(name: str, probability: float) -> None:
    if not 0.0 < probability <= 1.0:
        raise _FaultError(name, probability, "is not in (0, 1], but what was shown was possible")


def _number(found: Mapping[str, Any], name: str) -> float:
    value = found.get(name)
    if not _is_number(value):
        raise _FaultError(name, value, "is missing, or not a finite number")
    return float(value)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _instant(text: object) -> datetime | None:
    """A time in UTC; sevenths of a second's digits are cut to microseconds."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise _FaultError("Timestamp", text, "is not a time, such as 2026-03-01T12:00:00Z") from error
    return at if at.tzinfo is None else at.astimezone(UTC).replace(tzinfo=None)


def _feature(shared: Any, path: str) -> str | None:
    for key in path.split("."):
        shared = shared.get(key) if isinstance(shared, dict) else None
    return None if shared is None else str(shared)


def _column(values: list[float]) -> Column:
    return np.array(values, dtype=np.float64)
