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

from bandits.rewards import ShelfOutcome
from shelves.types import Responses, ShelfKind

HALF_LIFE = timedelta(days=30)
"""The age at which a look, or a click, counts half."""

EVERYONE = ""
"""The listener id under which the responses of all listeners together are kept."""

ResponseCount = tuple[str, str, str, float, float]
"""Source, family, content type, looks and clicks."""

_OWN_PRIOR = 10.0
_CROWD_PRIOR = 20.0


@dataclass(frozen=True, slots=True)
class Response:
    """One shelf that was looked at, and whether it was clicked. `at` is when its page was made."""

    kind: ShelfKind
    at: datetime
    clicked: bool


@dataclass(frozen=True, slots=True)
class ResponseMemory:
    """Faded looks and clicks by kind of shelf, as of `at`; None before the first."""

    at: datetime | None = None
    counts: Responses = field(default_factory=dict)

    @classmethod
    def read(cls, at: datetime, rows: Iterable[ResponseCount]) -> ResponseMemory:
        """The memory that `rows` were made of."""
        return cls(
            at, {(source, family, kind): (looks, clicks) for source, family, kind, looks, clicks in rows}
        )

    def rows(self) -> tuple[ResponseCount, ...]:
        """The counts as flat rows, for storing."""
        return tuple((*kind, looks, clicks) for kind, (looks, clicks) in self.counts.items())

    def with_more(self, responses: Iterable[Response]) -> ResponseMemory:
        """The memory with further responses, in whatever order they come."""
        new = list(responses)
        if not new:
            return self
        at = max(response.at for response in new)
        at = at if self.at is None else max(at, self.at)
        counts = dict(self.as_of(at))
        for response in new:
            weight = _faded(at - response.at)
            looks, clicks = counts.get(response.kind, (0.0, 0.0))
            counts[response.kind] = looks + weight, clicks + weight * response.clicked
        return ResponseMemory(at, counts)

    def as_of(self, now: datetime) -> Responses:
        """The counts, faded until `now`; a `now` before the last response fades nothing."""
        if self.at is None or now <= self.at:
            return self.counts
        weight = _faded(now - self.at)
        return {kind: (weight * looks, weight * clicks) for kind, (looks, clicks) in self.counts.items()}


def responses_to(
    kinds: Sequence[ShelfKind], outcomes: Sequence[ShelfOutcome], at: datetime
) -> tuple[Response, ...]:
    """The responses to a page made `at` some time, from the kind and outcome of each of its shelves."""
    return tuple(
        Response(kind, at, outcome.clicked)
        for kind, outcome in zip(kinds, outcomes, strict=True)
        if outcome.examined
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
    own: Mapping[str, tuple[float, float]], everyone: Mapping[str, tuple[float, float]], overall: float
) -> Mapping[str, float]:
    found = {}
    for name, (looks, clicks) in own.items():
        all_looks, all_clicks = everyone.get(name, (0.0, 0.0))
        rate = (all_clicks + _CROWD_PRIOR * overall) / (all_looks + _CROWD_PRIOR)
        found[name] = (clicks - looks * rate) / (looks + _OWN_PRIOR)
    return found


def _by(counts: Responses, part: int) -> Mapping[str, tuple[float, float]]:
    total: dict[str, tuple[float, float]] = {}
    for kind, (looks, clicks) in counts.items():
        before = total.get(kind[part], (0.0, 0.0))
        total[kind[part]] = before[0] + looks, before[1] + clicks
    return total


def _faded(age: timedelta) -> float:
    return float(0.5 ** (age / HALF_LIFE))
