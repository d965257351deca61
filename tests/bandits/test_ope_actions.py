"""Rounds of single actions: what they refuse, and what estimators see of them."""

from __future__ import annotations

import numpy as np
import pytest

from bandits.ope.actions import ActionRounds, at_position

TARGET = np.array([[0.2, 0.8], [0.5, 0.5], [1.0, 0.0]])
REWARD = np.array([0.0, 1.0, 0.5])
ACTION = np.array([1, 0, 1])
PROPENSITY = np.array([0.5, 0.25, 1.0])


def test_rounds_keep_the_target_probability_of_what_was_shown() -> None:
    rounds = ActionRounds(REWARD, ACTION, PROPENSITY, TARGET).rounds
    assert rounds.weights.tolist() == [1.6, 2.0, 0.0]
    assert rounds.group.tolist() == [0, 1, 2]


def test_modelled_rounds_keep_two_predictions() -> None:
    q = np.array([[0.1, 0.3], [0.2, 0.4], [0.5, 0.6]])
    modelled = ActionRounds(REWARD, ACTION, PROPENSITY, TARGET).modelled(q)
    assert modelled.shown.tolist() == [0.3, 0.2, 0.6]
    assert modelled.expected == pytest.approx([0.26, 0.3, 0.5])
    with pytest.raises(ValueError, match=r"q: shape \(3, 1\)"):
        ActionRounds(REWARD, ACTION, PROPENSITY, TARGET).modelled(q[:, :1])
    with pytest.raises(ValueError, match=r"shown: .*row 0: nan"):
        ActionRounds(REWARD, ACTION, PROPENSITY, TARGET).modelled(np.full((3, 2), np.nan))


def test_a_distribution_is_read_at_each_rounds_position() -> None:
    table = np.array([[0.1, 0.2, 0.3], [0.9, 0.8, 0.7]])
    position = np.array([2, 0])
    assert at_position(table, position).tolist() == [[0.3, 0.7], [0.1, 0.9]]
    assert at_position(np.stack([table, table]), position).tolist() == [[0.3, 0.7], [0.1, 0.9]]


def test_impossible_rows_are_listed() -> None:
    with pytest.raises(ValueError, match=r"action: must lie in \[0, 2\).*row 0: 2"):
        ActionRounds(REWARD, ACTION + 1, PROPENSITY, TARGET)
    with pytest.raises(ValueError, match=r"target: .*sum to 1.*row 0: 0\.9"):
        ActionRounds(REWARD, ACTION, PROPENSITY, TARGET * [[0.9], [1.0], [1.0]])
    with pytest.raises(ValueError, match=r"target: must be a probability.*row 2: -1"):
        ActionRounds(REWARD, ACTION, PROPENSITY, np.array([[0.2, 0.8], [0.5, 0.5], [2.0, -1.0]]))
    with pytest.raises(ValueError, match=r"propensity: .*row 1: 0"):
        ActionRounds(REWARD, ACTION, np.array([0.5, 0.0, 1.0]), TARGET)
    with pytest.raises(ValueError, match=r"context: .*row 1: inf"):
        ActionRounds(REWARD, ACTION, PROPENSITY, TARGET, context=np.array([[0.0], [np.inf], [1.0]]))
    with pytest.raises(ValueError, match=r"position: .*row 0: -1"):
        ActionRounds(REWARD, ACTION, PROPENSITY, TARGET, position=np.array([-1, 0, 0]))
    with pytest.raises(ValueError, match="equal length"):
        ActionRounds(REWARD, ACTION[:2], PROPENSITY, TARGET)
    with pytest.raises(ValueError, match="two dimensions"):
        ActionRounds(REWARD, ACTION, PROPENSITY, TARGET[:, :, None])
