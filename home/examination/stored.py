"""Estimates of slot examination as stored, and surfaces that use the applied ones."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import numpy as np
import orjson
from pydantic import TypeAdapter
from scipy.optimize import isotonic_regression
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from home.db import writing
from home.grids import MARK, Surface, regraded
from home.store import models
from home.store.models import Artifact
from layout.types import Grid

LEAST = 0.01
"""Examination below which no slot is put: at 0 a slot would be worth nothing, whatever it shows."""


@dataclass(frozen=True, slots=True)
class StoredEstimate:
    """One surface's estimate, relative to slot 1: `value`, `low`, `high`, `evidence` and `click_rate` (K,).

    `model` is "impressions", "cascade" or "pbm". Down to `first_slot`, counted from 1, the values are the
    grid file's: the log could not tell, and what is below is relative to that slot. `decisions` and
    `listeners` count what the estimate rests on, made from `first` to `last`; `unreadable` of them gave no
    swaps. `click_rate` is each slot's relative rate of clicks, for comparison, empty where there were too
    few; `after_click` the cascade's share of readers who go on below a click, None elsewhere.
    """

    surface: str
    model: str
    value: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    evidence: tuple[float, ...]
    first_slot: int
    level: float
    click_rate: tuple[float, ...]
    after_click: float | None
    decisions: int
    listeners: int
    unreadable: int
    first: datetime
    last: datetime
    made_at: datetime

    @property
    def mark(self) -> str:
        """Eight letters that tell this estimate's weights from any others."""
        return hashlib.sha256(orjson.dumps([self.model, self.value])).hexdigest()[:8]


_ESTIMATE = TypeAdapter(StoredEstimate)


def save(engine: Engine, estimate: StoredEstimate, *, applied: bool) -> None:
    """Store an estimate as its surface's newest, and with `applied` as the one that layouts use."""
    info = {"surface": estimate.surface, "model": estimate.model, "decisions": estimate.decisions}
    data = orjson.dumps(asdict(estimate))
    with writing(engine) as session:
        for name in (False, True) if applied else (False,):
            models.put_artifact(
                session, Artifact(_name(estimate.surface, name), estimate.made_at, info, data)
            )


def load(engine: Engine, surface: str, *, applied: bool) -> StoredEstimate | None:
    """A surface's newest estimate, or the applied one; None before there is any."""
    with Session(engine) as session:
        stored = models.artifact(session, _name(surface, applied))
    return None if stored is None else _ESTIMATE.validate_json(stored.data)


def _name(surface: str, applied: bool) -> str:
    return f"examination-{'applied' if applied else 'newest'}:{surface}"


def with_estimates(surfaces: Mapping[str, Surface], engine: Engine) -> Mapping[str, Surface]:
    """The surfaces with their slots' examination as estimated, where an estimate was applied."""
    found = {name: load(engine, name, applied=True) for name in surfaces}
    return {
        name: surface if (estimate := found[name]) is None else use(surface, estimate)
        for name, surface in surfaces.items()
    }


def use(surface: Surface, estimate: StoredEstimate) -> Surface:
    """The surface under the estimate: its grid says so in its version, and so does every decision.

    An estimate of another number of slots than the grid has is not of this grid, and is left aside.
    """
    if len(estimate.value) != len(surface.grid.slots):
        return surface
    version = f"{surface.grid.version}{MARK}{estimate.mark}"
    return replace(surface, grid=regraded(surface.grid, weights(estimate, surface.grid), version))


def weights(estimate: StoredEstimate, grid: Grid) -> tuple[float, ...]:
    """What the layout uses: (K,) in [LEAST, 1], never rising down the page.

    Only ratios are estimated, so slot 1 keeps the grid file's value. The rest is the nearest row of numbers
    that never rises (isotonic regression: Barlow and Brunk, JASA 1972), each slot weighing what its
    interval's width says it is worth.
    """
    value, width = np.array(estimate.value), np.array(estimate.high) - np.array(estimate.low)
    certainty = 1.0 / np.maximum(width, 0.01) ** 2
    falling = isotonic_regression(value, weights=certainty, increasing=False).x
    scaled = np.clip(falling / falling[0] * grid.slots[0].examination, LEAST, 1.0)
    return tuple(scaled.tolist())
