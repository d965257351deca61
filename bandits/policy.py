"""What every policy can do: score the shelves of a request, and learn from examples later.

Scoring and learning are separate calls because rewards arrive long after the page. A policy never places
anything and never draws: layout arranges its values, and `bandits.page` draws with its pmf.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from bandits.types import Example, Features, Scores


@runtime_checkable
class Policy(Protocol):
    """A map from a context and its shelves to values and probabilities."""

    @property
    def name(self) -> str:
        """The name it is registered under."""
        ...

    def score(self, context: Features, actions: Sequence[Features], slots: int) -> Scores:
        """Score n `actions` for a page of `slots` slots.

        Values and pmf follow `bandits.types.Scores`. Scoring changes nothing: the same call on the same
        snapshot gives the same scores. Raises ValueError without actions or with `slots` < 1.
        """
        ...

    def learn(self, examples: Iterable[Example]) -> int:
        """Learn from examined shelves in the given order; returns how many were learned from."""
        ...

    def snapshot(self) -> bytes:
        """Everything needed to score the same elsewhere; read back by `bandits.policies.build`."""
        ...

    def describe(self) -> str:
        """The policy and its settings in one line, for people and for the decision log."""
        ...


def check_request(actions: Sequence[Features], slots: int) -> None:
    """Raise ValueError unless there is at least one action and at least one slot."""
    if not actions:
        raise ValueError("actions is empty: a policy needs at least one shelf to score")
    if slots < 1:
        raise ValueError(f"slots = {slots}: a page has at least one slot")
