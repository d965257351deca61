"""The policies that do not learn."""

from __future__ import annotations

import numpy as np
import pytest

from bandits.policies import FixedPolicy, UniformPolicy
from tests.bandits.builders import MORNING, action, actions


def test_uniform_prefers_nothing() -> None:
    scores = UniformPolicy().score(MORNING, actions(4), 2)
    np.testing.assert_array_equal(scores.values, 0.0)
    np.testing.assert_array_equal(scores.pmf, 0.25)


def test_fixed_order_ranks_shelves_as_they_come() -> None:
    scores = FixedPolicy().score(MORNING, actions(4), 3)
    np.testing.assert_array_equal(scores.values, [1.0, 0.75, 0.5, 0.25])
    np.testing.assert_array_equal(scores.pmf, np.eye(4)[:3])


def test_fixed_by_a_feature_ranks_highest_first_and_keeps_ties_in_order() -> None:
    shelves = [action("a", 0.2), action("b", 0.9), action("c", 0.2)]
    scores = FixedPolicy(by="taste").score(MORNING, shelves, 4)
    np.testing.assert_array_equal(scores.values, [0.2, 0.9, 0.2])
    np.testing.assert_array_equal(scores.pmf.argmax(axis=1), [1, 0, 2, 2])


def test_a_missing_feature_counts_as_zero() -> None:
    scores = FixedPolicy(by="taste").score(MORNING, [action("a", 0.2), {"shelf": {"source": "b"}}], 1)
    np.testing.assert_array_equal(scores.values, [0.2, 0.0])


def test_ranking_by_a_category_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"by = 'source'.*not a number"):
        FixedPolicy(by="source").score(MORNING, actions(2), 1)
    with pytest.raises(ValueError, match="by is empty"):
        FixedPolicy(by="")
