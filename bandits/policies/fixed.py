"""The policy that never changes its mind: a fixed ranking of shelves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from bandits.policy import check_request
from bandits.snapshot import pack
from bandits.types import Example, Features, Probabilities, Scores


@dataclass(frozen=True, slots=True)
class FixedPolicy:
    """Ranks shelves as they come, or by one numeric feature, highest first; ties keep their order.

    `by` is "order", or the name of a numeric feature such as "taste" or "popularity". Use it as the
    business-as-usual baseline. Do not use it to gather data: its pmf has no support beyond its ranking.
    """

    name: ClassVar[str] = "fixed"
    by: str = "order"

    def __post_init__(self) -> None:
        if not self.by:
            raise ValueError('by is empty: use "order" or the name of a numeric feature, such as "taste"')

    def score(self, context: Features, actions: Sequence[Features], slots: int) -> Scores:  # noqa: ARG002 - the port's signature
        """Values (n,) and a pmf (slots, n) that puts all of slot k on the shelf ranked k.

        By order, values fall evenly from 1 to 1/n; by feature they are the feature, 0 where a shelf lacks
        it. Slots beyond n repeat the last shelf. Raises ValueError without actions or slots, or when the
        feature is not numeric.
        """
        check_request(actions, slots)
        values = self._values(actions)
        return Scores(values=values, pmf=ranked(values, slots))

    def learn(self, examples: Iterable[Example]) -> int:  # noqa: ARG002 - the port's signature
        """Learns nothing; returns 0."""
        return 0

    def snapshot(self) -> bytes:
        """A header without state."""
        return pack(self.name, {"by": self.by})

    def describe(self) -> str:
        """The policy in one line."""
        return f"{self.name} by={self.by}"

    def _values(self, actions: Sequence[Features]) -> NDArray[np.float64]:
        n = len(actions)
        if self.by == "order":
            return np.arange(n, 0, -1) / n
        return np.array([_feature(action, self.by) for action in actions])


def _feature(action: Features, name: str) -> float:
    value = next((features[name] for features in action.values() if name in features), 0.0)
    if isinstance(value, str):
        raise ValueError(f"by = {name!r}: {value!r} is not a number; rank by a numeric feature")  # noqa: TRY004 - a setting is wrong, not a type
    return value


def ranked(values: NDArray[np.float64], slots: int) -> Probabilities:
    """A pmf (slots, n): all of slot k on the shelf ranked k by `values` (n,); ties keep their order.

    Slots beyond n repeat the last shelf.
    """
    ranking = np.argsort(-values, kind="stable")
    pmf = np.zeros((slots, len(values)))
    pmf[np.arange(slots), ranking[np.minimum(np.arange(slots), len(values) - 1)]] = 1.0
    return pmf
