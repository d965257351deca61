"""Publishing model snapshots, and keeping the models that serve loaded in a serving process."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.features import FEATURE_SCHEMA_VERSION
from bandits.policy import Policy
from home.errors import HomeError
from home.store import models
from home.store.models import ModelSummary, State, StoredModel, Transition

_WAITING = (State.CANDIDATE, State.SHADOW, State.CANARY)
_log = structlog.get_logger()


class NoModelError(HomeError):
    """No model has been published, or none could be loaded yet."""

    def __init__(self) -> None:
        super().__init__(
            "no model is live: publish a first one with `home setup`, or wait until it is loaded"
        )


class StaleModelError(HomeError):
    """Somebody else published a model in the meantime."""

    def __init__(self, parent: int | None) -> None:
        super().__init__(
            f"model {parent} is no longer the one to learn on from: load that one and learn again from there"
        )


class CorruptModelError(HomeError):
    """A stored snapshot is not what was published."""

    def __init__(self, version: int) -> None:
        super().__init__(f"the snapshot of model {version} does not match its checksum: restore the database")


class LiveModel(NamedTuple):
    """A policy and the version of the snapshot it was loaded from."""

    version: int
    policy: Policy


@dataclass(frozen=True, slots=True)
class ServingModels:
    """The models that take part in serving: `canary` serves the `share` of listeners, `shadow` nobody."""

    live: LiveModel
    canary: LiveModel | None = None
    share: float = 0.0
    shadow: LiveModel | None = None

    def of(self, listener_id: str) -> LiveModel:
        """The model that serves a listener, the same one on every visit."""
        if self.canary is not None and position(listener_id, self.canary.version) < self.share:
            return self.canary
        return self.live


def position(listener_id: str, version: int) -> float:
    """Where a listener stands in [0, 1) among those of whom a canary serves the first.

    It depends on nothing that the page depends on, so propensities given the model stay exact.
    """
    digest = hashlib.blake2b(f"{version}/{listener_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def base(session: Session, *, candidate: bool) -> StoredModel | None:
    """The model to learn on from: the live one, or with `candidate` the newest that may still become it."""
    model = models.live(session)
    if not candidate or model is None:
        return model
    waiting = [v for state in _WAITING for v in models.in_state(session, state) if v > model.version]
    return models.get(session, max(waiting)) if waiting else model


def publish(
    session: Session,
    policy: Policy,
    *,
    parent: int | None,
    now: datetime,
    metrics: Mapping[str, Any] | None = None,
    data: tuple[datetime, datetime] | None = None,
    candidate: bool = False,
    actor: str = "learner",
    reason: str = "learned on",
) -> int:
    """Write the policy's snapshot as a new version and return that; the caller commits.

    It takes the place of the live model, or with `candidate` that of the newest candidate. `parent` is the
    version that it was made from, None for the first; `data` the times of the first and last decision that it
    learned from. Raises StaleModelError when `base` is another model by now, so that no two writers can both
    build on one model.
    """
    models.lock(session)
    before = base(session, candidate=candidate)
    if (None if before is None else before.version) != parent:
        raise StaleModelError(parent)
    state = State.CANDIDATE if candidate and before is not None else State.LIVE
    model = _described(policy, (models.newest_version(session) or 0) + 1, parent, now, state, metrics, data)
    for version in models.in_state(session, state):
        models.replace_state(session, version, state, State.RETIRED)
    if not models.add(session, model):
        raise StaleModelError(parent)
    models.record(session, Transition(model.version, now, "", state, 0.0, actor, reason))
    return model.version


def _described(
    policy: Policy,
    version: int,
    parent: int | None,
    now: datetime,
    state: State,
    metrics: Mapping[str, Any] | None,
    data: tuple[datetime, datetime] | None,
) -> StoredModel:
    snapshot = policy.snapshot()
    first, last = data or (None, None)
    summary = ModelSummary(
        version=version,
        parent=parent,
        created_at=now,
        state=state,
        share=0.0,
        arguments=policy.describe(),
        code=metadata.version("home-composer"),
        feature_schema=FEATURE_SCHEMA_VERSION,
        data_from=first,
        data_to=last,
        sha256=hashlib.sha256(snapshot).hexdigest(),
        metrics=metrics or {},
        stored=True,
    )
    return StoredModel(summary, snapshot)


def restore(model: StoredModel, load: Callable[[bytes], Policy]) -> Policy:
    """The policy in a stored model. Raises CorruptModelError, and whatever `load` raises."""
    if hashlib.sha256(model.data).hexdigest() != model.summary.sha256:
        raise CorruptModelError(model.version)
    return load(model.data)


class ModelWatcher:
    """Keeps the models that serve loaded in this process.

    A background thread looks for changes every `poll_s` seconds, loads new models beside those in use and
    swaps them in one assignment, so a request sees one model whole. When the database or a snapshot fails,
    the models in use stay, and `failures` counts it; a canary or shadow that cannot be loaded is left out.
    """

    def __init__(self, engine: Engine, load: Callable[[bytes], Policy], poll_s: float = 1.0) -> None:
        self.failures = 0
        self.last_failure = ""
        self._engine = engine
        self._load = load
        self._poll_s = poll_s
        self._models: ServingModels | None = None
        self._seen: tuple[tuple[int, State, float], ...] = ()
        self._asked: LiveModel | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def current(self) -> LiveModel:
        """The live model. Raises NoModelError before the first was loaded."""
        return self.serving().live

    def serving(self) -> ServingModels:
        """The models that serve. Raises NoModelError before the first was loaded."""
        serving = self._models
        if serving is None:
            raise NoModelError
        return serving

    def load(self, version: int) -> Policy | None:
        """The policy of any published version, the last one asked for kept; None when it is not stored.

        Raises CorruptModelError, and whatever the loader raises.
        """
        asked = self._asked  # read once: another thread may ask for another version
        if asked is None or asked.version != version:
            with Session(self._engine) as session:
                model = models.get(session, version)
            if model is None:
                return None
            self._asked = asked = LiveModel(version, restore(model, self._load))
        return asked.policy

    def refresh(self) -> bool:
        """Look for changes now; True when there were any. Raises what the database or `load` raises."""
        with Session(self._engine) as session:
            found = tuple(sorted(models.serving(session)))
            if found == self._seen:
                return False
            by_state = {state: (version, share) for version, state, share in found}
            if State.LIVE not in by_state:
                return False
            live = self._loaded(session, by_state[State.LIVE][0])
            canary, share = self._beside(session, by_state.get(State.CANARY))
            shadow, _ = self._beside(session, by_state.get(State.SHADOW))
        self._models, self._seen = ServingModels(live, canary, share, shadow), found
        return True

    def _beside(self, session: Session, found: tuple[int, float] | None) -> tuple[LiveModel | None, float]:
        if found is None:
            return None, 0.0
        version, share = found
        try:
            return self._loaded(session, version), share
        except Exception as error:  # a broken newcomer must not keep the live model from being replaced
            self._failed(error)
            return None, 0.0

    def _loaded(self, session: Session, version: int) -> LiveModel:
        known = self._models
        for model in (known.live, known.canary, known.shadow) if known is not None else ():
            if model is not None and model.version == version:
                return model
        stored = models.get(session, version)
        if stored is None:
            raise CorruptModelError(version)
        return LiveModel(version, restore(stored, self._load))

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        self.last_failure = f"{type(error).__name__}: {error}"
        _log.warning("model_refresh_failed", error=self.last_failure, failures=self.failures)

    def start(self) -> None:
        """Load the newest model, then watch for newer ones. Does nothing when already started."""
        if self._thread is not None:
            return
        self._stopping.clear()
        self._try_refresh()
        self._thread = threading.Thread(target=self._watch, name="model-watcher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; the live model stays. Returns when the thread has ended."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _watch(self) -> None:
        while not self._stopping.wait(self._poll_s):
            self._try_refresh()

    def _try_refresh(self) -> None:
        try:
            self.refresh()
        except Exception as error:  # whatever is wrong with the new model, the live one must keep serving
            self._failed(error)
