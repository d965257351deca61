"""What the log of a closed loop says of the simulated listeners' true examination."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from bandits.policies import FixedPolicy
from bandits.types import RewardEvent
from home.compose import ComposedPage
from home.draw import Exploration
from home.examination.estimate import ModelKind, estimate_of
from home.examination.log import PageLog, PageLogBuilder
from home.logbook import record_of
from home.simulate.encounter import patience
from home.simulate.participants import Participant
from home.simulate.run import SimulationConfig, simulate
from tests.home.simulate.world import world

_LATER = datetime(2100, 1, 1, tzinfo=UTC)
_GRID = world().tools.surfaces["tv"].grid
_SLOTS = len(_GRID.slots)


@pytest.fixture(scope="module")
def log() -> PageLog:
    """Pages of the real sources, rules, solver and draw; listeners who click often, so that few pages do,
    tire of nothing, and never leave satisfied, so that examination does not depend on what is above.
    """
    here = world()
    parameters = replace(
        here.parameters,
        attraction=replace(here.parameters.attraction, intercept=-0.5),
        response=replace(here.parameters.response, leave=0.0),
        fatigue=replace(here.parameters.fatigue, per_look=0.0),
        satiation=replace(here.parameters.satiation, per_play=0.0),
    )
    builder = PageLogBuilder("tv", _SLOTS, _LATER, here.tools)

    def keep(policy: str, page: ComposedPage, events: tuple[RewardEvent, ...]) -> None:
        builder.add(record_of(page, here.catalog.items), events)

    explorer = Participant(lambda: FixedPolicy(by="taste"), exploration=Exploration(0.9, 0.5))
    visits = SimulationConfig(visits=900, batch=900, seed=3, surfaces=("tv",), regret=False)
    simulate(here.contexts, here.tools, {"taste": explorer}, parameters, here.formula, visits, on_page=keep)
    return builder.log()


def _truth() -> NDArray[np.float64]:
    e = patience(_GRID)
    return np.asarray(e / e[0], np.float64)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["impressions", "cascade", "pbm"])
def test_the_estimate_covers_the_truth_of_every_slot(log: PageLog, model: ModelKind) -> None:
    """99.9 % intervals: with at most 7 free slots, fewer than 1 in 100 such logs would miss."""
    found = estimate_of(log, _GRID, model, now=_LATER, level=0.999)
    assert log.unreadable == 0
    low, high, truth = np.array(found.low), np.array(found.high), _truth()
    assert (low <= truth + 1e-9).all()
    assert (truth <= high + 1e-9).all()
    assert found.low[-1] > 0.0


@pytest.mark.slow
def test_click_rates_miss_it(log: PageLog) -> None:
    """Below the top, every slot's click rate is below the 99 % interval of its examination."""
    found = estimate_of(log, _GRID, "impressions", now=_LATER, level=0.99)
    assert (np.array(found.click_rate)[1:] < np.array(found.low)[1:]).all()
