"""Simulated decisions as rounds that `home replay` reads: one row for each slot of each page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from bandits.rewards import ShelfOutcome
from home.compose import ComposedPage

_TARGETS = {"target_optimum": "target_propensity:optimum", "target_explore": "target_propensity:explore"}


@dataclass(frozen=True, slots=True)
class SlotRow:
    """One slot of one page; columns are named as tables of rounds are.

    `slate` is the decision, `group` the listener. `action` is the index of what was shown among `actions`
    options, `propensity` its probability given the slots above, whose product over the slots is that of the
    page. `target_optimum` and `target_explore` are the same probabilities for a policy that always serves the
    optimum, and for one that always explores. `reward` is that of the shelf, 0 where it was not looked at.
    """

    slate: str
    group: str
    timestamp: datetime
    position: int
    action: int
    actions: int
    propensity: float
    target_optimum: float
    target_explore: float
    reward: float
    examined: bool
    clicked: bool
    surface: str
    shelf: str
    source: str
    presentation: str


def slot_rows(page: ComposedPage, outcomes: Sequence[ShelfOutcome]) -> Iterator[SlotRow]:
    """The rows of a page, top slot first; none for a page whose propensity is unknown."""
    if page.propensity is None:
        return
    on_anchor = True
    for slot, (placement, outcome) in enumerate(zip(page.placements, outcomes, strict=True)):
        option = page.draw.page[slot]
        on_anchor = on_anchor and slot < len(page.result.page) and page.result.page[slot] == option
        yield SlotRow(
            slate=page.decision_id,
            group=page.context.listener.id,
            timestamp=page.context.now,
            position=slot,
            action=option,
            actions=len(page.options),
            propensity=float(page.draw.conditionals[slot]),
            target_optimum=float(on_anchor),
            target_explore=float(page.draw.exploration_conditionals[slot]),
            reward=outcome.reward,
            examined=outcome.examined,
            clicked=outcome.clicked,
            surface=page.context.surface,
            shelf=placement.shelf.id,
            source=placement.shelf.provenance.source,
            presentation=placement.presentation,
        )


def slot_frame(rows: Sequence[SlotRow]) -> pl.DataFrame:
    """Rows as a table of rounds."""
    return pl.DataFrame([asdict(row) for row in rows], infer_schema_length=None).rename(
        _TARGETS, strict=False
    )


def read_slots(path: Path) -> list[SlotRow]:
    """The rows of a table that `slot_frame` made."""
    frame = pl.read_parquet(path).rename({column: name for name, column in _TARGETS.items()})
    return [SlotRow(**row) for row in frame.iter_rows(named=True)]
