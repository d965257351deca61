"""Contexts of a seeded sample of listeners, for audits, benchmarks and simulations."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from home.context import load_context
from home.store import catalog
from shelves.types import Context


def sample_contexts(
    engine: Engine, listeners: int, surface: str, seed: int, now: datetime
) -> tuple[Context, ...]:
    """Contexts of up to `listeners` listeners, drawn without replacement and ordered by id."""
    with Session(engine) as session:
        everyone = [listener.id for listener in catalog.listeners(session)]
        chosen = np.random.default_rng(seed).permutation(len(everyone))[:listeners]
        return tuple(load_context(session, everyone[i], surface, now) for i in np.sort(chosen).tolist())
