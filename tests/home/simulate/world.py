"""A small world to simulate in: a synthetic catalogue, the default configuration, and some listeners."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from bandits.policies import FixedPolicy
from bandits.policy import Policy
from bandits.rewards import RewardFormula
from home.bootstrap import open_tools
from home.compose import ComposedPage, LivePolicy, Tools, compose
from home.rewards import load_rewards
from home.settings import Settings
from home.simulate.listener import ListenerModel
from home.simulate.parameters import ListenerParameters, load_listener_model
from home.simulate.run import unhurried
from shelves.catalog import Catalog
from shelves.types import Context
from tests.shelves.synthetic import catalog_data, context


@dataclass(frozen=True, eq=False)
class World:
    """What a simulation needs."""

    catalog: Catalog
    tools: Tools
    contexts: tuple[Context, ...]
    formula: RewardFormula
    parameters: ListenerParameters

    def model(self, seed: int = 1, **changes: object) -> ListenerModel:
        parameters = replace(self.parameters, **changes)  # type: ignore[arg-type]
        return ListenerModel(parameters, self.catalog, self.formula, seed)

    def page(
        self, listener: int = 0, surface: str = "phone", policy: Policy | None = None, seed: int = 1
    ) -> ComposedPage:
        visitor = replace(self.contexts[listener], surface=surface)
        live = LivePolicy(1, policy or FixedPolicy())
        return compose(visitor, live, unhurried(self.tools), decision_id=f"d{listener}-{seed}", seed=seed)


@cache
def world() -> World:
    """The world; it never changes."""
    settings = Settings()
    catalog = Catalog(catalog_data())
    return World(
        catalog=catalog,
        tools=open_tools(settings, catalog),
        contexts=tuple(context(catalog, i) for i in range(1, 31)),
        formula=load_rewards(settings.rewards_file),
        parameters=load_listener_model(),
    )
