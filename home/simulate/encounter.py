"""A row of shelves as a simulated listener meets them: how likely everything is, with nothing drawn yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandits.types import Page
from home.deal import deal_page
from home.options import Option, prominence_of
from home.simulate.parameters import ListenerParameters
from home.simulate.swipe import choice, examined, visible_items
from home.simulate.truth import Probabilities, Truth, intent_probabilities, utilities
from layout.types import Grid
from shelves.catalog import Catalog
from shelves.types import Context, Rows, Shelf


@dataclass(frozen=True, slots=True, eq=False)
class Encounter:
    """How a listener meets n shelves, given that they are looked at.

    `intents` (I,): probability of each intent of the visit. `attraction` (I, n): probability that each shelf
    attracts. For each shelf, arrays over the items it shows: `affinity` in [0, 1], true; `examined`, the
    probability that the item is looked at when the shelf is; `choice`, that it is the one chosen; `listens`,
    that it goes on for 30 seconds once it plays.
    """

    intents: Probabilities
    attraction: Probabilities
    affinity: tuple[Probabilities, ...]
    examined: tuple[Probabilities, ...]
    choice: tuple[Probabilities, ...]
    listens: tuple[Probabilities, ...]

    @property
    def listens_if_played(self) -> Probabilities:
        """Probability (n,) that a play on each shelf goes on for 30 seconds."""
        return np.array([choice @ listens for choice, listens in zip(self.choice, self.listens, strict=True)])


@dataclass(frozen=True, slots=True, eq=False)
class Display:
    """Shelves (n,) as they are shown: the catalogue rows and presentation of each, on a surface's grid."""

    shelves: Sequence[Shelf]
    shown: Sequence[Rows]
    presentations: Sequence[str]
    grid: Grid


def meet(
    parameters: ListenerParameters,
    catalog: Catalog,
    truth: Truth,
    context: Context,
    display: Display,
    weariness: NDArray[np.float64] | float = 0.0,
) -> Encounter:
    """How a listener meets shelves (n,) that have lost `weariness` (n,) of log-odds to earlier visits.

    A shelf attracts by the mean affinity of its items, weighted by how likely each is looked at. An empty
    shelf attracts nobody.
    """
    seen = _see(parameters, catalog, truth, display)
    response, sharpness = parameters.response, parameters.choice.sharpness
    return Encounter(
        intents=intent_probabilities(parameters.intent, context.now.hour, context.surface),
        attraction=_attraction(parameters, truth, display, seen, weariness),
        affinity=seen.affinity,
        examined=seen.examined,
        choice=tuple(choice(a, h, sharpness) for a, h in zip(seen.affinity, seen.examined, strict=True)),
        listens=tuple(_logistic(response.play_30s + response.play_30s_affinity * a) for a in seen.affinity),
    )


def expected_attraction(
    parameters: ListenerParameters,
    catalog: Catalog,
    truth: Truth,
    context: Context,
    display: Display,
    weariness: NDArray[np.float64] | float = 0.0,
) -> Probabilities:
    """Attraction (n,) over all intents, the most that can be known before a visit: that of `meet`, alone."""
    attraction = _attraction(parameters, truth, display, _see(parameters, catalog, truth, display), weariness)
    intents = intent_probabilities(parameters.intent, context.now.hour, context.surface)
    over_intents: Probabilities = intents @ attraction
    return over_intents


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """For each shelf, arrays over the items it shows: `affinity` and `examined` of an `Encounter`."""

    affinity: tuple[Probabilities, ...]
    examined: tuple[Probabilities, ...]


def _see(parameters: ListenerParameters, catalog: Catalog, truth: Truth, display: Display) -> _Seen:
    affinities = truth.affinity(catalog, np.concatenate(display.shown))
    ends = np.cumsum([len(rows) for rows in display.shown]).tolist()
    starts = [0, *ends[:-1]]
    return _Seen(
        tuple(affinities[a:b] for a, b in zip(starts, ends, strict=True)),
        tuple(_examined(parameters, display, shelf) for shelf in range(len(display.shelves))),
    )


def _attraction(
    parameters: ListenerParameters,
    truth: Truth,
    display: Display,
    seen: _Seen,
    weariness: NDArray[np.float64] | float,
) -> Probabilities:
    """Probability (I, n) that each shelf attracts under each intent."""
    means = [
        float(h @ a) / max(float(h.sum()), 1.0) for h, a in zip(seen.examined, seen.affinity, strict=True)
    ]
    noticed = parameters.attraction.prominence * np.log(prominence_of(display.presentations, display.grid))
    log_odds = utilities(parameters, truth, display.shelves, np.array(means)) + noticed - weariness
    shows = np.array([len(rows) > 0 for rows in display.shown])
    attraction: Probabilities = _logistic(log_odds) * shows
    return attraction


def shown_rows(options: Sequence[Option], page: Page, grid: Grid, min_items: int) -> list[Rows]:
    """The catalogue rows that each slot of a page shows, dealt out as pages are."""
    return [np.array(rows, dtype=np.int32) for rows in deal_page(options, page, grid, min_items)]


def patience(grid: Grid) -> Probabilities:
    """Probability (K,) that a listener's patience reaches each slot; it never rises down the page."""
    return np.minimum.accumulate([slot.examination for slot in grid.slots])


def _examined(parameters: ListenerParameters, display: Display, shelf: int) -> Probabilities:
    swipe, items = parameters.swipe, len(display.shown[shelf])
    visible = visible_items(swipe, display.grid.surface, display.presentations[shelf], items)
    return examined(items, visible, swipe.continuation)


def _logistic(log_odds: Probabilities) -> Probabilities:
    return 1.0 / (1.0 + np.exp(-log_odds))
