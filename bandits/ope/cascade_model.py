"""The reward model behind cascade-DR: linear in features of a slot, fitted from the last slot up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandits.ope.estimators import check_limit
from bandits.ope.folds import folds_of
from bandits.ope.rounds import Column
from bandits.ope.slates import SlateRounds, Table


@dataclass(frozen=True, slots=True, eq=False)
class SlotFeatures:
    """What a reward model sees of every slot, in d numbers.

    `shown` (m, K, d): features of the logged shelf given its context and the shelves above. `expected`
    (m, K, d): their mean over the target's choice in the slot given the logged shelves above. The model is
    linear in them, so the mean prediction is the prediction at the mean. Raises ValueError for shapes that
    differ, and numbers that are not finite.
    """

    shown: NDArray[np.float64]
    expected: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.shown.ndim != 3 or self.shown.shape != self.expected.shape:
            raise ValueError(
                f"shown has shape {self.shown.shape} and expected {self.expected.shape}: both must be"
                " (pages, slots, features)"
            )
        for name, table in (("shown", self.shown), ("expected", self.expected)):
            if not np.isfinite(table).all():
                raise ValueError(f"{name}: features must be finite, also outside the page")


@dataclass(frozen=True, slots=True, eq=False)
class SlotPredictions:
    """Predicted reward from each slot on down (m, K): of what was `shown`, and `expected` of the target."""

    shown: Table
    expected: Table


def fit(
    rounds: SlateRounds, features: SlotFeatures, rng: np.random.Generator, folds: int = 5, ridge: float = 1.0
) -> SlotPredictions:
    """Cross-fitted predictions: each fold of groups is predicted by a model fitted on the others.

    From the last slot up, the model of slot k is a ridge regression of r_k + (prediction for slot k + 1 under
    the target) on the features of slot k. Source: Kiyohara et al., WSDM 2022 (a fitted
    Q-evaluation), with groups kept in one fold as in Chernozhukov et al., "Double/debiased machine learning",
    Econometrics Journal 2018. `ridge` is the penalty per coefficient, in rounds. Raises ValueError for fewer
    groups than `folds`, `folds` below 2 or a `ridge` that is not positive.
    """
    check_limit("ridge", ridge, "the penalty must be positive")
    fold = folds_of(rounds.group, folds, rng)
    shown, expected = np.zeros(rounds.slot_reward.shape), np.zeros(rounds.slot_reward.shape)
    for each in range(folds):
        inside = fold == each
        weights = _fit(rounds, features, ~inside, ridge)
        shown[inside] = np.einsum("ikd,kd->ik", features.shown[inside], weights)
        expected[inside] = np.einsum("ikd,kd->ik", features.expected[inside], weights)
    return SlotPredictions(shown, expected)


def _fit(rounds: SlateRounds, features: SlotFeatures, rows: NDArray[np.bool_], ridge: float) -> Table:
    """Coefficients (K, d)."""
    coefficients = np.zeros(features.shown.shape[1:])
    below: Column = np.zeros(int(rows.sum()))
    for slot in reversed(range(rounds.slots)):
        filled = rounds.filled[rows, slot]
        goal = rounds.filled_reward[rows, slot] + below
        coefficients[slot] = _ridge(features.shown[rows, slot][filled], goal[filled], ridge)
        below = np.where(filled, features.expected[rows, slot] @ coefficients[slot], 0.0)
    return coefficients


def _ridge(x: Table, y: Column, penalty: float) -> Column:
    solution = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y)
    return np.asarray(solution, dtype=np.float64)
