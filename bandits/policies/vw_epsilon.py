"""ε-greedy over context × shelf features: mostly the best shelf, sometimes any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bandits.policies.vw import VwConfig
from bandits.policies.vw_explorer import VwExplorer, check_option


@dataclass(frozen=True, slots=True)
class VwEpsilonConfig(VwConfig):
    """Settings of the learner, see `VwConfig`, and of its exploration.

    `epsilon`: share of choices that are uniform over all shelves.
    """

    epsilon: float = 0.1

    def __post_init__(self) -> None:
        VwConfig.__post_init__(self)
        check_option("epsilon", self.epsilon, 0.0, 1.0)


class VwEpsilonPolicy(VwExplorer[VwEpsilonConfig]):
    """Registered as "vw_epsilon": the shelf with the least predicted cost gets 1 − ε, and all share ε.

    Use it as the plain contextual baseline, whose support and importance weights are easy to reason about. Do
    not use it where exploring costs: it tries hopeless shelves as often as promising ones, for ever.
    Source: Bietti, Agarwal and Langford, "A Contextual Bandit Bake-off", JMLR 2021, section 3.
    """

    name: ClassVar[str] = "vw_epsilon"

    def __init__(self, config: VwEpsilonConfig | None = None, snapshot: bytes | None = None) -> None:
        """Start from nothing, or from a `snapshot`; ValueError when it was made with another config."""
        super().__init__(config or VwEpsilonConfig(), snapshot)

    def exploration(self) -> list[str]:
        """The explorer's own part of the command line."""
        return ["--epsilon", f"{self.config.epsilon:g}"]
