"""The policy that knows nothing: every shelf is worth the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bandits.policy import check_request
from bandits.snapshot import pack
from bandits.types import Example, Features, Scores


@dataclass(frozen=True, slots=True)
class UniformPolicy:
    """Values 0 and a uniform pmf, whatever the context.

    Use it as the baseline that needs no excuse and to log data with the widest support. Do not serve it to
    listeners for longer than that takes.
    """

    name: ClassVar[str] = "uniform"

    def score(self, context: Features, actions: Sequence[Features], slots: int) -> Scores:  # noqa: ARG002 - the port's signature
        """Values (n,) of 0 and a pmf (n,) of 1/n. Raises ValueError without actions or slots."""
        check_request(actions, slots)
        n = len(actions)
        return Scores(values=np.zeros(n), pmf=np.full(n, 1.0 / n))

    def learn(self, examples: Iterable[Example]) -> int:  # noqa: ARG002 - the port's signature
        """Learns nothing; returns 0."""
        return 0

    def snapshot(self) -> bytes:
        """A header without state."""
        return pack(self.name, {})

    def describe(self) -> str:
        """The policy in one line."""
        return self.name
