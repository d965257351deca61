"""The composer as its surfaces use it: compose and log a page, take feedback, learn, look things up."""

from __future__ import annotations

import secrets
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.policy import Policy
from bandits.rewards import RewardFormula
from bandits.types import RewardEvent
from home.compose import ComposedPage, LivePolicy, Tools, compose
from home.configuration import Setup, digest, setup_here, setup_of
from home.context import load_context
from home.db import writing
from home.errors import ConfigurationError, UnknownDecisionError
from home.events import EventReport, ingest_events
from home.explain import explain_decision
from home.health import examine
from home.health_monitor import HealthMonitor
from home.learn import Learner, LearnReport, LeaseHeldError
from home.logbook import record_of
from home.modes import BASELINE_VERSION, Apprenticeship, Baseline, Mode
from home.recompute import Recomputation, recompute
from home.records import DecisionRecord
from home.registry import LiveModel, ModelWatcher, NoModelError
from home.settings import Settings
from home.shadow import Shadow
from home.store import configurations, decisions, events, listeners
from home.store.decisions import DecisionSummary
from layout.explanation import Explanation
from shelves.catalog import Catalog
from shelves.types import Context, Listener

_log = structlog.get_logger()
_SEED_BITS = 53  # every client's number type holds that many exactly, so a page can be asked for again


def utc_now() -> datetime:
    """The wall clock, timezone-aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the service can compose. `checks` maps each check to "" or what is wrong."""

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
        self._kept: set[str] = set()
        # Pages that share an interpreter slow each other down until sources and layout miss their deadlines;
        # waiting costs less, and costs no page its quality.
        self._composing = threading.BoundedSemaphore(settings.compose_at_once)
        self.apprenticeship = Apprenticeship(
            engine, settings.apprentice_bar, settings.apprentice_pages, clock
        )
        self.shadow = Shadow(tools, lambda version, page: self._compared(version, page.overlap))
        self.health = HealthMonitor(lambda: examine(engine, formula, clock(), settings.health_pages))
        self._closing = threading.Event()
        self._learning: threading.Thread | None = None
        self.learning_failures = 0

    def compose(
        self, listener_id: str, surface: str = "phone", *, seed: int | None = None, timezone: str = ""
    ) -> ComposedPage:
        """Compose a page and log the decision before it is returned.

        Raises UnknownListenerError, UnknownSurfaceError and UnknownTimezoneError.
        """
        page = self.preview(listener_id, surface, seed=seed, timezone=timezone)
        record = record_of(page, self.catalog.items)
        new = {k: text for k, text in page.documents.items() if record.configuration[k] not in self._kept}
        with writing(self.engine) as session:
            configurations.keep(session, new)
            now, long = page.context.now, self.formula.long_horizon
            decisions.add(
                session,
                record,
                closes_at=now + self.formula.horizon,
                settles_at=None if long is None else now + long,
                formula=self.formula.identity,
            )
        self._kept.update(record.configuration.values())
        watched = self._watched()
        if watched is not None and record.propensity is not None:
            self.shadow.offer(record, watched)
        return page

    def preview(
        self, listener_id: str, surface: str = "phone", *, seed: int | None = None, timezone: str = ""
    ) -> ComposedPage:
        """Compose a page without logging it: nothing can be learned from it."""
        self.tools.surface(surface)
        with Session(self.engine) as session:
            context = load_context(session, listener_id, surface, self.clock(), timezone)
        return self.compose_for(context, secrets.randbits(_SEED_BITS) if seed is None else seed)

    def compose_for(self, context: Context, seed: int) -> ComposedPage:
        """Compose a page for a context as given, without logging it."""
        with self._composing:
            live = self._policy_of(context.listener.id)
            return compose(context, live, self.tools, decision_id=uuid.uuid4().hex, seed=seed)

    def record_events(self, batch: Sequence[RewardEvent]) -> EventReport:
        """Store feedback. Idempotent by event id; see `home.events.ingest_events`."""
        with writing(self.engine) as session:
            return ingest_events(session, batch, self.clock(), self.formula.horizon)

    def decision(self, decision_id: str) -> DecisionRecord:
        """A logged decision. Raises UnknownDecisionError."""
        with Session(self.engine) as session:
            record = decisions.get(session, decision_id)
        if record is None:
            raise UnknownDecisionError(decision_id)
        return record

    def decisions(self, listener_id: str | None = None, limit: int = 50) -> tuple[DecisionSummary, ...]:
        """Logged decisions, newest first: one listener's, or everyone's."""
        with Session(self.engine) as session:
            return decisions.summaries(session, listener_id, limit)

    def log(self, start: datetime | None = None) -> Iterator[DecisionRecord]:
        """Every logged decision made from `start` on, oldest first, a batch in memory at a time."""
        with Session(self.engine) as session:
            for logged in decisions.stream(session, start):
                yield logged.record()

    def explain(self, record: DecisionRecord) -> Explanation:
        """What the page of a decision is made of, rule by rule. Raises NotExplainableError."""
        return explain_decision(record, self.setup_of(record), self.settings.explanation_budget_s)

    def setup_of(self, record: DecisionRecord) -> Setup:
        """The rulebook and grid of a decision. Raises NotExplainableError when they are lost.

        Decisions from before these were stored have those of the service, if the versions are the same.
        """
        if not record.configuration:
            return setup_here(record, self.tools)
        surfaces = self.tools.surfaces.values()
        here = {digest(text): text for text in (self.tools.rulebook, *(s.text for s in surfaces))}
        with Session(self.engine) as session:
            return setup_of(record, lambda sha256: here.get(sha256) or configurations.find(session, sha256))

    def recompute(self, record: DecisionRecord) -> Recomputation:
        """Compute a logged page again and say what differs. Raises NotExplainableError without its setup."""
        return recompute(record, self.setup_of(record), self._policy_at)

    def events_of(self, decision_id: str) -> tuple[RewardEvent, ...]:
        """The feedback on a decision so far, oldest first."""
        with Session(self.engine) as session:
            return events.for_decision(session, decision_id)

    def listeners(self, search: str = "", limit: int = 50, offset: int = 0) -> tuple[Listener, ...]:
        """Listeners whose id or name starts with `search`, by id."""
        return find_listeners(self.engine, search, limit, offset)

    def learn(self) -> LearnReport:
        """Learn from every decision whose horizon has closed and publish a snapshot.

        Raises ConfigurationError in logging mode.
        """
        check_learns(self.settings)
        return self.learner.catch_up()

    def readiness(self) -> Readiness:
        """Check the database and the model; the catalogue was loaded when the service was opened."""
        return Readiness(
            {
                "database": self._database_fault(),
                "model": self._model_fault(),
            }
        )

    def start(self, learn_every_s: float) -> None:
        """Watch for newer models, and learn every `learn_every_s` seconds unless that is 0."""
        self.models.start()
        if learn_every_s > 0 and self.settings.mode is not Mode.LOGGING:
            self._learning = threading.Thread(
                target=self._keep_learning, args=(learn_every_s,), name="learner", daemon=True
            )
            self._learning.start()

    def close(self) -> None:
        """Stop background work and release the database."""
        self._closing.set()
        if self._learning is not None:
            self._learning.join()
        self.models.stop()
        self.shadow.stop()
        self.health.wait()
        self.engine.dispose()

    def _keep_learning(self, every_s: float) -> None:
        while not self._closing.wait(every_s):
            try:
                report = self.learner.catch_up()
            except LeaseHeldError:
                continue
            except Exception as error:  # the next run starts from the same decisions; serving goes on
                self.learning_failures += 1
                _log.warning("learning_failed", error=f"{type(error).__name__}: {error}")
                continue
            if report.decisions:
                _log.info("learned", **asdict(report))

    def _baseline_serves(self) -> bool:
        mode = self.settings.mode
        return mode is Mode.LOGGING or (mode is Mode.APPRENTICE and not self.apprenticeship.over)

    def _policy_of(self, listener_id: str) -> LivePolicy:
        if self._baseline_serves():
            return LivePolicy(BASELINE_VERSION, Baseline())
        return LivePolicy(*self.models.serving().of(listener_id))

    def _policy_at(self, version: int) -> Policy | None:
        return Baseline() if version == BASELINE_VERSION else self.models.load(version)

    def _watched(self) -> LiveModel | None:
        """The model that scores pages it does not serve: the apprentice, or the shadow."""
        if self.settings.mode is Mode.LOGGING:
            return None
        serving = self.models.serving()
        return serving.live if self._baseline_serves() else serving.shadow

    def _compared(self, version: int, overlap: float) -> None:
        if self.settings.mode is Mode.APPRENTICE and not self.apprenticeship.over:
            self.apprenticeship.observe(version, overlap)

    def _model_fault(self) -> str:
        try:
            self.models.current()
        except NoModelError as error:
            return self.models.last_failure or str(error)
        return ""

    def _database_fault(self) -> str:
        try:
            with Session(self.engine) as session:
                listeners.count(session)
        except Exception as error:  # readiness reports any fault instead of raising
            return f"{type(error).__name__}: {error}"
        return ""


def check_learns(settings: Settings) -> None:
    """Raise ConfigurationError in the mode that publishes no models."""
    if settings.mode is Mode.LOGGING:
        raise ConfigurationError("HOME_MODE is 'logging', which learns nothing: set it to 'online'")


def find_listeners(
    engine: Engine, search: str = "", limit: int = 50, offset: int = 0
) -> tuple[Listener, ...]:
    """Listeners whose id or name starts with `search`, by id."""
    with Session(engine) as session:
        return listeners.search(session, search, limit, offset)
