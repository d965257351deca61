"""Policies to judge on logs of other systems: what they would have done with each logged round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bandits.ope.actions import Table, at_position
from bandits.ope.rounds import Column
from home.replay.sources.chunk import Chunk, ReplayInputError
from home.replay.sources.screening import SAME


class RowTarget(Protocol):
    """A policy over actions."""

    @property
    def name(self) -> str:
        """The target in a word."""
        ...

    def probabilities(self, chunk: Chunk) -> Column:
        """Of every action (m, n), or of what was shown alone (m,). Raises ReplayInputError without either."""
        ...


@dataclass(frozen=True, slots=True)
class Logged:
    """The logging policy itself."""

    name: str = "as logged"

    def probabilities(self, chunk: Chunk) -> Column:
        """The log's own."""
        return chunk.propensity if chunk.distribution is None else chunk.distribution


@dataclass(frozen=True, slots=True)
class Uniform:
    """Every action that there is, with the same probability."""

    name: str = "uniform"

    def probabilities(self, chunk: Chunk) -> Column:
        """One over the number of actions."""
        if chunk.available is None:
            raise _missing(self.name, "which actions there were", "action_distribution")
        available = chunk.available.astype(np.float64)
        return np.asarray(available / available.sum(axis=1, keepdims=True), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Greedy:
    """What the logging policy preferred, but with probability `epsilon` any action alike.

    Of equally preferred actions the first. Raises ValueError for a share outside [0, 1].
    """

    epsilon: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.epsilon <= 1.0:
            raise ValueError(f"epsilon = {self.epsilon}: must be a share between 0 and 1")

    @property
    def name(self) -> str:
        """The target in a word."""
        return f"epsilon={self.epsilon:g}"

    def probabilities(self, chunk: Chunk) -> Column:
        """From the logged distribution."""
        if chunk.distribution is None:
            raise _missing(self.name, "what the logging policy preferred", "action_distribution")
        preferred = np.zeros(chunk.distribution.shape)
        preferred[np.arange(len(chunk)), chunk.distribution.argmax(axis=1)] = 1.0 - self.epsilon
        return preferred + self.epsilon * Uniform().probabilities(chunk)


@dataclass(frozen=True, slots=True)
class Given:
    """A policy whose probabilities came with the log."""

    name: str

    def probabilities(self, chunk: Chunk) -> Column:
        """As they are in the log."""
        if self.name not in chunk.targets:
            known = ", ".join(chunk.targets) or "none"
            raise ReplayInputError(
                f"the log has no target {self.name!r}, only {known}: give it a column"
                f" target_propensity:{self.name} or target_distribution:{self.name}"
            )
        return chunk.targets[self.name]


@dataclass(frozen=True, slots=True, eq=False)
class Fixed:
    """The same distribution in every round: `table` (n, positions), whose columns sum to 1."""

    name: str
    table: Table

    def probabilities(self, chunk: Chunk) -> Column:
        """The distribution at the round's position."""
        return at_position(self.table, chunk.position)


def of_shown(probabilities: Column, chunk: Chunk) -> Column:
    """The probability of what was shown (m,), given it or that of every action (m, n).

    Raises ReplayInputError where the log does not name what was shown.
    """
    if probabilities.ndim == 1:
        return probabilities
    if (chunk.action < 0).any():
        raise ReplayInputError("the log has no column action: a target's distribution needs what was shown")
    shown = probabilities[np.arange(len(chunk)), chunk.action]
    return np.minimum(shown, 1.0)  # a sum over a row rounds past 1


def weight_bound(chunk: Chunk, probabilities: Column) -> float | None:
    """The largest weight that any action could have had, given contexts; None where nobody knows.

    A logged propensity may differ from its distribution by rounding, which the bound allows for.
    """
    if probabilities is chunk.propensity:
        return 1.0
    if chunk.distribution is None or probabilities.ndim == 1 or chunk.slate is not None:
        return None
    possible = chunk.distribution > 0.0
    ratios = np.divide(probabilities, chunk.distribution, out=np.zeros(possible.shape), where=possible)
    return float(ratios.max()) / (1.0 - SAME)


def _missing(target: str, what: str, column: str) -> ReplayInputError:
    return ReplayInputError(f"target {target} needs to know {what}, and the log has no {column}")
