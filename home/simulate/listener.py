"""Simulated listeners whose truth is known, and what they do with a whole page.

A visit has one intent and one patience. The listener reads the page from the top (a cascade: Craswell,
Zoeter, Taylor and Ramsey, "An Experimental Comparison of Click Position-Bias Models", WSDM 2008) and goes on
from slot k to slot k + 1 with probability e_{k+1} / e_k, e being the grid's examination probabilities. A
shelf that is looked at attracts with its true probability, less what earlier visits took away (fatigue of
looks in vain, satiation of plays: `home.simulate.memory`); then one of the items looked at, as far as the
listener swipes, is clicked, perhaps played, played for 30 seconds or skipped, and saved. After 30 seconds of
something the listener may leave, satisfied. A shelf of hardly any attraction may be dismissed. Parameters:
`home/defaults/listener_model.toml`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bandits.rewards import RewardFormula
from bandits.types import RewardEvent
from home.compose import ComposedPage
from home.simulate.encounter import Display, Encounter, expected_attraction, meet
from home.simulate.expectation import Expectation, expectation, outcome_worth, reward_if_seen
from home.simulate.parameters import ListenerParameters
from home.simulate.responses import act
from home.simulate.truth import Probabilities, Truth, true_listener
from layout.types import Grid
from shelves.catalog import Catalog
from shelves.types import Context


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
        truth: Truth,
        context: Context,
        display: Display,
        weariness: NDArray[np.float64] | float = 0.0,
    ) -> Encounter:
        """How a listener of this truth meets shelves: see `home.simulate.encounter.meet`."""
        return meet(self.parameters, self.catalog, truth, context, display, weariness)

    def expected_attraction(
        self, truth: Truth, context: Context, display: Display, weariness: NDArray[np.float64] | float = 0.0
    ) -> Probabilities:
        """How much shelves (n,) attract: see `home.simulate.encounter.expected_attraction`."""
        return expected_attraction(self.parameters, self.catalog, truth, context, display, weariness)

    def meet_page(
        self, page: ComposedPage, truth: Truth | None = None, weariness: NDArray[np.float64] | float = 0.0
    ) -> Encounter:
        """How a listener, by default the context's own, meets a composed page slot by slot."""
        return self.meet(
            truth or self.truth(page.context), page.context, display_of(page, self.catalog), weariness
        )

    def expectation(self, met: Encounter, grid: Grid) -> Expectation:
        """What a page met slot by slot brings in expectation, exact."""
        return expectation(met, grid, self.parameters, self._worth)

    def reward_if_seen(self, met: Encounter) -> NDArray[np.float64]:
        """What each shelf (n,) brings in reward if it is looked at, in expectation, exact."""
        return reward_if_seen(met, self.parameters, self._worth)

    def expected(self, page: ComposedPage) -> Expectation:
        """What a composed page brings in expectation, exact."""
        return self.expectation(self.meet_page(page), page.grid)

    def act(self, met: Encounter, page: ComposedPage, visit: int) -> tuple[RewardEvent, ...]:
        """What the listener does with a page that has been met on visit number `visit`, oldest first."""
        return act(met, page, self.parameters, self.seed, visit)

    def respond(self, page: ComposedPage, visit: int) -> tuple[RewardEvent, ...]:
        """What the listener does with a composed page on visit number `visit`, oldest event first."""
        return self.act(self.meet_page(page), page, visit)


def display_of(page: ComposedPage, catalog: Catalog) -> Display:
    """A composed page as it is shown."""
    placements, row_of = page.placements, catalog.row_of
    return Display(
        shelves=[placement.shelf for placement in placements],
        shown=[np.array([row_of(i.id) for i in placement.items], dtype=np.int32) for placement in placements],
        presentations=[placement.presentation for placement in placements],
        grid=page.grid,
    )
