"""What tests of the loop share: records, feedback on them, and a policy that remembers its lessons."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from bandits.rewards import RewardFormula
from bandits.types import EventKind, Example, Features, RewardEvent, Scores
from home.records import DecisionRecord, LoggedOption, LoggedShelf, LoggedSolver
from layout.types import PageContext

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HORIZON = timedelta(minutes=30)
FORMULA = RewardFormula(
    version="1",
    weights={EventKind.CLICK: 0.5, EventKind.SAVE: 0.25, EventKind.DISMISS: -1.0},
    horizon=HORIZON,
)
LONG = replace(
    FORMULA,
    weights={**FORMULA.weights, EventKind.NEXT_DAY_RETURN: 0.125},
    long_horizon=timedelta(hours=48),
)
"""The same formula with a long horizon."""


def make_record(name: str, at: datetime = NOON, **changes: Any) -> DecisionRecord:
    """A page of three of five shelves, a to e: it shows c, a and e, with two of three items each."""
    n, slots, page = 5, 3, (2, 0, 4)
    rng = np.random.default_rng(len(name))
    conditionals = (0.9, 0.8, 0.5)
    shelves = tuple(
        LoggedShelf(
            id=letter,
            source="more_from_tag",
            title=f"More {letter}",
            reason="You like it",
            attributes={"content_type": "music", "sponsored": False, "taste": 0.25},
            item_ids=tuple(f"{letter}{i}" for i in range(3)),
            scores=rng.random(3).astype(np.float32),
        )
        for letter in "abcde"
    )
    options = tuple(
        LoggedOption(i, "carousel", {"shelf": {"name": shelf.id}, "numbers": {"taste": float(rng.random())}})
        for i, shelf in enumerate(shelves)
    )
    values: dict[str, Any] = {
        "id": name,
        "listener_id": "ada",
        "surface": "phone",
        "at": at,
        "context": {"context": {"market": "DE"}, "user": {"id": name}},
        "about": PageContext({"surface": "phone"}, ("a", "b"), {"content_type": {"music": 1.0}}),
        "shelves": shelves,
        "options": options,
        "values": rng.random((n, slots)),
        "pmf": rng.dirichlet(np.ones(n), slots),
        "grid_version": "1",
        "examination": (1.0, 0.8, 0.6),
        "rules_version": "r1",
        "effective_rules": ("pinned", "gap"),
        "relaxed_rules": (),
        "policy_version": 1,
        "solver": LoggedSolver("optimal", 1200, 1200, "cp-sat", {"stay": 7}),
        "anchor": page,
        "page": page,
        "explored": False,
        "epsilon": 0.1,
        "floor": 0.1,
        "seed": 2**64 - 1,
        "propensity": float(np.prod(conditionals)),
        "conditionals": conditionals,
        "exploration_conditionals": (0.3, 0.2, 0.1),
        "anchor_exploration": 0.006,
        "support_sizes": (5, 4, 3),
        "shown": tuple(shelves[i].item_ids[:2] for i in page),
    }
    return DecisionRecord(**(values | changes))


def feedback(
    event_id: str,
    decision: str,
    kind: EventKind = EventKind.IMPRESSION,
    shelf: str = "c",
    *,
    after: timedelta = timedelta(minutes=1),
    item: str | None = None,
) -> RewardEvent:
    """An event some time after noon, on shelf c unless told otherwise."""
    return RewardEvent(event_id, decision, kind, shelf, NOON + after, item)


@dataclass
class RememberingPolicy:
    """A policy whose snapshot is all it ever learned: [decision, shelf, slot, reward, probability] each."""

    lessons: list[list[Any]] = field(default_factory=list)
    name: str = "remembering"

    def score(self, context: Features, actions: Sequence[Features], slots: int) -> Scores:
        n = len(actions)
        return Scores(np.zeros(n), np.full(n, 1 / n))

    def learn(self, examples: Iterable[Example]) -> int:
        lessons = [
            [e.context["user"]["id"], e.action["shelf"]["name"], e.slot, e.reward, e.probability]
            for e in examples
        ]
        self.lessons += lessons
        return len(lessons)

    def snapshot(self) -> bytes:
        return json.dumps(self.lessons).encode()

    def describe(self) -> str:
        return f"remembering {len(self.lessons)} lessons"


def recall(data: bytes) -> RememberingPolicy:
    """The policy in a snapshot."""
    return RememberingPolicy(json.loads(data))
