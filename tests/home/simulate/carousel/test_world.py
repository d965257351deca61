"""The truth of the environment, against enumeration and against the published nine users."""

from __future__ import annotations

import os
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from home.simulate.carousel.data import Published, read_published
from home.simulate.carousel.world import (
    SLOTS,
    load_world,
    make_world,
    optimal_rewards,
    random_rewards,
    reward_of,
    save_world,
    streams_of,
)
from tests.home.simulate.carousel.small import small_world

_VARIABLE = "HOME_TEST_DATA_DIR"


@pytest.fixture(scope="module")
def published() -> Published:
    data = os.environ.get(_VARIABLE)
    if not data:
        pytest.skip(f"{_VARIABLE} is not set: set it to the directory of the data sets to run this test")
    return read_published(Path(data))


def test_the_nine_users_have_their_known_values(published: Published) -> None:
    world = make_world(published.nine, np.zeros(9, dtype=int), published.weights, "nine", synthetic=False)
    known = [0.510695, 0.606620, 0.454623, 0.355976, 0.459741, 0.338264, 0.943966, 0.675671, 0.358106]
    assert world.optimal == pytest.approx(known, abs=1e-6)
    assert world.optimal.sum() == pytest.approx(4.703662, abs=1e-6)


def test_the_nine_users_probabilities_have_their_known_moments(published: Published) -> None:
    probabilities = _of_nine(published)
    assert published.weights.shape == (862, 97)
    assert probabilities.mean() == pytest.approx(0.007003392443103706, rel=1e-12)
    assert probabilities.min() == pytest.approx(0.00024151107859838564, rel=1e-12)
    assert probabilities.max() == pytest.approx(0.4114777334727388, rel=1e-12)


def test_random_lists_and_one_list_for_all_have_their_known_values(published: Published) -> None:
    probabilities = _of_nine(published)
    by_chance = random_rewards(probabilities).sum()
    assert by_chance == pytest.approx(0.7271390602716926, rel=1e-12)
    assert _optimum(published).sum() - by_chance == pytest.approx(3.976523258239057, rel=1e-12)
    one_list = np.argsort(-probabilities.mean(axis=0))[:SLOTS]
    assert reward_of(probabilities[:, one_list]).sum() == pytest.approx(4.46523963038371, rel=1e-12)


def test_random_reward_is_the_mean_over_all_lists() -> None:
    probabilities = np.random.default_rng(3).uniform(0.0, 0.6, size=(2, 15))
    every = [reward_of(probabilities[:, list(chosen)]) for chosen in combinations(range(15), SLOTS)]
    assert random_rewards(probabilities) == pytest.approx(np.mean(every, axis=0), rel=1e-12)


def test_no_list_beats_the_optimum() -> None:
    probabilities = np.random.default_rng(4).uniform(0.0, 0.6, size=(1, 15))
    logits = np.log(probabilities / (1.0 - probabilities))
    features = np.ones((1, 1))
    lists = np.array(list(combinations(range(15), SLOTS)))
    best = reward_of(probabilities[0, lists]).max()
    assert optimal_rewards(features, logits.T)[0] == pytest.approx(best, rel=1e-12)


def test_a_written_world_is_the_same_when_read(tmp_path: Path) -> None:
    world = small_world()
    save_world(world, tmp_path)
    found = load_world(tmp_path)
    for name in ("features", "segments", "weights", "optimal"):
        np.testing.assert_array_equal(getattr(found, name), getattr(world, name))
    assert (found.origin, found.synthetic) == (world.origin, world.synthetic)


def _of_nine(published: Published) -> np.typing.NDArray[np.float64]:
    return streams_of(np.hstack([published.nine, np.ones((9, 1))]), published.weights)


def _optimum(published: Published) -> np.typing.NDArray[np.float64]:
    return optimal_rewards(np.hstack([published.nine, np.ones((9, 1))]), published.weights)
