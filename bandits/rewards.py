"""From raw feedback to rewards: which shelves were examined, and what each was worth.

The same events give the same rewards in whatever order and however often they arrive.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, get_args

from bandits.types import EventKind, RewardEvent

Aggregation = Literal["sum", "max", "earliest"]

CLICKS = frozenset(
    {
        EventKind.CLICK, EventKind.PLAY, EventKind.PLAY_30S, EventKind.COMPLETION, EventKind.SAVE,
        EventKind.FOLLOW,
    }
)  # fmt: skip
"""The kinds that count as a click: some surfaces report a play or a save without one."""


@dataclass(frozen=True, slots=True)
class RewardFormula:
    """What feedback is worth. Unitless; rewards lie in `clip`.

    A shelf that was examined is worth the weight of `IMPRESSION` (0 if absent) plus its feedback: over the
    kinds of event it received, each once and impressions aside, the `sum`, the `max` or the `earliest` of
    their `weights`; kinds without a weight do not count. Without weighted feedback it is worth `default`
    instead. A return on the next day happens elsewhere: it never makes a shelf examined, and it counts only
    for shelves that were clicked. The reward is then multiplied by the entry of `content_types` for the
    shelf's content type (1 without one): set it to a typical rate over the type's own rate where one type
    earns feedback more easily than another, so that ease alone wins no slot.

    Surfaces `without_impressions` do not report what was seen: their shelves teach as
    `bandits.position.as_taught` has it, which may be more than `clip` allows a shelf to earn.

    Events later than `horizon` after the decision do not count towards the early reward, and later than
    `long_horizon` not towards the final one. Without a `long_horizon` the early reward is final. Raises
    ValueError naming the field that is wrong.
    """

    version: str
    weights: Mapping[EventKind, float]
    default: float = 0.0
    horizon: timedelta = timedelta(minutes=30)
    long_horizon: timedelta | None = None
    aggregation: Aggregation = "sum"
    clip: tuple[float, float] = (-1.0, 2.0)
    content_types: Mapping[str, float] = field(default_factory=dict)
    without_impressions: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        numbers = {**{f"weights.{kind}": w for kind, w in self.weights.items()}, "default": self.default}
        for name, value in {**numbers, "clip[0]": self.clip[0], "clip[1]": self.clip[1]}.items():
            if not math.isfinite(value):
                raise ValueError(f"{name} = {value}: must be finite")
        if self.clip[0] >= self.clip[1]:
            raise ValueError(f"clip = {self.clip}: the lower bound must be below the upper")
        if self.horizon <= timedelta(0):
            raise ValueError(f"horizon = {self.horizon}: must be positive")
        if self.long_horizon is not None and self.long_horizon <= self.horizon:
            raise ValueError(
                f"long_horizon = {self.long_horizon}: must be longer than horizon = {self.horizon}, or absent"
            )
        for kind, factor in self.content_types.items():
            if not (math.isfinite(factor) and factor > 0.0):
                raise ValueError(f"content_types.{kind} = {factor}: must be finite and positive")
        if self.aggregation not in get_args(Aggregation):
            raise ValueError(f"aggregation = {self.aggregation!r}: use one of {get_args(Aggregation)}")

    @property
    def identity(self) -> str:
        """The version and a hash of the content, as logged: an edit without a new version still shows."""
        content: dict[str, object] = {
            "weights": {kind.value: weight for kind, weight in self.weights.items()},
            "default": self.default,
            "horizon_s": self.horizon.total_seconds(),
            "long_horizon_s": None if self.long_horizon is None else self.long_horizon.total_seconds(),
            "aggregation": self.aggregation,
            "clip": self.clip,
            "content_types": dict(self.content_types),
        }
        if self.without_impressions:
            content["without_impressions"] = sorted(self.without_impressions)
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        return f"{self.version}@{digest[:12]}"


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
    formula: RewardFormula,
    decision_at: datetime,
    shelf_ids: Sequence[str],
    events: Iterable[RewardEvent],
    *,
    content_types: Sequence[str] = (),
    final: bool = False,
) -> tuple[ShelfOutcome, ...]:
    """The outcome of each of a page's shelves, in the order of `shelf_ids`.

    `content_types` are those of the shelves, empty where none matters. The early outcome counts events
    within the formula's `horizon`, the `final` one within its `long_horizon`.

    `events` are those of this decision, in any order; repeated ids count once, and events of shelves that
    are not on the page not at all. Raises ValueError for a time without a timezone, or for content types
    that do not match the shelves.
    """
    types = content_types or [""] * len(shelf_ids)
    if len(types) != len(shelf_ids):
        raise ValueError(f"content_types: {len(types)} for {len(shelf_ids)} shelves; give one per shelf")
    _check_aware("decision_at", decision_at)
    by_shelf: dict[str, list[RewardEvent]] = defaultdict(list)
    for event in _distinct(events):
        by_shelf[event.shelf_id].append(event)
    horizon = (final and formula.long_horizon) or formula.horizon
    return tuple(
        _outcome(
            formula,
            (decision_at, decision_at + horizon),
            shelf_id,
            by_shelf.get(shelf_id, []),
            formula.content_types.get(type_, 1.0),
        )
        for shelf_id, type_ in zip(shelf_ids, types, strict=True)
    )


def unanswered(formula: RewardFormula, content_type: str = "") -> float:
    """What a shelf of a content type is worth that was examined and got no feedback."""
    return _reward(formula, (), formula.content_types.get(content_type, 1.0))


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
    formula: RewardFormula,
    window: tuple[datetime, datetime],
    shelf_id: str,
    events: Sequence[RewardEvent],
    factor: float,
) -> ShelfOutcome:
    opens_at, closes_at = window
    kinds = [event.kind for event in events if opens_at <= event.at <= closes_at]
    clicked = not CLICKS.isdisjoint(kinds)
    examined = any(kind is not EventKind.NEXT_DAY_RETURN for kind in kinds)
    worth = [kind for kind in kinds if clicked or kind is not EventKind.NEXT_DAY_RETURN]
    return ShelfOutcome(
        shelf_id=shelf_id,
        examined=examined,
        reward=_reward(formula, worth, factor) if examined else 0.0,
        clicked=clicked,
        counted=len(kinds),
        late=sum(event.at > closes_at for event in events),
        early=sum(event.at < opens_at for event in events),
    )


def _reward(formula: RewardFormula, kinds: Sequence[EventKind], factor: float) -> float:
    seen = formula.weights.get(EventKind.IMPRESSION, 0.0)
    feedback = [
        formula.weights[kind]
        for kind in dict.fromkeys(kinds)
        if kind in formula.weights and kind is not EventKind.IMPRESSION
    ]
    low, high = formula.clip
    return min(max(factor * (seen + _aggregate(formula, feedback)), low), high)


def _aggregate(formula: RewardFormula, feedback: Sequence[float]) -> float:
    if not feedback:
        return formula.default
    if formula.aggregation == "sum":
        return math.fsum(feedback)
    return max(feedback) if formula.aggregation == "max" else feedback[0]


def _check_aware(name: str, at: datetime) -> None:
    if at.tzinfo is None:
        raise ValueError(f"{name} = {at.isoformat()}: must carry a timezone")
