"""The life of models: publishing a snapshot, and keeping the newest one live in a serving process."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.policy import Policy
from home.errors import HomeError
from home.store import models
from home.store.models import StoredModel

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
            f"model {parent} is no longer the newest: load the newest model and learn again from there"
        )


class CorruptModelError(HomeError):
    """A stored snapshot is not what was published."""

    def __init__(self, version: int) -> None:
        super().__init__(f"the snapshot of model {version} does not match its checksum: restore the database")


class LiveModel(NamedTuple):
    """A policy and the version of the snapshot it was loaded from."""

    version: int
    policy: Policy


def publish(
    session: Session,
    policy: Policy,
    *,
    parent: int | None,
    now: datetime,
    metrics: Mapping[str, Any] | None = None,
) -> int:
    """Write the policy's snapshot as the newest model and return its version; the caller commits.

    `parent` is the version it supersedes, None for the first. Raises StaleModelError when that is not the
    newest version, so that no two writers can both build on one model.
    """
    data = policy.snapshot()
    version = (parent or 0) + 1
    model = StoredModel(
        version=version,
        parent=parent,
        created_at=now,
        arguments=policy.describe(),
        sha256=hashlib.sha256(data).hexdigest(),
        metrics=metrics or {},
        data=data,
    )
    if not models.add(session, model):
        raise StaleModelError(parent)
    return version


def restore(model: StoredModel, load: Callable[[bytes], Policy]) -> Policy:
    """The policy in a stored model. Raises CorruptModelError, and whatever `load` raises."""
    if hashlib.sha256(model.data).hexdigest() != model.sha256:
        raise CorruptModelError(model.version)
    return load(model.data)


class ModelWatcher:
    """Keeps the newest published model live in this process.

    A background thread looks for a newer version every `poll_s` seconds, loads it beside the live one and
    swaps the pair in one assignment, so a request sees either model whole. When the database or a snapshot
    fails, the live model stays, and `failures` counts it.
    """

    def __init__(self, engine: Engine, load: Callable[[bytes], Policy], poll_s: float = 1.0) -> None:
        self.failures = 0
        self._engine = engine
        self._load = load
        self._poll_s = poll_s
        self._live: LiveModel | None = None
        self._asked: LiveModel | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def current(self) -> LiveModel:
        """The live model. Raises NoModelError before the first was loaded."""
        live = self._live
        if live is None:
            raise NoModelError
        return live

    def load(self, version: int) -> Policy | None:
        """The policy of any published version, the last one asked for kept; None when it is not stored.

        Raises CorruptModelError, and whatever the loader raises.
        """
        if self._asked is None or self._asked.version != version:
            with Session(self._engine) as session:
                model = models.get(session, version)
            if model is None:
                return None
            self._asked = LiveModel(version, restore(model, self._load))
        return self._asked.policy

    def refresh(self) -> bool:
        """Look for a newer model now; True when one went live. Raises what the database or `load` raises."""
        live = self._live
        with Session(self._engine) as session:
            newest = models.newest_version(session)
            if newest is None or (live is not None and newest <= live.version):
                return False
            model = models.get(session, newest)
        if model is None:
            return False
        self._live = LiveModel(model.version, restore(model, self._load))
        return True

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
            self.failures += 1
            _log.warning(
                "model_refresh_failed", error=f"{type(error).__name__}: {error}", failures=self.failures
            )
