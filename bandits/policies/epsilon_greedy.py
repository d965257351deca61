"""ε-greedy without context: the mean reward of each kind of shelf, whoever is asking."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np

from bandits.policy import check_request
from bandits.snapshot import pack, unpack
from bandits.types import Example, Features, Scores

_MISSING = ""


@dataclass(frozen=True, slots=True)
class EpsilonGreedyConfig:
    """Settings. `epsilon`: share of choices that are uniform over all shelves.

    `by`: the categorical features which together make an arm; shelves that agree on all of them share a mean.
    `prior`: how many examples' worth of the overall mean each arm starts with.
    """

    epsilon: float = 0.1
    by: tuple[str, ...] = ("source",)
    prior: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "by", tuple(self.by))
        if not 0.0 <= self.epsilon <= 1.0:
            raise ValueError(f"epsilon = {self.epsilon}: must be between 0 and 1")
        if not self.by:
            raise ValueError('by is empty: name at least one feature, such as "source"')
        if not 0.0 < self.prior <= 1e6:
            raise ValueError(f"prior = {self.prior}: must be above 0 and at most 1e+06")


class EpsilonGreedyPolicy:
    """Registered as "epsilon_greedy": the arm with the best mean gets 1 − ε, and all shelves share ε.

    Use it as the baseline that learning from context must beat, and where there is nothing to know about
    requests. Do not use it where listeners differ: it shows everybody the average listener's page, and never
    stops paying ε. Thread-safe.
    Source: Sutton and Barto, "Reinforcement Learning: An Introduction", 2nd edition, section 2.4.
    """

    name: ClassVar[str] = "epsilon_greedy"

    def __init__(self, config: EpsilonGreedyConfig | None = None, snapshot: bytes | None = None) -> None:
        """Start from nothing, or from a `snapshot`; ValueError when it was made with another config."""
        self.config = config or EpsilonGreedyConfig()
        self._lock = threading.Lock()
        self._arms: dict[str, tuple[int, float]] = {}
        self._all = (0, 0.0)
        if snapshot is not None:
            self._restore(unpack(snapshot, self.name, asdict(self.config)))

    def score(self, context: Features, actions: Sequence[Features], slots: int) -> Scores:  # noqa: ARG002 - the port's signature
        """Values (n,), the means of the arms, and pmf (n,); shelves that tie for best share 1 − ε.

        Raises ValueError without actions or slots.
        """
        check_request(actions, slots)
        arms = [self._arm(action) for action in actions]
        with self._lock:
            values = np.array([self._mean(arm) for arm in arms])
        best = values == values.max()
        epsilon, n = self.config.epsilon, len(values)
        return Scores(values=values, pmf=epsilon / n + (1.0 - epsilon) * best / best.sum())

    def learn(self, examples: Iterable[Example]) -> int:
        """One update per example, in order; returns their number."""
        count = 0
        for example in examples:
            arm = self._arm(example.action)
            with self._lock:
                seen, total = self._arms.get(arm, (0, 0.0))
                self._arms[arm] = (seen + 1, total + example.reward)
                self._all = (self._all[0] + 1, self._all[1] + example.reward)
            count += 1
        return count

    def snapshot(self) -> bytes:
        """The configuration, and how often each arm was seen with what total reward."""
        with self._lock:
            state = json.dumps({"all": self._all, "arms": self._arms}).encode()
        return pack(self.name, asdict(self.config), state)

    def describe(self) -> str:
        """The policy and its settings in one line."""
        config = self.config
        return f"{self.name} epsilon={config.epsilon:g} by={'+'.join(config.by)} prior={config.prior:g}"

    def _mean(self, arm: str) -> float:
        everything, total = self._all
        overall = total / everything if everything else 0.0
        seen, own = self._arms.get(arm, (0, 0.0))
        return (own + self.config.prior * overall) / (seen + self.config.prior)

    def _arm(self, action: Features) -> str:
        values = [
            str(next((features[name] for features in action.values() if name in features), _MISSING))
            for name in self.config.by
        ]
        return json.dumps(values)

    def _restore(self, state: bytes) -> None:
        found = json.loads(state)
        self._all = (int(found["all"][0]), float(found["all"][1]))
        self._arms = {arm: (int(seen), float(total)) for arm, (seen, total) in found["arms"].items()}
