"""A row of shelves as a simulated listener meets them: how likely everything is, with nothing drawn yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandits.types import Page
from home.deal import deal_page
from home.options import Option
from home.simulate.parameters import ListenerParameters
from home.simulate.truth import Probabilities, Truth, intent_probabilities, utilities
from layout.types import Grid
from shelves.catalog import Catalog
from shelves.types import Context, Rows, Shelf


@dataclass(frozen=True, slots=True, eq=False)
class Encounter:
    """How a listener meets n shelves, given that they are looked at.

    `intents` (I,): probability of each intent of the visit. `attraction` (I, n): probability that each shelf
    attracts. `choice`, `listens`: for each shelf, arrays over the items it shows: the probability that the
    item is chosen, and that it goes on for 30 seconds once it plays.
    """

    intents: Probabilities
    attraction: Probabilities
    choice: tuple[Probabilities, ...]
    listens: tuple[Probabilities, ...]

    @property
    def expected_attraction(self) -> Probabilities:
        """Attraction (n,) over all intents: the most that can be known before the visit."""
        return self.intents @ self.attraction

    @property
    def listens_if_played(self) -> Probabilities:
        """Probability (n,) that a play on each shelf goes on for 30 seconds."""
        return np.array([choice @ listens for choice, listens in zip(self.choice, self.listens, strict=True)])


def meet(
    parameters: ListenerParameters,
    catalog: Catalog,
    truth: Truth,
    context: Context,
    shelves: Sequence[Shelf],
    shown: Sequence[Rows],
    prominence: NDArray[np.float64],
) -> Encounter:
    """How a listener meets `shelves` (n) that show the catalogue rows `shown`, each with `prominence` (n,).

    An empty shelf attracts nobody.
    """
    lengths = np.array([len(rows) for rows in shown])
    affinity = truth.affinity(catalog, np.concatenate(shown))
    owner = np.repeat(np.arange(len(lengths)), lengths)
    means = np.bincount(owner, affinity, len(lengths)) / np.maximum(lengths, 1)
    by_shelf = np.split(affinity, np.cumsum(lengths)[:-1])
    choice, response = parameters.choice, parameters.response
    noticed = parameters.attraction.prominence * np.log(prominence)
    return Encounter(
        intents=intent_probabilities(parameters.intent, context.now.hour, context.surface),
        attraction=_logistic(utilities(parameters, truth, shelves, means) + noticed) * (lengths > 0),
        choice=tuple(_choice(a, choice.sharpness, choice.decay) for a in by_shelf),
        listens=tuple(_logistic(response.play_30s + response.play_30s_affinity * a) for a in by_shelf),
    )


def shown_rows(options: Sequence[Option], page: Page, grid: Grid, min_items: int) -> list[Rows]:
    """The catalogue rows that each slot of a page shows, dealt out as pages are."""
    return [np.array(rows, dtype=np.int32) for rows in deal_page(options, page, grid, min_items)]


def patience(grid: Grid) -> Probabilities:
    """Probability (K,) that a listener's patience reaches each slot; it never rises down the page."""
    return np.minimum.accumulate([slot.examination for slot in grid.slots])


def _choice(affinity: Probabilities, sharpness: float, decay: float) -> Probabilities:
    weights = np.exp(sharpness * affinity) * decay ** np.arange(len(affinity))
    shares: Probabilities = weights / weights.sum()
    return shares


def _logistic(log_odds: Probabilities) -> Probabilities:
    return 1.0 / (1.0 + np.exp(-log_odds))
