"""How listeners responded to shelves of each kind so far: counts that fade, and what can be read from them.

A listener who comes back has told more about themselves than their history does. Counts are kept by kind of
shelf (source, family and content type), for each listener and for everybody together. They come from logged
feedback alone, and they are facts about a request like any other: serving reads them before the page, and the
decision logs the features made from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from bandits.rewards import ShelfOutcome
from shelves.types import Counts, Responses, ShelfKind

HALF_LIFE = timedelta(days=30)
"""The age at which a look at, or a click on, a kind of shelf counts half."""

SHELF_HALF_LIFE = timedelta(days=7)
"""The same for a single shelf: whether one tires of it is a matter of days."""

EVERYONE = ""
"""The listener id under which the responses of all listeners together are kept."""

KindCount = tuple[str, str, str, float, float]
"""Source, family, content type, looks and clicks."""

ShelfCount = tuple[str, float, float]
"""Shelf id, looks and clicks."""

_OWN_PRIOR = 10.0
_CROWD_PRIOR = 20.0
_FORGOTTEN = 0.05

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Response:
    """One shelf that was looked at, and whether it was clicked. `at` is when its page was made.

    `looks` is how likely it was looked at, where that was not seen.
    """

    shelf_id: str
    kind: ShelfKind
    at: datetime
    clicked: bool
    looks: float = 1.0


@dataclass(frozen=True, slots=True)
class ResponseMemory:
    """Faded looks and clicks by kind of shelf and by shelf, as of `at`; None before the first."""

    at: datetime | None = None
    kinds: Responses = field(default_factory=dict)
    shelves: Mapping[str, Counts] = field(default_factory=dict)

    @classmethod
    def read(cls, at: datetime, kinds: Iterable[KindCount], shelves: Iterable[ShelfCount]) -> ResponseMemory:
        """The memory that rows were made of."""
        return cls(
            at,
            {(source, family, kind): (looks, clicks) for source, family, kind, looks, clicks in kinds},
            {shelf_id: (looks, clicks) for shelf_id, looks, clicks in shelves},
        )

    def kind_rows(self) -> tuple[KindCount, ...]:
        """The counts by kind as flat rows, for storing."""
        return tuple((*kind, looks, clicks) for kind, (looks, clicks) in self.kinds.items())

    def shelf_rows(self) -> tuple[ShelfCount, ...]:
        """The counts by shelf as flat rows, for storing."""
        return tuple((shelf_id, looks, clicks) for shelf_id, (looks, clicks) in self.shelves.items())

    def with_more(self, responses: Iterable[Response], *, shelves: bool = True) -> ResponseMemory:
        """The memory with further responses, in whatever order they come; without `shelves` by kind alone."""
        new = list(responses)
        if not new:
            return self
        at = max(response.at for response in new)
        at = at if self.at is None else max(at, self.at)
        faded = self.as_of(at)
        return ResponseMemory(
            at,
            _added(faded.kinds, [(r.kind, r) for r in new], at, HALF_LIFE),
            _added(faded.shelves, [(r.shelf_id, r) for r in new] if shelves else [], at, SHELF_HALF_LIFE),
        )

    def as_of(self, now: datetime) -> ResponseMemory:
        """The memory faded until `now`; a `now` before the last response fades nothing.

        Of what has faded to next to nothing, nothing is left.
        """
        if self.at is None or now <= self.at:
            return self
        age = now - self.at
        return ResponseMemory(
            now, _faded(self.kinds, age, HALF_LIFE), _faded(self.shelves, age, SHELF_HALF_LIFE)
        )


def responses_to(
    shelf_ids: Sequence[str],
    kinds: Sequence[ShelfKind],
    outcomes: Sequence[ShelfOutcome],
    at: datetime,
    unseen_looks: Sequence[float] | None = None,
) -> tuple[Response, ...]:
    """The responses to a page made `at` some time, from the id, kind and outcome of each of its shelves.

    Shelves that were not examined count as looked at with the probabilities `unseen_looks`, none if None.
    """
    unseen = unseen_looks or [0.0] * len(shelf_ids)
    return tuple(
        Response(shelf_id, kind, at, outcome.clicked, 1.0 if outcome.examined else looks)
        for shelf_id, kind, outcome, looks in zip(shelf_ids, kinds, outcomes, unseen, strict=True)
        if outcome.examined or looks > 0.0
    )


@dataclass(frozen=True, slots=True)
class Leaning:
    """How much more a listener clicks shelves than everybody does, by the name of each part of their kind."""

    source: Mapping[str, float] = field(default_factory=dict)
    family: Mapping[str, float] = field(default_factory=dict)
    content_type: Mapping[str, float] = field(default_factory=dict)


STRANGER = Leaning()
"""That of a listener who has not looked at any shelf."""


def leaning_of(own: Responses, everyone: Responses) -> Leaning:
    """The leaning that a listener's own responses show beside everybody's.

    For each part of a kind, with n looks and c clicks of the listener and N and C of everybody, it is
    (c − n·m) / (n + 10), where m = (C + 20·M) / (N + 20) is everybody's click rate, held to the rate M over
    all shelves: the listener's rate, held to everybody's by ten looks, less everybody's. It lies in
    (−1, 1) and is left out where the listener has not looked.
    Source: the posterior mean under a beta prior (Gelman et al., "Bayesian Data Analysis", 3rd edition,
    section 2.4). It assumes that looks are alike; where layouts show a listener one family high up only,
    the comparison with everybody is not quite fair.
    """
    if not own:
        return STRANGER
    looks, clicks = (sum(count[part] for count in everyone.values()) for part in (0, 1))
    overall = clicks / looks if looks > 0.0 else 0.0
    return Leaning(*(_leanings(_by(own, part), _by(everyone, part), overall) for part in range(3)))


def _leanings(
    own: Mapping[str, Counts], everyone: Mapping[str, Counts], overall: float
) -> Mapping[str, float]:
    found = {}
    for name, (looks, clicks) in own.items():
        all_looks, all_clicks = everyone.get(name, (0.0, 0.0))
        rate = (all_clicks + _CROWD_PRIOR * overall) / (all_looks + _CROWD_PRIOR)
        found[name] = (clicks - looks * rate) / (looks + _OWN_PRIOR)
    return found


def _by(counts: Responses, part: int) -> Mapping[str, Counts]:
    total: dict[str, Counts] = {}
    for kind, (looks, clicks) in counts.items():
        before = total.get(kind[part], (0.0, 0.0))
        total[kind[part]] = before[0] + looks, before[1] + clicks
    return total


def _added(
    counts: Mapping[Key, Counts], new: Sequence[tuple[Key, Response]], at: datetime, half_life: timedelta
) -> Mapping[Key, Counts]:
    total = dict(counts)
    for key, response in new:
        weight = _weight(at - response.at, half_life)
        looks, clicks = total.get(key, (0.0, 0.0))
        total[key] = looks + weight * response.looks, clicks + weight * response.clicked
    return total


def _faded(counts: Mapping[Key, Counts], age: timedelta, half_life: timedelta) -> Mapping[Key, Counts]:
    weight = _weight(age, half_life)
    return {
        key: (weight * looks, weight * clicks)
        for key, (looks, clicks) in counts.items()
        if weight * looks >= _FORGOTTEN
    }


def _weight(age: timedelta, half_life: timedelta) -> float:
    return float(0.5 ** (age / half_life))
