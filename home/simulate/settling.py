"""What learners hear of a page later: the rest of its reward, when the long horizon closes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bandits.rewards import RewardFormula, ShelfOutcome
from bandits.types import Example, RewardEvent
from home.compose import ComposedPage
from home.logbook import record_of
from home.settle import settle
from shelves.catalog import Catalog


@dataclass(slots=True)
class Unsettled:
    """A page whose long horizon closes at `closes_at`, of a visit on a day, counted from 0.

    What it then teaches is `stayed_away`, or `came_back` where the listener `returned` on the next day: the
    second halves of its rounds (see `bandits.corrections`).
    """

    listener: str
    day: int
    closes_at: datetime
    stayed_away: tuple[Example, ...]
    came_back: tuple[Example, ...]
    returned: bool = False


@dataclass(slots=True)
class Settling:
    """The pages of one policy that are not settled yet, oldest first."""

    pages: list[Unsettled] = field(default_factory=list)

    def add(
        self,
        page: ComposedPage,
        day: int,
        outcomes: Sequence[ShelfOutcome],
        events: Sequence[RewardEvent],
        formula: RewardFormula,
        catalog: Catalog,
    ) -> None:
        """Add a page with its early `outcomes`; without a long horizon nothing is to come."""
        if formula.long_horizon is None or page.propensity is None:
            return
        record, closes_at = record_of(page, catalog.items), page.context.now + formula.long_horizon
        taught = [outcome.reward if outcome.examined else None for outcome in outcomes]
        # All else that a listener does with a page happens during the visit, so that there are two endings.
        away, back = (settle(record, events, formula, taught, at).examples for at in (None, closes_at))
        self.pages.append(Unsettled(page.context.listener.id, day, closes_at, away, back))

    def visited(self, listener: str, day: int, at: datetime) -> None:
        """Note when a listener has come on a day; what comes after a page's horizon is too late for it."""
        for page in self.pages:
            if page.listener == listener and page.day == day - 1 and at <= page.closes_at:
                page.returned = True

    def close(self, now: datetime) -> tuple[Example, ...]:
        """What the pages teach whose horizon has closed; they are settled then."""
        closed = [page for page in self.pages if page.closes_at <= now]
        self.pages = [page for page in self.pages if page.closes_at > now]
        return tuple(
            example for page in closed for example in (page.came_back if page.returned else page.stayed_away)
        )
