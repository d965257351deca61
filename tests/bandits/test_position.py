"""Rewards of shelves nobody knows to have been looked at: right in expectation, whatever the slot."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandits.position import LEAST_EXAMINATION, as_taught
from bandits.rewards import RewardFormula, ShelfOutcome, unanswered
from bandits.types import EventKind

BLIND = RewardFormula(
    version="1",
    weights={EventKind.CLICK: 0.5, EventKind.DISMISS: -1.0},
    default=-0.1,
    content_types={"podcast": 2.0},
    without_impressions=frozenset({"tv"}),
)
SLOTS = ("music", "podcast")


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    theta=st.tuples(*[st.floats(LEAST_EXAMINATION, 1.0)] * 2),
    chance=st.tuples(*[st.floats(0.0, 1.0)] * 2),
    worth=st.tuples(*[st.floats(-1.0, 2.0)] * 2),
)
def test_in_expectation_a_shelf_teaches_what_it_is_worth_if_examined(
    theta: tuple[float, float], chance: tuple[float, float], worth: tuple[float, float]
) -> None:
    """Over everything that can happen: examined or not, and answered or not."""
    expected = [0.0, 0.0]
    for looked, answered in product(product((False, True), repeat=2), repeat=2):
        probability, outcomes = 1.0, []
        for slot in range(2):
            probability *= theta[slot] if looked[slot] else 1.0 - theta[slot]
            probability *= chance[slot] if answered[slot] else 1.0 - chance[slot]
            said = looked[slot] and answered[slot]
            outcomes.append(ShelfOutcome(str(slot), said, worth[slot] if said else 0.0))
        taught = as_taught(outcomes, "tv", theta, SLOTS, BLIND)
        assert all(one.examined for one in taught)
        for slot in range(2):
            expected[slot] += probability * taught[slot].reward
    for slot, content_type in enumerate(SLOTS):
        silent = unanswered(BLIND, content_type)
        true = chance[slot] * worth[slot] + (1.0 - chance[slot]) * silent
        assert expected[slot] == pytest.approx(true, abs=1e-9)


def test_where_seeing_is_reported_only_what_was_seen_teaches() -> None:
    outcomes = (ShelfOutcome("a", True, 0.5), ShelfOutcome("b"))
    assert as_taught(outcomes, "phone", (1.0, 0.5), SLOTS, BLIND) == outcomes


def test_no_reward_counts_more_than_tenfold() -> None:
    outcomes = (ShelfOutcome("a", True, 0.5), ShelfOutcome("b"))
    first, second = as_taught(outcomes, "tv", (0.001, 0.001), SLOTS, BLIND)
    assert first.reward == pytest.approx(-0.1 + 0.6 / LEAST_EXAMINATION)
    assert second.reward == unanswered(BLIND, "podcast") == pytest.approx(-0.2)
