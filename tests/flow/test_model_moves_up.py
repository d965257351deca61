"""A model's whole life in closed loop: learned, shadow, canary, live on evidence; and a worse one refused.

Listeners are simulated, so that which model is better is known; everything else is what serves.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bandits.policies import VwPolicy
from bandits.types import Example
from home.bootstrap import open_home
from home.db import writing
from home.model_desk import ModelDesk
from home.promotion import PromotionRefusedError
from home.registry import publish
from home.service import Home
from home.settings import Settings
from home.simulate.listener import ListenerModel
from home.simulate.parameters import load_listener_model
from home.store.models import State
from tests.clock import Clock

START = datetime(2026, 11, 2, 18, 30, tzinfo=UTC)
LISTENERS = 120
DULL = ("explore", "deep", "chart", "video", "spoken")
"""Families that simulated listeners care least for."""


class Town:
    """Simulated listeners who visit a Home one after the other."""

    def __init__(self, settings: Settings) -> None:
        self.clock = Clock(START)
        self.home = open_home(settings, clock=self.clock, background=False)
        self.desk = ModelDesk(settings, self.clock)
        self._people = self.home.listeners(limit=LISTENERS)
        self._crowd = ListenerModel(load_listener_model(), self.home.catalog, self.home.formula, seed=7)
        self._visits = 0

    def visit(self, times: int) -> None:
        """So many visits, each with its feedback; then every horizon closes."""
        for _ in range(times):
            listener = self._people[self._visits % len(self._people)]
            page = self.home.compose(listener.id, "phone", seed=self._visits)
            said = self._crowd.respond(page, self._visits)
            now, self.clock.now = self.clock.now, max([self.clock.now, *(event.at for event in said)])
            self.home.record_events(said)
            self.clock.now = now + timedelta(seconds=20)
            self._visits += 1
        self.clock.now += self.home.formula.horizon

    def step(self, version: int, share: float = 0.5) -> State:
        """Take a model one state on; servers follow."""
        after = self.desk.promote(version, who="tester", share=share).after
        self.home.models.refresh()
        return after

    def publish(self, policy: VwPolicy, *, parent: int, candidate: bool) -> int:
        with writing(self.home.engine) as session:
            version = publish(session, policy, parent=parent, now=self.clock(), candidate=candidate)
        self.home.models.refresh()
        return version

    def close(self) -> None:
        self.desk.close()
        self.home.close()


@pytest.fixture
def town(demo_settings: Settings) -> Iterator[Town]:
    changes = {"publish": "candidate", "epsilon": 0.3, "layout_deadline_ms": 10_000.0}
    town = Town(demo_settings.model_copy(update=changes))
    yield town
    town.close()


@pytest.mark.slow
def test_what_learned_better_goes_live_and_what_is_worse_does_not(town: Town) -> None:
    start = town.home.models.current().version
    town.visit(120)
    better = town.home.learn().version
    assert better == start + 1
    assert town.home.models.current().version == start, "a candidate waits"
    worse = town.publish(_fond_of_the_dull(town.home), parent=start, candidate=False)
    assert town.home.models.current().version == worse

    assert town.step(better) is State.SHADOW
    assert town.step(better) is State.CANARY
    town.visit(360)
    assert town.step(better) is State.LIVE, "its listeners' rewards are evidence enough"
    assert town.home.models.current().version == better, "without restart"

    again = town.publish(_fond_of_the_dull(town.home), parent=better, candidate=True)
    assert town.step(again) is State.SHADOW
    assert town.step(again) is State.CANARY
    town.visit(240)
    with pytest.raises(PromotionRefusedError) as refused:
        town.step(again)
    assert {piece.kind for piece in refused.value.evidence} == {"replay", "cascade", "canary"}
    assert town.home.models.current().version == better


def _fond_of_the_dull(home: Home) -> VwPolicy:
    """A model that has been taught to value what listeners care least for."""
    policy = VwPolicy()
    for listener in home.listeners(limit=20):
        page = home.preview(listener.id, seed=1)
        policy.learn(
            Example(page.context_features, features, 0, float(option.shelf.attributes["family"] in DULL), 1.0)
            for option, features in zip(page.options, page.features, strict=True)
        )
    return policy
