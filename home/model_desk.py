"""What a person asks of the models of a database: lists, details, moves, comparisons and health."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.policies.importance import Importances, importances, learner_of
from home.bootstrap import load_catalog, open_database, open_tools, policy_loader
from home.compose import Tools
from home.db import writing
from home.evidence import Evidence, gather
from home.health import Health, examine
from home.lifecycle import LifecycleError, Step, model_of, retire, rollback
from home.model_diff import Difference, diff
from home.promotion import Promotion, promote
from home.registry import LiveModel, restore
from home.rewards import reward_formula
from home.service import utc_now
from home.settings import Settings
from home.store import decisions, models
from home.store.models import ModelSummary, State, StoredModel, Transition


@dataclass(frozen=True, slots=True)
class Move:
    """A model that was moved, and the one that was live before where that changed."""

    version: int
    after: State
    left: int | None = None


class ModelDesk:
    """The models of one database. `clock` gives the time that moves are recorded with."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime] = utc_now) -> None:
        self._settings = settings
        self._clock = clock
        self._engine = open_database(settings)
        self._load = policy_loader(settings)

    @property
    def engine(self) -> Engine:
        """The database."""
        return self._engine

    def close(self) -> None:
        """Release the database."""
        self._engine.dispose()

    def list(self, limit: int) -> tuple[ModelSummary, ...]:
        """The newest models, newest first."""
        with Session(self._engine) as session:
            return models.summaries(session, limit)

    def show(self, version: int) -> tuple[ModelSummary, tuple[Transition, ...]]:
        """A model and its moves, newest first. Raises LifecycleError."""
        with Session(self._engine) as session:
            return model_of(session, version), models.transitions(session, version)

    def promote(
        self,
        version: int,
        *,
        who: str,
        why: str = "",
        share: float = 0.1,
        force: bool = False,
        limit: int = 1000,
        advance: Callable[[], None] = lambda: None,
    ) -> Promotion:
        """Take a model one state on; see `home.promotion.promote`. `limit` decisions are replayed at most."""

        def judge(candidate: LiveModel, live: LiveModel) -> tuple[Evidence, ...]:
            formula = reward_formula(self._settings)
            return gather(
                self._engine, candidate, live, self._tools(), formula,
                now=self._clock(), limit=limit, advance=advance,
            )  # fmt: skip

        return promote(
            self._engine, version, load=self._load, judge=judge, now=self._clock(), who=who, why=why,
            share=share, force=force,
        )  # fmt: skip

    def retire(self, version: int, *, who: str, why: str) -> Move:
        """Take a model that is not live out of the running. Raises what `home.lifecycle.retire` raises."""
        with writing(self._engine) as session:
            retire(session, version, Step(who, why, self._clock()))
        return Move(version, State.RETIRED)

    def rollback(self, to: int | None, *, who: str, why: str) -> Move:
        """Make an earlier model live again. Raises what `home.lifecycle.rollback` raises."""
        with writing(self._engine) as session:
            left = models.in_state(session, State.LIVE)
            version = rollback(session, Step(who, why, self._clock()), to)
            # Read and checked before the step is committed: a damaged snapshot must not go live.
            restore(self._stored(session, version), self._load)
        return Move(version, State.LIVE, left[0] if left else None)

    def diff(self, left: int, right: int, sample: int) -> Difference:
        """Compare two models on the newest `sample` closed decisions. Raises LifecycleError."""
        with Session(self._engine) as session:
            pair = self._stored(session, left), self._stored(session, right)
            rows = decisions.newest_closed(session, self._clock(), sample)
        first, second = (LiveModel(model.version, restore(model, self._load)) for model in pair)
        about = pair[0].summary, pair[1].summary
        return diff(about, (first, second), (row.record() for row in rows), self._tools())

    def features(self, version: int, sample: int) -> Importances:
        """What the features of a model weigh on the newest `sample` closed decisions.

        Raises LifecycleError for an unknown or pruned model, for a policy whose models have no weights by
        feature, and without closed decisions.
        """
        with Session(self._engine) as session:
            model = self._stored(session, version)
            rows = decisions.newest_closed(session, self._clock(), sample)
        try:
            learner = learner_of(restore(model, self._load))
        except ValueError as error:
            raise LifecycleError(f"model {version}: {error}") from error
        if not rows:
            raise LifecycleError(
                "no decision has closed yet, and models know features by hash alone: serve pages first, or "
                "log simulated ones with `home simulate --log-to`"
            )
        records = (row.record() for row in rows)
        return importances(learner, ((r.context, [option.features for option in r.options]) for r in records))

    def health(self, pages: int | None = None) -> Health:
        """Check the newest `pages` decisions, HOME_HEALTH_PAGES by default, against those before them."""
        formula = reward_formula(self._settings)
        return examine(self._engine, formula, self._clock(), pages or self._settings.health_pages)

    def _tools(self) -> Tools:
        return open_tools(self._settings, load_catalog(self._engine, self._settings))

    def _stored(self, session: Session, version: int) -> StoredModel:
        model_of(session, version)
        model = models.get(session, version)
        if model is None:
            raise LifecycleError(
                f"the data of model {version} is no longer kept: raise HOME_KEEP_MODELS to keep more"
            )
        return model
