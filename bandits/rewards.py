"""From raw feedback to rewards: which shelves were examined, and what each was worth.

The same events give the same rewards in whatever order and however often they arrive.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from bandits.types import EventKind, RewardEvent

Aggregation = Literal["sum", "max", "earliest"]

CLICKS = frozenset({EventKind.CLICK, EventKind.PLAY, EventKind.PLAY_30S, EventKind.SAVE})
"""The kinds that count as a click: some surfaces report a play or a save without one."""


@dataclass(frozen=True, slots=True)
class RewardFormula:
    """What feedback is worth. Unitless; rewards lie in `clip`.

    A shelf that was examined is worth the weight of `IMPRESSION` (0 if absent) plus its feedback: over the
    kinds of event it received, each once and impressions aside, the `sum`, the `max` or the `earliest` of
    their `weights`; kinds without a weight do not count. Without weighted feedback it is worth `default`
    instead. Events later than `horizon` after the decision change nothing. Raises ValueError naming the
    field that is wrong.
    """

    version: str
    weights: Mapping[EventKind, float]
    default: float = 0.0
    horizon: timedelta = timedelta(minutes=30)
    aggregation: Aggregation = "sum"
    clip: tuple[float, float] = (-1.0, 2.0)

    def __post_init__(self) -> None:
        numbers = {**{f"weights.{kind}": w for kind, w in self.weights.items()}, "default": self.default}
        for name, value in {**numbers, "clip[0]": self.clip[0], "clip[1]": self.clip[1]}.items():
            if not math.isfinite(value):
                raise ValueError(f"{name} = {value}: must be finite")
        if self.clip[0] >= self.clip[1]:
            raise ValueError(f"clip = {self.clip}: the lower bound must be below the upper")
        if self.horizon <= timedelta(0):
            raise ValueError(f"horizon = {self.horizon}: must be positive")
        if self.aggregation not in get_args(Aggregation):
            raise ValueError(f"aggregation = {self.aggregation!r}: use one of {get_args(Aggregation)}")


@dataclass(frozen=True, slots=True)
class ShelfOutcome:
    """What became of one shelf of a page.

    `examined`: an impression or any interaction was seen in time. `reward` means something only where it
    was. `clicked`: a click, play or save. `counted`: distinct events in time. `late`: distinct events past
    the horizon. `early`: distinct events dated before the decision, which no clock in order can send.
    """

    shelf_id: str
    examined: bool = False
    reward: float = 0.0
    clicked: bool = False
    counted: int = 0
    late: int = 0
    early: int = 0


def shelf_rewards(
    formula: RewardFormula, decision_at: datetime, shelf_ids: Sequence[str], events: Iterable[RewardEvent]
) -> tuple[ShelfOutcome, ...]:
    """The outcome of each of a page's shelves, in the order of `shelf_ids`.

    `events` are those of this decision, in any order; repeated ids count once, and events of shelves that
    are not on the page not at all. Raises ValueError for a time without a timezone.
    """
    _check_aware("decision_at", decision_at)
    by_shelf: dict[str, list[RewardEvent]] = defaultdict(list)
    for event in _distinct(events):
        by_shelf[event.shelf_id].append(event)
    return tuple(
        _outcome(formula, decision_at, shelf_id, by_shelf.get(shelf_id, [])) for shelf_id in shelf_ids
    )


def page_reward(outcomes: Iterable[ShelfOutcome]) -> float:
    """The sum of the rewards of the shelves that were examined."""
    return math.fsum(outcome.reward for outcome in outcomes if outcome.examined)


def page_clicked(outcomes: Iterable[ShelfOutcome]) -> bool:
    """Whether any shelf of the page was clicked in time."""
    return any(outcome.clicked for outcome in outcomes)


def _distinct(events: Iterable[RewardEvent]) -> list[RewardEvent]:
    """One event per id, earliest first. Of events that share an id the same one is kept in any order."""
    first: dict[str, RewardEvent] = {}
    for event in sorted(events, key=_order):
        first.setdefault(event.id, event)
    return list(first.values())


def _order(event: RewardEvent) -> tuple[datetime, str, str, str, str]:
    _check_aware(f"event {event.id!r}: at", event.at)
    return event.at, event.id, event.kind, event.shelf_id, event.item_id or ""


def _outcome(
    formula: RewardFormula, decision_at: datetime, shelf_id: str, events: Sequence[RewardEvent]
) -> ShelfOutcome:
    closes_at = decision_at + formula.horizon
    kinds = [event.kind for event in events if decision_at <= event.at <= closes_at]
    return ShelfOutcome(
        shelf_id=shelf_id,
        examined=bool(kinds),
        reward=_reward(formula, kinds) if kinds else 0.0,
        clicked=not CLICKS.isdisjoint(kinds),
        counted=len(kinds),
        late=sum(event.at > closes_at for event in events),
        early=sum(event.at < decision_at for event in events),
    )


def _reward(formula: RewardFormula, kinds: Sequence[EventKind]) -> float:
    seen = formula.weights.get(EventKind.IMPRESSION, 0.0)
    feedback = [
        formula.weights[kind]
        for kind in dict.fromkeys(kinds)
        if kind in formula.weights and kind is not EventKind.IMPRESSION
    ]
    low, high = formula.clip
    return min(max(seen + _aggregate(formula, feedback), low), high)


def _aggregate(formula: RewardFormula, feedback: Sequence[float]) -> float:
    if not feedback:
        return formula.default
    if formula.aggregation == "sum":
        return math.fsum(feedback)
    return max(feedback) if formula.aggregation == "max" else feedback[0]


def _check_aware(name: str, at: datetime) -> None:
    if at.tzinfo is None:
        raise ValueError(f"{name} = {at.isoformat()}: must carry a timezone")
