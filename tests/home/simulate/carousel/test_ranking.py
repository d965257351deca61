"""Lists from scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from home.simulate.carousel.ranking import best_lists, random_lists, tied_lists
from home.simulate.carousel.world import SLOTS


@given(arrays(np.float32, (5, 20), elements=st.integers(0, 6).map(float)))
def test_best_lists_hold_the_highest_scores_best_first_even_with_ties(
    scores: np.typing.NDArray[np.float32],
) -> None:
    lists = best_lists(scores)
    shown = np.take_along_axis(scores, lists, axis=1)
    np.testing.assert_array_equal(shown, -np.sort(-scores, axis=1)[:, :SLOTS])
    assert all(len(set(row)) == SLOTS for row in lists.tolist())


def test_ties_are_broken_at_random_and_better_scores_go_first() -> None:
    scores = np.array([3.0, 2.0, *[1.0] * 18])
    lists = tied_lists(scores, 4_000, np.random.default_rng(1))
    assert set(lists[:, 0].tolist()) == {0}
    assert set(lists[:, 1].tolist()) == {1}
    for slots in (lists[:, 2], lists[:, 2:].ravel()):
        counts = np.bincount(slots, minlength=20)[2:]
        expected = len(slots) / 18
        assert ((counts - expected) ** 2 / expected).sum() < 17 + 5 * np.sqrt(2 * 17)


def test_scores_without_ties_give_everyone_the_same_list() -> None:
    scores = np.random.default_rng(2).random(30)
    lists = tied_lists(scores, 50, np.random.default_rng(1))
    np.testing.assert_array_equal(lists, np.tile(np.argsort(-scores)[:SLOTS], (50, 1)))


@pytest.mark.parametrize("playlists", [15, 150])
def test_random_lists_are_uniform_and_without_repeats(playlists: int) -> None:
    lists = random_lists(playlists, 200 * playlists, np.random.default_rng(1))
    assert (np.diff(np.sort(lists, axis=1), axis=1) > 0).all()
    freedom = playlists - 1
    for slot in (0, 5, 11):
        counts = np.bincount(lists[:, slot], minlength=playlists)
        assert ((counts - 200.0) ** 2 / 200.0).sum() < freedom + 5 * np.sqrt(2 * freedom)
