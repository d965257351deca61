"""Writing simulated pages and their feedback to a decision log, as a server would have."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from bandits.types import RewardEvent
from home.compose import ComposedPage
from home.db import writing
from home.errors import ConfigurationError
from home.events import ingest_events
from home.logbook import record_of
from home.store import configurations, decisions
from shelves.catalog import Catalog


class Journal:
    """Logs the pages of one policy of a simulation, with what the listeners did; pass it as `on_page`."""

    def __init__(self, engine: Engine, catalog: Catalog, horizon: timedelta, policy: str) -> None:
        self._engine = engine
        self._catalog = catalog
        self._horizon = horizon
        self._policy = policy

    def __call__(self, policy: str, page: ComposedPage, events: tuple[RewardEvent, ...]) -> None:
        """Log one page and its events. Raises ConfigurationError for a page that is in the log."""
        if policy != self._policy:
            return
        closes_at = page.context.now + self._horizon
        try:
            with writing(self._engine) as session:
                configurations.keep(session, page.documents)
                decisions.add(session, record_of(page, self._catalog.items), closes_at=closes_at)
        except IntegrityError as error:
            raise ConfigurationError(
                f"decision {page.decision_id!r} is logged already: this simulation was written to the same "
                "database before; give another --seed or --log-to"
            ) from error
        with writing(self._engine) as session:
            ingest_events(session, events, closes_at, self._horizon)
