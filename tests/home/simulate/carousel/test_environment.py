"""Visits, answers and what counts as seen."""

from __future__ import annotations

import numpy as np
import pytest

from home.simulate.carousel.environment import (
    Feedback,
    answer,
    present,
    seen_slots,
    shown_probabilities,
)
from home.simulate.carousel.ranking import random_lists
from home.simulate.carousel.world import SLOTS, VISIBLE, reward_of, streams_of
from tests.home.simulate.carousel.small import PLAYLISTS, batch_of, small_world


@pytest.mark.parametrize(
    ("feedback", "expected"),
    [(Feedback.PAPER, [1, 5, 12, 3]), (Feedback.CODE, [1, 5, 12, 12]), (Feedback.ALL, [12, 12, 12, 12])],
)
def test_seen_slots_end_at_the_stream(feedback: Feedback, expected: list[int]) -> None:
    assert seen_slots(np.array([0, 4, 11, SLOTS]), feedback).tolist() == expected


def test_a_batch_is_in_order_of_segments_and_its_runs_cover_it() -> None:
    world = small_world()
    batch = batch_of(world)
    assert sorted(batch.draws.tolist()) == list(range(len(batch)))
    for segment, run in batch.runs:
        assert set(batch.segments[run].tolist()) == {segment}
    assert sum(run.stop - run.start for _, run in batch.runs) == len(batch)
    np.testing.assert_array_equal(batch.features, world.features[batch.users])


def test_users_are_drawn_uniformly() -> None:
    world = small_world(users=100)
    counts = np.bincount(batch_of(world, 100_000).users, minlength=100)
    chi_square = ((counts - 1000.0) ** 2 / 1000.0).sum()
    assert chi_square < 99 + 5 * np.sqrt(2 * 99)


def test_rounds_have_batches_of_their_own() -> None:
    world = small_world()
    assert not np.array_equal(batch_of(world, number=0).users, batch_of(world, number=1).users)
    np.testing.assert_array_equal(batch_of(world, number=2).users, batch_of(world, number=2).users)


def test_the_same_playlist_meets_the_same_answer_wherever_it_is_shown() -> None:
    world = small_world()
    batch = batch_of(world)
    lists = random_lists(PLAYLISTS, len(batch), np.random.default_rng(1))
    forward, _ = answer(world, batch, lists, Feedback.CODE, 1, (0, 0))
    backward, _ = answer(world, batch, lists[:, ::-1].copy(), Feedback.CODE, 1, (0, 0))
    np.testing.assert_array_equal(forward.rewards, backward.rewards)
    assert forward.rewards.any()
    assert not np.array_equal(forward.streamed, backward.streamed)
    other_round, _ = answer(world, batch, lists, Feedback.CODE, 1, (1, 0))
    assert not np.array_equal(forward.rewards, other_round.rewards)


def test_shown_probabilities_are_those_of_the_world() -> None:
    world = small_world()
    batch = batch_of(world)
    lists = random_lists(PLAYLISTS, len(batch), np.random.default_rng(1))
    full = streams_of(batch.features, world.weights)
    assert shown_probabilities(world, batch, lists) == pytest.approx(
        np.take_along_axis(full, lists, axis=1), rel=1e-4
    )


def test_rewards_are_as_frequent_as_expected() -> None:
    """The sum of Bernoulli variables lies within four standard deviations of its mean."""
    world = small_world()
    batch = batch_of(world, 20_000)
    lists = random_lists(PLAYLISTS, len(batch), np.random.default_rng(1))
    outcome, expected = answer(world, batch, lists, Feedback.CODE, 1, (0, 0))
    assert expected == pytest.approx(reward_of(shown_probabilities(world, batch, lists)))
    deviation = np.sqrt((expected * (1.0 - expected)).sum())
    assert abs(outcome.rewards.sum() - expected.sum()) < 4.0 * deviation


def test_the_paper_shuffles_the_visible_slots_of_every_list() -> None:
    world = small_world()
    batch = batch_of(world)
    lists = random_lists(PLAYLISTS, len(batch), np.random.default_rng(1))
    shown = present(batch, lists, Feedback.PAPER, np.random.default_rng(2))
    np.testing.assert_array_equal(shown[:, VISIBLE:], lists[:, VISIBLE:])
    np.testing.assert_array_equal(np.sort(shown[:, :VISIBLE], 1), np.sort(lists[:, :VISIBLE], 1))
    first = (shown[:, 0, None] == lists[:, :VISIBLE]).mean(axis=0)
    assert first == pytest.approx([1 / 3] * 3, abs=5 * np.sqrt(2 / 9 / len(batch)))


def test_the_code_permutes_the_lists_of_the_first_three_visitors() -> None:
    world = small_world()
    batch = batch_of(world)
    lists = random_lists(PLAYLISTS, len(batch), np.random.default_rng(1))
    first = np.flatnonzero(batch.draws < VISIBLE)
    permuted = 0
    for seed in range(20):
        shown = present(batch, lists, Feedback.CODE, np.random.default_rng(seed))
        rest = np.setdiff1d(np.arange(len(batch)), first)
        np.testing.assert_array_equal(shown[rest], lists[rest])
        assert sorted(map(tuple, shown[first].tolist())) == sorted(map(tuple, lists[first].tolist()))
        permuted += not np.array_equal(shown[first], lists[first])
    assert permuted > 5
