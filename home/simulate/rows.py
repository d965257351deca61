"""What a simulation records of every page, and how long and where it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import nan

import polars as pl

from home.simulate.decisions import SlotRow
from home.simulate.tally import Tally


@dataclass(frozen=True, slots=True)
class SimulationConfig:
    """How long and where: `visits` in all, learning after every `batch` of them, which makes one day.

    `surfaces` limits the surfaces; empty means all that the listener model names. With `regret`, every page
    is compared with the best that is known, at the price of one more layout per visit. With `measures`, every
    page is measured in the ways of `home.simulate.metrics.page`. With `returns`, a visit is only an
    opportunity: a listener comes when earlier visits were good enough to (see
    `home.simulate.parameters.Returns`), and learners hear of a return on the next day when the reward's long
    horizon has closed. With `decisions`, every slot is kept as a row to replay. With `truths`, policies are
    taught what so many options of each page bring in expectation, drawn from all that there were, instead of
    what happened to what they showed.
    """

    visits: int = 1000
    batch: int = 100
    seed: int = 1
    surfaces: tuple[str, ...] = ()
    regret: bool = True
    measures: bool = True
    returns: bool = False
    decisions: bool = False
    truths: int = 0


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One page that one policy served.

    `clicks` counts the shelves clicked; `clicked` says whether any was; `listened`, `saved` and `skipped`
    count shelves with 30 seconds of play, a save, and a skip. `expected_clicks` and `expected_reward` are
    exact given the page; `best_clicks` are those of the best page known for the same candidates (see
    `home.simulate.best`), and `regret` = best_clicks − expected_clicks, both NaN where not asked for.
    `propensity` is None where a fallback made it unknowable. `cold` says that next to nothing is known of the
    listener. `dismissed` counts the shelves that this listener has dismissed before, `dropped` the sources
    that failed. `paid` is the predicted reward given up for broken soft rules, as a share of the page's.
    `seconds` is composing time. The rest are the measures of `home.simulate.metrics.page.PAGE_MEASURES`.
    """

    policy: str
    visit: int
    batch: int
    listener_id: str
    surface: str
    hour: int
    clicks: int
    clicked: bool
    reward: float
    looked_at: int
    expected_clicks: float
    expected_reward: float
    best_clicks: float
    regret: float
    explored: bool
    status: str
    fallback: str
    propensity: float | None
    model_version: int
    dismissed: int
    seconds: float
    cold: bool = False
    listened: int = 0
    saved: int = 0
    skipped: int = 0
    dropped: int = 0
    paid: float = 0.0
    ndcg: float = nan
    novelty: float = nan
    serendipity: float = nan
    intra_shelf: float = nan
    inter_shelf: float = nan
    miscalibration: float = nan
    stability: float = nan
    sponsored: float = nan
    fresh: float = nan


@dataclass(slots=True)
class Pages:
    """A policy's pages in order; `slots` are empty where decisions are not kept."""

    rows: list[VisitRow] = field(default_factory=list)
    slots: list[SlotRow] = field(default_factory=list)

    def extend(self, more: Pages) -> None:
        """Add pages that came after."""
        self.rows += more.rows
        self.slots += more.slots


@dataclass(frozen=True, slots=True)
class SimulationResult:
    """Every page of every policy, visit by visit, and by policy what adds up over its pages.

    `listeners` is how many could visit; `decisions` are the slots of each policy's pages, where kept.
    """

    config: SimulationConfig
    model_version: str
    listeners: int
    policies: tuple[str, ...]
    rows: tuple[VisitRow, ...]
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    decisions: Mapping[str, Sequence[SlotRow]] = field(default_factory=dict)


def row_frame(rows: Sequence[VisitRow]) -> pl.DataFrame:
    """Pages as a table, a column for each field."""
    return pl.DataFrame([asdict(row) for row in rows], infer_schema_length=None)
