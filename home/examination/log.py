"""The decision log as the columns that `bandits.examination` reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from bandits.examination import Swaps, Views
from bandits.page import AnchoredMixture
from bandits.rewards import CLICKS
from bandits.types import EventKind, RewardEvent
from home.compose import Tools
from home.errors import NotExplainableError
from home.explain import problem_of
from home.records import DecisionRecord
from home.store.decisions import LoggedDecision
from layout.errors import InvalidProblemError
from layout.lookahead import LookAhead


@dataclass(frozen=True, slots=True, eq=False)
class PageLog:
    """Closed decisions of one surface: `views` of m pages, and the `swaps` of those that explored.

    `first`, `last`: when the oldest and newest of them were made. `impressions`: how many impression events
    came in. `unreadable`: explored pages whose look-ahead cannot be rebuilt here, so they give no swaps.
    """

    views: Views
    swaps: Swaps
    first: datetime | None
    last: datetime | None
    impressions: int
    unreadable: int


@dataclass(slots=True, eq=False)
class PageLogBuilder:
    """Collects decisions of `surface` with `slots` slots whose horizon has closed by `now`.

    With `tools`, pages that explored give swaps as well: the choices of the draw are rebuilt from the record,
    which takes some milliseconds a page.
    """

    surface: str
    slots: int
    now: datetime
    tools: Tools | None = None
    _met: list[tuple[int, list[bool], list[bool]]] = field(default_factory=list)
    _pairs: list[tuple[int, float, float, bool, bool, int]] = field(default_factory=list)
    _listeners: dict[str, int] = field(default_factory=dict)
    _times: list[datetime] = field(default_factory=list)
    _groups: list[int] = field(default_factory=list)
    _impressions: int = 0
    _unreadable: int = 0

    def read(self, logged: Iterable[tuple[LoggedDecision, Sequence[RewardEvent]]]) -> PageLog:
        """Go through decisions with their feedback, one at a time."""
        for decision, feedback in logged:
            if decision.closes_at <= self.now:
                self.add(decision.record(), feedback)
        return self.log()

    def add(self, record: DecisionRecord, feedback: Sequence[RewardEvent]) -> None:
        """Add one closed decision; those of other surfaces are passed over."""
        if record.surface != self.surface:
            return
        seen = {event.shelf_id for event in feedback}
        clicked = {event.shelf_id for event in feedback if event.kind in CLICKS}
        ids = record.shelf_ids(record.page)[: self.slots]
        clicks = [shelf in clicked for shelf in ids]
        group = self._listeners.setdefault(record.listener_id, len(self._listeners))
        self._met.append((len(ids), [shelf in seen for shelf in ids], clicks))
        self._groups.append(group)
        self._times.append(record.at)
        self._impressions += sum(event.kind is EventKind.IMPRESSION for event in feedback)
        if self.tools is not None and record.explored and record.propensity is not None:
            self._add_pairs(record, clicks, group, self.tools)

    def _add_pairs(self, record: DecisionRecord, clicks: list[bool], group: int, tools: Tools) -> None:
        try:
            orders = exchange_probabilities(record, tools)
        except (NotExplainableError, InvalidProblemError):
            self._unreadable += 1
            return
        for k, (forward, swapped) in enumerate(orders[: self.slots - 1]):
            self._pairs.append((k, forward, swapped, clicks[k], clicks[k + 1], group))

    def log(self) -> PageLog:
        """What was collected, as columns."""
        shape = (len(self._met), self.slots)
        shown, seen, clicked = (np.zeros(shape, dtype=np.bool_) for _ in range(3))
        for row, (length, sights, clicks) in enumerate(self._met):
            shown[row, :length] = True
            seen[row, :length] = sights
            clicked[row, :length] = clicks
        table = np.array(self._pairs, dtype=np.float64).reshape(-1, 6)
        slot, group = table[:, 0].astype(np.int64), table[:, 5].astype(np.int64)
        return PageLog(
            views=Views(shown, seen, clicked, np.array(self._groups, dtype=np.int64)),
            swaps=Swaps(slot, table[:, 1], table[:, 2], table[:, 3] > 0.0, table[:, 4] > 0.0, group),
            first=min(self._times, default=None),
            last=max(self._times, default=None),
            impressions=self._impressions,
            unreadable=self._unreadable,
        )


def exchange_probabilities(record: DecisionRecord, tools: Tools) -> list[tuple[float, float]]:
    """For each two neighbours of a page that explored: the probability of the pair as shown, and swapped.

    Both are of the exploration alone, given the shelves above, and exact: the masks come from the rules as
    they held. Raises NotExplainableError when the problem cannot be put together again.
    """
    problem = problem_of(record, tools)
    mixture = AnchoredMixture(
        record.anchor, record.pmf, LookAhead(problem, record.anchor), record.epsilon, record.floor
    )
    page, q = record.page, record.exploration_conditionals
    found = []
    for k in range(len(page) - 1):
        upper, lower = page[k], page[k + 1]
        first = float(mixture.slot_distribution(page[:k])[lower])
        second = mixture.slot_distribution((*page[:k], lower))[upper] if first > 0.0 else 0.0
        found.append((q[k] * q[k + 1], first * float(second)))
    return found
