"""Early rewards that mislead, and the values after correction, against known truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandits.corrections import second_reward
from bandits.policies.vw import VwConfig, VwPolicy
from bandits.types import Example, Features

_EARLY = {"bait": 0.8, "solid": 0.4}
"""Chance of an early reward of 1."""
_CHANGE = {"bait": -0.6, "solid": 0.3}
"""What the rest of the reward adds on average, as ±1 steps with that mean."""
_CONTEXT: Features = {"context": {"market": "DE"}}
_ROUNDS = 2000
_DELAY = 200
_TOLERANCE = 0.15
"""A shelf has 1000 rounds; its two halves have a standard deviation of about 1.4, so a mean over all of them
is known to 0.045, and an online estimate, which weighs recent rounds more, to about three times that."""


def _action(name: str) -> Features:
    return {"shelf": {"name": name}}


def _learned(*, corrected: bool) -> dict[str, float]:
    """Values after rounds whose second halves arrive `_DELAY` rounds later."""
    rng = np.random.default_rng(5)
    policy = VwPolicy(VwConfig(bits=12, learning_rate=0.1))
    second: list[Example] = []
    for now in range(_ROUNDS):
        name = "bait" if rng.random() < 0.5 else "solid"
        early = float(rng.random() < _EARLY[name])
        final = early + float(np.sign(_CHANGE[name]) * (rng.random() < abs(_CHANGE[name])))
        policy.learn([Example(_CONTEXT, _action(name), 0, early, 0.5)])
        second.append(Example(_CONTEXT, _action(name), 0, second_reward(early, final), 0.5))
        if corrected and now >= _DELAY:
            policy.learn([second[now - _DELAY]])
    values = policy.score(_CONTEXT, [_action(name) for name in _EARLY], 1).values
    return dict(zip(_EARLY, values.tolist(), strict=True))


def test_corrected_values_are_those_of_the_final_reward() -> None:
    values = _learned(corrected=True)
    for name in _EARLY:
        assert values[name] == pytest.approx(_EARLY[name] + _CHANGE[name], abs=_TOLERANCE)
    assert values["solid"] > values["bait"]


def test_uncorrected_values_are_those_of_the_misleading_early_reward() -> None:
    values = _learned(corrected=False)
    for name in _EARLY:
        assert values[name] == pytest.approx(_EARLY[name], abs=_TOLERANCE)
    assert values["bait"] > values["solid"]


@given(
    st.lists(st.tuples(st.floats(-1.0, 2.0), st.floats(-1.0, 2.0)), min_size=1, max_size=20),
)
def test_least_squares_over_both_halves_finds_the_mean_final_reward(
    rounds: list[tuple[float, float]],
) -> None:
    halves = [reward for early, final in rounds for reward in (early, second_reward(early, final))]
    fitted = np.linalg.lstsq(np.ones((len(halves), 1)), np.array(halves), rcond=None)[0][0]
    assert fitted == pytest.approx(np.mean([final for _, final in rounds]), abs=1e-9)
