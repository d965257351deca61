"""Simulated listeners whose truth is known, and what they do with a whole page.

A visit has one intent and one patience. The listener reads the page from the top (a cascade: Craswell,
Zoeter, Taylor and Ramsey, "An Experimental Comparison of Click Position-Bias Models", WSDM 2008) and goes on
from slot k to slot k + 1 with probability e_{k+1} / e_k, e being the grid's examination probabilities. A
shelf that is looked at attracts with its true probability; then one of the items shown is clicked, perhaps
played, played for 30 seconds or skipped, and saved. After 30 seconds of something the listener may leave,
satisfied. A shelf of hardly any attraction may be dismissed. Parameters: `home/defaults/listener_model.toml`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bandits.rewards import RewardFormula
from bandits.types import RewardEvent
from home.compose import ComposedPage
from home.options import prominence_of
from home.simulate.encounter import Encounter, meet
from home.simulate.expectation import Expectation, expectation, outcome_worth
from home.simulate.parameters import ListenerParameters
from home.simulate.responses import act
from home.simulate.truth import Truth, true_listener
from layout.types import Grid
from shelves.catalog import Catalog
from shelves.types import Context, Rows, Shelf


class ListenerModel:
    """Simulated listeners over a catalogue. The same seed gives the same listeners and the same luck.

    Histories do not grow during a simulation: the truth about a listener is made once, from the first context
    in which they are met.
    """

    def __init__(
        self, parameters: ListenerParameters, catalog: Catalog, formula: RewardFormula, seed: int
    ) -> None:
        self.parameters = parameters
        self.catalog = catalog
        self.seed = seed
        self._truths: dict[str, Truth] = {}
        self._worth = outcome_worth(formula)

    def truth(self, context: Context) -> Truth:
        """The truth about the context's listener."""
        name = context.listener.id
        if name not in self._truths:
            self._truths[name] = true_listener(self.parameters, self.catalog, context, self.seed)
        return self._truths[name]

    def meet(
        self,
        context: Context,
        shelves: Sequence[Shelf],
        shown: Sequence[Rows],
        prominence: NDArray[np.float64],
    ) -> Encounter:
        """How the context's listener meets `shelves` (n): see `home.simulate.encounter.meet`."""
        truth = self.truth(context)
        return meet(self.parameters, self.catalog, truth, context, shelves, shown, prominence)

    def meet_page(self, page: ComposedPage) -> Encounter:
        """How the listener meets a composed page, slot by slot."""
        shelves = [placement.shelf for placement in page.placements]
        row_of = self.catalog.row_of
        shown = [
            np.array([row_of(item.id) for item in placement.items], dtype=np.int32)
            for placement in page.placements
        ]
        presentations = [placement.presentation for placement in page.placements]
        return self.meet(page.context, shelves, shown, prominence_of(presentations, page.grid))

    def expectation(self, met: Encounter, grid: Grid) -> Expectation:
        """What a page met slot by slot brings in expectation, exact."""
        return expectation(met, grid, self.parameters, self._worth)

    def expected(self, page: ComposedPage) -> Expectation:
        """What a composed page brings in expectation, exact."""
        return self.expectation(self.meet_page(page), page.grid)

    def act(self, met: Encounter, page: ComposedPage, visit: int) -> tuple[RewardEvent, ...]:
        """What the listener does with a page that has been met on visit number `visit`, oldest first."""
        return act(met, page, self.parameters, self.seed, visit)

    def respond(self, page: ComposedPage, visit: int) -> tuple[RewardEvent, ...]:
        """What the listener does with a composed page on visit number `visit`, oldest event first."""
        return self.act(self.meet_page(page), page, visit)
