"""Agents of other libraries meet Home through an interface that they know."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from bandits.policies import UniformPolicy
from home.draw import Exploration
from home.simulate.participants import Participant
from home.simulate.rows import SimulationConfig
from home.simulate.world import World
from tests.home.simulate.world import world as small

gymnasium = pytest.importorskip("gymnasium", reason="the optional extra gym is not installed")

from gymnasium.utils.env_checker import check_env  # noqa: E402 - after the extra is known to be there

from home.simulate.gym import HomeEnv  # noqa: E402

CONFIG = SimulationConfig(visits=12, batch=6, regret=True, measures=False)


@cache
def world() -> World:
    here = small()
    return World(here.contexts, here.tools, here.parameters, here.formula, lambda _: UniformPolicy())


def env() -> HomeEnv:
    return HomeEnv(world(), CONFIG)


def zeros(here: HomeEnv) -> NDArray[np.float32]:
    return np.zeros(len(here.reset(seed=1)[0]["mask"]), dtype=np.float32)


def test_the_environment_keeps_the_rules_of_gymnasium() -> None:
    check_env(env(), skip_render_check=True)


def test_an_episode_is_a_simulation_of_the_policy_that_the_agent_is() -> None:
    """An agent that finds everything worth the same is the uniform policy without exploration."""
    here = env()
    nothing = zeros(here)
    rewards, done = [], False
    while not done:
        _, reward, _, done, _ = here.step(nothing)
        rewards.append(reward)
    policies = {"uniform": Participant(UniformPolicy, exploration=Exploration(0.0, 1.0))}
    result = world().run(policies, SimulationConfig(12, 6, 1, regret=False, measures=False))
    assert rewards == [row.reward for row in result.rows]


def test_an_agent_that_follows_taste_earns_more_than_one_that_shuns_it() -> None:
    taste = -4  # columns end in taste, popularity, novelty, prominence

    def play(sign: float) -> float:
        here = HomeEnv(world(), SimulationConfig(40, 40, regret=False, measures=False))
        seen, _ = here.reset(seed=3)
        total, done = 0.0, False
        while not done:
            seen, _, _, done, info = here.step(sign * seen["options"][:, taste])
            total += info["expected_clicks"]
        return total

    assert play(1.0) > 1.1 * play(-1.0)


def test_the_mask_says_which_values_count() -> None:
    here = env()
    seen, _ = here.reset(seed=2)
    n = int(seen["mask"].sum())
    assert (seen["mask"][:n] == 1.0).all()
    assert (seen["options"][n:] == 0.0).all()
    values = np.linspace(0.0, 1.0, len(seen["mask"]), dtype=np.float32)
    _, first, *_ = here.step(values)
    here.reset(seed=2)
    values[n:] = -1.0
    _, second, *_ = here.step(values)
    assert first == second


def test_values_that_are_none_are_refused() -> None:
    here = env()
    with pytest.raises(ValueError, match="finite values"):
        here.step(zeros(here) + np.float32(np.nan))
