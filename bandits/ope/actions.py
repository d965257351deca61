"""Rounds of single actions: what was shown, and how a target policy spreads over every action."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bandits.ope.rounds import Column, Groups, Rounds, check_rows
from bandits.types import Probabilities

Indices = NDArray[np.int64]
Table = NDArray[np.float64]
_SUM_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class ActionRounds:
    """m rounds in each of which one of n actions was shown.

    `reward` (m,): finite, unitless. `action` (m,): index of what was shown, in [0, n). `propensity` (m,): its
    probability under the logging policy, in (0, 1]. `target` (m, n): the target policy's distribution over
    actions in each round, at the round's position where there are several; rows sum to 1. `context` (m, d):
    numeric features of the rounds, without columns where there are none. `position` (m,): the slot, counted
    from 0; all 0 if empty. `group` (m,): rounds that share a number are dependent; each its own group if
    empty. Raises ValueError listing rows that cannot be.
    """

    reward: Column
    action: Indices
    propensity: Probabilities
    target: Table
    context: Table = field(default_factory=lambda: np.empty((0, 0)))
    position: Indices = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    group: Groups = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def __post_init__(self) -> None:
        m = len(self.reward)
        defaults = {
            "context": np.empty((m, 0)),
            "position": np.zeros(m, dtype=np.int64),
            "group": np.arange(m, dtype=np.int64),
        }
        for name, default in defaults.items():
            if not len(getattr(self, name)):
                object.__setattr__(self, name, default)
        self._check_shapes(m)
        self._check_values()

    def __len__(self) -> int:
        return len(self.reward)

    @property
    def actions(self) -> int:
        """The number n of actions."""
        return int(self.target.shape[1])

    @property
    def rounds(self) -> Rounds:
        """Only what importance weighting needs: the target's probability of what was shown."""
        return Rounds(self.reward, self.propensity, np.minimum(self.of_shown(self.target), 1.0), self.group)

    def of_shown(self, table: Table) -> Column:
        """The entries (m,) of an (m, n) table at the actions that were shown."""
        return table[np.arange(len(self)), self.action]

    def modelled(self, q: Table) -> ModelledRounds:
        """These rounds seen through predictions `q` (m, n) of the reward of every action."""
        if q.shape != self.target.shape:
            raise ValueError(f"q: shape {q.shape}, but target has {self.target.shape}: predict every action")
        return ModelledRounds(self.rounds, self.of_shown(q), np.einsum("ij,ij->i", self.target, q))

    def _check_shapes(self, m: int) -> None:
        if self.target.ndim != 2 or self.context.ndim != 2:
            raise ValueError(
                f"target and context need two dimensions, not {self.target.ndim} and {self.context.ndim}:"
                " pick the distribution at each round's position with at_position"
            )
        shapes = {name: column.shape for name, column in self._columns()}
        if {shape[0] for shape in shapes.values()} != {m} or self.action.ndim != 1:
            raise ValueError(f"columns must be of equal length, not {shapes}")

    def _check_values(self) -> None:
        n, action = self.actions, self.action
        check_rows("action", action, (action >= 0) & (action < n), f"must lie in [0, {n})")
        check_rows("position", self.position, self.position >= 0, "slots count from 0")
        features = self.context.sum(axis=1)
        check_rows("context", features, np.isfinite(features), "features must be finite")
        total, least = self.target.sum(axis=1), self.target.min(axis=1)
        check_rows("target", least, least >= 0.0, "must be a probability")
        summing = np.abs(total - 1.0) <= _SUM_TOLERANCE
        check_rows("target", total, summing, "probabilities of all actions must sum to 1")
        _ = self.rounds

    def _columns(self) -> Iterator[tuple[str, NDArray[np.generic]]]:
        yield "reward", self.reward
        yield "action", self.action
        yield "propensity", self.propensity
        yield "target", self.target
        yield "context", self.context
        yield "position", self.position
        yield "group", self.group


@dataclass(frozen=True, slots=True, eq=False)
class ModelledRounds:
    """m rounds with a reward model's predictions, reduced to what model-based estimators need.

    `shown` (m,): predicted reward q̂(x, a) of what was shown. `expected` (m,): predicted reward
    Σ_a π(a | x) q̂(x, a) of the target policy. Both finite, else ValueError listing the rows.
    """

    rounds: Rounds
    shown: Column
    expected: Column

    def __post_init__(self) -> None:
        for name, column in (("shown", self.shown), ("expected", self.expected)):
            if column.shape != self.rounds.reward.shape:
                raise ValueError(f"{name}: shape {column.shape}, but there are {len(self.rounds)} rounds")
            check_rows(name, column, np.isfinite(column), "predictions must be finite")


def at_position(distribution: Table, position: Indices) -> Table:
    """Rows (m, n) of a distribution at each round's position: from (m, n, positions), or from (n, positions)
    when it is the same in every round."""
    if distribution.ndim == 2:
        return distribution.T[position]
    return distribution[np.arange(len(position)), :, position]
