"""What serves: the model, or a fixed baseline until the model has shown that it may, or for good."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.policies import FixedPolicy, UniformPolicy
from bandits.snapshot import pack
from bandits.types import Example, Features, Scores
from home.db import writing
from home.store import models
from home.store.models import State, Transition

APPRENTICE = "apprentice"
BASELINE_VERSION = 0
"""The `policy_version` of decisions that no model made."""


class Mode(StrEnum):
    """ONLINE: models serve and learn. APPRENTICE: the baseline serves while the model learns and is compared
    with it, until they agree enough. LOGGING: the baseline serves, and nothing is learned."""

    ONLINE = "online"
    APPRENTICE = "apprentice"
    LOGGING = "logging"


@dataclass(frozen=True, slots=True)
class Baseline:
    """Shelves worth what their place among the sources says, explored uniformly.

    Layout arranges them under the rulebook as it does a model's. The uniform pmf is what makes its log worth
    learning from: a ranking's own pmf would explore nothing but the ranking.
    """

    name: ClassVar[str] = "baseline"

    def score(self, context: Features, actions: Sequence[Features], slots: int) -> Scores:
        """Values (n,) falling evenly from 1, and a uniform pmf (n,). ValueError without actions or slots."""
        return Scores(
            FixedPolicy().score(context, actions, slots).values,
            UniformPolicy().score(context, actions, slots).pmf,
        )

    def learn(self, examples: Iterable[Example]) -> int:  # noqa: ARG002 - the port's signature
        """Learns nothing; returns 0."""
        return 0

    def snapshot(self) -> bytes:
        """A header without state."""
        return pack(self.name, {})

    def describe(self) -> str:
        """The policy in one line."""
        return "source order, explored uniformly"


class Apprenticeship:
    """How well a model's pages agree with the baseline's, and whether that has been enough.

    Over the last `window` pages the mean share of the baseline's shelves that the model's optimum shows as
    well must reach `bar`. The model serves from then on, in every process that opens the database later;
    the switch is recorded as a transition of the model that made it. Thread-safe.
    """

    def __init__(self, engine: Engine, bar: float, window: int, clock: Callable[[], datetime]) -> None:
        self._engine, self._bar, self._clock = engine, bar, clock
        self._overlaps: deque[float] = deque(maxlen=window)
        self._lock = threading.Lock()
        self._over = self._recorded()

    @property
    def over(self) -> bool:
        """Whether the model serves."""
        return self._over

    @property
    def match_rate(self) -> float:
        """The mean overlap over the window so far; 0 before the first page."""
        with self._lock:
            return sum(self._overlaps) / len(self._overlaps) if self._overlaps else 0.0

    def observe(self, version: int, overlap: float) -> None:
        """Take note of a page, overlap in [0, 1]; ends the apprenticeship when the bar is passed.

        Raises what the database raises, and then counts the page without ending.
        """
        with self._lock:
            self._overlaps.append(overlap)
            full = len(self._overlaps) == self._overlaps.maxlen
            rate = sum(self._overlaps) / len(self._overlaps)
        if full and rate >= self._bar and not self._over:
            self._end(version, rate)

    def _end(self, version: int, rate: float) -> None:
        why = f"agreed with {rate:.1%} of the baseline over {self._overlaps.maxlen} pages: it serves now"
        if not self._recorded():
            with writing(self._engine) as session:
                models.record(
                    session,
                    Transition(version, self._clock(), State.LIVE, State.LIVE, 0.0, APPRENTICE, why),
                )
        self._over = True

    def _recorded(self) -> bool:
        with Session(self._engine) as session:
            return models.taken_by(session, APPRENTICE)
