"""Estimating a surface's slot examination from its decision log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import isnan
from typing import Literal

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.examination import (
    Column,
    Examination,
    ThinDataError,
    by_cascade,
    by_impressions,
    by_swaps,
    click_rates,
)
from home.compose import Tools
from home.errors import HomeError
from home.examination.log import PageLog, PageLogBuilder
from home.examination.stored import StoredEstimate
from home.ingest.progress import Progress, Silent
from home.replay.log import joined
from layout.types import Grid

ModelKind = Literal["impressions", "cascade", "pbm"]


class NotEstimableError(HomeError):
    """The log cannot tell how slots of a surface are examined."""

    def __init__(self, surface: str, why: str) -> None:
        super().__init__(f"examination of surface {surface!r} cannot be estimated: {why}")
        self.surface = surface


@dataclass(frozen=True, slots=True)
class Span:
    """Decisions made in [start, end); None is open."""

    start: datetime | None = None
    end: datetime | None = None


def estimate(
    engine: Engine,
    tools: Tools,
    surface: str,
    model: ModelKind,
    *,
    now: datetime,
    span: Span = Span(),
    seed: int = 0,
    level: float = 0.95,
    progress: Progress | None = None,
) -> StoredEstimate:
    """The examination of a surface's slots, from decisions whose horizon has closed by `now`.

    "pbm" reads only clicks, on pages that explored. Intervals draw listeners. Raises UnknownSurfaceError, and
    NotEstimableError naming the slot and what it lacks.
    """
    slots = len(tools.surface(surface).grid.slots)
    progress = progress or Silent()
    progress.start("Reading decisions", None)
    builder = PageLogBuilder(surface, slots, now, tools if model == "pbm" else None)
    with Session(engine) as session:
        log = builder.read(joined(session, span.start, span.end, progress))
    progress.finish()
    return estimate_of(log, tools.surface(surface).grid, model, now=now, seed=seed, level=level)


def estimate_of(
    log: PageLog, grid: Grid, model: ModelKind, *, now: datetime, seed: int = 0, level: float = 0.95
) -> StoredEstimate:
    """The estimate from the columns of a grid's surface. Raises NotEstimableError."""
    surface = grid.surface
    if log.first is None or log.last is None:
        raise NotEstimableError(surface, "no decision of it has a closed horizon; serve pages and wait")
    if model != "pbm" and not log.impressions:
        raise NotEstimableError(
            surface, f"it reports no impressions, which model {model!r} counts; use --model pbm"
        )
    try:
        found, after = _fit(log, model, seed, level)
    except ThinDataError as error:
        raise NotEstimableError(surface, f"{error}{_advice(log, model)}") from error
    return StoredEstimate(
        surface=surface,
        model=model,
        value=_completed(found.value, found.first, grid),
        low=_completed(found.low, found.first, grid),
        high=_completed(found.high, found.first, grid),
        first_slot=found.first + 1,
        evidence=tuple(found.evidence.tolist()),
        level=level,
        click_rate=_click_rate(log),
        after_click=after,
        decisions=len(log.views.group),
        listeners=len(np.unique(log.views.group)),
        unreadable=log.unreadable,
        first=log.first,
        last=log.last,
        made_at=now,
    )


def _fit(log: PageLog, model: ModelKind, seed: int, level: float) -> tuple[Examination, float | None]:
    if model == "impressions":
        return by_impressions(log.views, seed=seed, level=level), None
    if model == "cascade":
        found = by_cascade(log.views, seed=seed, level=level)
        return found.examination, None if isnan(found.after_click) else found.after_click
    return by_swaps(log.swaps, log.views.shown.shape[1], seed=seed, level=level), None


def _completed(column: Column, first: int, grid: Grid) -> tuple[float, ...]:
    """Down to the first slot that is identified as the grid file has it, and on from there as estimated."""
    assumed = np.array([slot.examination for slot in grid.slots]) / grid.slots[0].examination
    completed = np.where(np.arange(len(column)) < first, assumed, column * assumed[first])
    return tuple(completed.tolist())


def _advice(log: PageLog, model: ModelKind) -> str:
    if model != "pbm":
        return ""
    unreadable = (
        f"; {log.unreadable} pages were left out because this rulebook or grid is not theirs"
        if log.unreadable
        else ""
    )
    return f", or raise HOME_EPSILON: only pages that explored count{unreadable}"


def _click_rate(log: PageLog) -> tuple[float, ...]:
    try:
        return tuple(click_rates(log.views, replicates=100).value.tolist())
    except ThinDataError:
        return ()
