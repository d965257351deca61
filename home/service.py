"""The composer as its surfaces use it: compose and log a page, take feedback, learn, look things up."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.rewards import RewardFormula
from bandits.types import RewardEvent
from home.compose import ComposedPage, LivePolicy, Tools, compose
from home.context import load_context
from home.errors import UnknownDecision
from home.events import EventReport, ingest_events
from home.learn import Learner, LearnReport
from home.logbook import record_of
from home.records import DecisionRecord
from home.registry import ModelWatcher
from home.settings import Settings
from home.store import decisions, events, listeners
from shelves.catalog import Catalog
from shelves.types import Listener


def utc_now() -> datetime:
    """The wall clock, timezone-aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the service can compose. `checks` maps each check to '' or what is wrong."""

    checks: dict[str, str]

    @property
    def ready(self) -> bool:
        """True when every check passes."""
        return not any(self.checks.values())


class Home:
    """A running composer over one database. Thread-safe; build one with `home.bootstrap.open_home`."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        catalog: Catalog,
        tools: Tools,
        models: ModelWatcher,
        learner: Learner,
        formula: RewardFormula,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.settings = settings
        self.engine = engine
        self.catalog = catalog
        self.tools = tools
        self.models = models
        self.learner = learner
        self.formula = formula
        self.clock = clock

    def compose(self, listener_id: str, surface: str = "phone", *, seed: int | None = None) -> ComposedPage:
        """Compose a page and log the decision before it is returned.

        Raises UnknownListener and UnknownSurface.
        """
        page = self.preview(listener_id, surface, seed=seed)
        with Session(self.engine) as session, session.begin():
            decisions.add(session, record_of(page), closes_at=page.context.now + self.formula.horizon)
        return page

    def preview(self, listener_id: str, surface: str = "phone", *, seed: int | None = None) -> ComposedPage:
        """Compose a page without logging it: nothing can be learned from it."""
        self.tools.grid(surface)
        with Session(self.engine) as session:
            context = load_context(session, listener_id, surface, self.clock())
        version, policy = self.models.current()
        return compose(
            context,
            LivePolicy(version, policy),
            self.tools,
            decision_id=uuid.uuid4().hex,
            seed=secrets.randbits(63) if seed is None else seed,
        )

    def record_events(self, batch: Sequence[RewardEvent]) -> EventReport:
        """Store feedback. Idempotent by event id; see `home.events.ingest_events`."""
        with Session(self.engine) as session, session.begin():
            return ingest_events(session, batch, self.clock(), self.formula.horizon)

    def decision(self, decision_id: str) -> DecisionRecord:
        """A logged decision. Raises UnknownDecision."""
        with Session(self.engine) as session:
            record = decisions.get(session, decision_id)
        if record is None:
            raise UnknownDecision(decision_id)
        return record

    def events_of(self, decision_id: str) -> tuple[RewardEvent, ...]:
        """The feedback on a decision so far, oldest first."""
        with Session(self.engine) as session:
            return events.for_decision(session, decision_id)

    def listeners(self, search: str = "", limit: int = 50, offset: int = 0) -> tuple[Listener, ...]:
        """Listeners whose id or name starts with `search`, by id."""
        with Session(self.engine) as session:
            return listeners.search(session, search, limit, offset)

    def learn(self) -> LearnReport:
        """Learn from every decision whose horizon has closed and publish a snapshot."""
        return self.learner.run_once()

    def readiness(self) -> Readiness:
        """Check the database, the catalogue and the model."""
        return Readiness(
            {
                "database": self._database_fault(),
                "catalogue": "" if len(self.catalog.items) else "the catalogue is empty",
                "model": "" if self.models.current()[0] >= 0 else "no model is loaded",
            }
        )

    def close(self) -> None:
        """Stop background work and release the database."""
        self.models.stop()
        self.tools.builder.close()
        self.engine.dispose()

    def _database_fault(self) -> str:
        try:
            with Session(self.engine) as session:
                listeners.count(session)
        except Exception as error:  # readiness reports any fault instead of raising
            return f"{type(error).__name__}: {error}"
        return ""


