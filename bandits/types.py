"""The vocabulary of decisions: features, scores, training examples, feedback, and the page that was drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Features = Mapping[str, Mapping[str, str | float]]
"""Namespace → feature → value. A string value is categorical, a float is numeric."""

Probabilities = NDArray[np.float64]
Page = tuple[int, ...]
"""A page as the policy sees it: the index of the shelf in each slot, top slot first."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """A policy's view of every shelf in one request.

    `values` (n,) or (n, slots): expected reward if examined, unitless, higher is better. `pmf` (n,) or
    (slots, n): the policy's own choice probabilities over shelves, each row summing to 1.
    """

    values: NDArray[np.float64]
    pmf: Probabilities


@dataclass(frozen=True, slots=True)
class Example:
    """One examined shelf with its reward: what a policy learns from.

    `probability` is the conditional probability with which the page draw put this shelf in this slot, not
    the pmf the learner printed. `slot` counts from 0. Raises ValueError for a reward that is not finite, a
    probability outside (0, 1] or a negative slot: one such row would poison a learner for good.
    """

    context: Features
    action: Features
    slot: int
    reward: float
    probability: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.reward):
            raise ValueError(f"reward = {self.reward}: must be finite; leave the example out instead")
        if not 0.0 < self.probability <= 1.0:
            raise ValueError(
                f"probability = {self.probability}: what was shown had a probability in (0, 1];"
                " take it from the decision log"
            )
        if self.slot < 0:
            raise ValueError(f"slot = {self.slot}: slots count from 0")


class EventKind(StrEnum):
    """Feedback that surfaces report; `NEXT_DAY_RETURN` is also derived from the decision log."""

    IMPRESSION = "impression"
    CLICK = "click"
    PLAY = "play"
    PLAY_30S = "play_30s"
    COMPLETION = "completion"
    SAVE = "save"
    FOLLOW = "follow"
    SKIP = "skip"
    DISMISS = "dismiss"
    NEXT_DAY_RETURN = "next_day_return"


@dataclass(frozen=True, slots=True)
class RewardEvent:
    """Raw, timestamped feedback on a shelf of a decision, or on an item in it. `at` is timezone-aware."""

    id: str
    decision_id: str
    kind: EventKind
    shelf_id: str
    at: datetime
    item_id: str | None = None
