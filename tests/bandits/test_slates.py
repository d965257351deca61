"""Slate rounds: what they derive, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bandits.ope.slates import SlateRounds
from tests.bandits.slate_world import CONTEXTS, world


def two_pages(**changes: Any) -> SlateRounds:
    """A page of two slots, and one of only the top slot."""
    columns: dict[str, Any] = {
        "slot_reward": np.array([[1.0, 2.0], [3.0, 9.0]]),
        "propensity": np.array([0.2, 0.5]),
        "prefix_propensity": np.array([[0.4, 0.2], [0.5, np.nan]]),
        "target": np.array([0.1, 1.0]),
        "prefix_target": np.array([[0.8, 0.1], [1.0, np.nan]]),
        "filled": np.array([[True, True], [True, False]]),
    }
    return SlateRounds(**(columns | changes))


def test_slots_outside_a_page_count_for_nothing() -> None:
    rounds = two_pages()
    assert (len(rounds), rounds.slots) == (2, 2)
    np.testing.assert_array_equal(rounds.reward, [3.0, 3.0])
    np.testing.assert_allclose(rounds.page_weights, [0.5, 2.0])
    np.testing.assert_allclose(rounds.prefix_weights, [[2.0, 0.5], [2.0, 0.0]])
    np.testing.assert_allclose(rounds.weights_above, [[1.0, 2.0], [1.0, 0.0]])
    np.testing.assert_array_equal(rounds.as_rounds().weights, rounds.page_weights)


def test_weights_of_slots_need_their_probabilities() -> None:
    with pytest.raises(ValueError, match="slot_propensity and slot_target are missing"):
        _ = two_pages().slot_weights
    given = two_pages(slot_propensity=np.full((2, 2), 0.5), slot_target=np.full((2, 2), 0.25))
    np.testing.assert_allclose(given.slot_weights, [[0.5, 0.5], [0.5, 0.0]])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"slot_reward": np.ones(2)}, "slot_reward has shape"),
        ({"slot_reward": np.empty((0, 2))}, "slot_reward has shape"),
        ({"slot_reward": np.array([[1.0, np.inf], [1.0, 1.0]])}, "slot_reward: must be finite.*row 0: inf"),
        ({"propensity": np.ones(3)}, "other shapes: .*propensity"),
        ({"propensity": np.array([0.3, 0.5])}, "propensity: must be the last prefix_propensity.*row 0: 0.3"),
        ({"target": np.array([0.1, 0.0])}, "target: must be the last prefix_target .*row 1: 0"),
        ({"prefix_target": np.ones((2, 3))}, "other shapes: .*prefix_target"),
        (
            {"prefix_propensity": np.array([[0.1, 0.2], [0.5, 0.0]])},
            "prefix_propensity: a longer beginning .*row 0",
        ),
        ({"prefix_propensity": np.array([[0.4, 0.0], [0.5, 0.0]])}, r"in \(0, 1\], .*row 0: 0\)"),
        ({"slot_target": np.full((2, 2), 1.5)}, "slot_target: must be a probability"),
        ({"filled": np.array([[False, True], [True, True]])}, "filled: a page has at least its top slot"),
        ({"group": np.zeros(1, dtype=np.int64)}, "other shapes: .*group"),
    ],
)
def test_rows_that_cannot_be_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        two_pages(**changes)


def test_all_weights_of_a_world_average_to_one() -> None:
    """Under full support each weight has expectation 1, by listing all pages."""
    here = world("cascade")
    rounds = here.every_page()
    assert here.logging.sum() == pytest.approx(CONTEXTS)
    for weights in (rounds.prefix_weights, rounds.slot_weights, rounds.page_weights[:, None]):
        np.testing.assert_allclose(here.visits @ weights, 1.0, rtol=1e-12)
