"""Bagging over context × shelf features: explores where resampled models disagree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bandits.policies.vw import VwConfig
from bandits.policies.vw_explorer import VwExplorer, check_option


@dataclass(frozen=True, slots=True)
class VwBagConfig(VwConfig):
    """Settings of the learner, see `VwConfig`, and of its exploration.

    `bags`: how many models vote. `epsilon`: share of choices that are uniform over all shelves.
    """

    bags: int = 5
    epsilon: float = 0.05

    def __post_init__(self) -> None:
        VwConfig.__post_init__(self)
        check_option("bags", self.bags, 2, 50)
        check_option("epsilon", self.epsilon, 0.0, 1.0)


class VwBagPolicy(VwExplorer[VwBagConfig]):
    """Registered as "vw_bag": each of `bags` models, trained on its own Poisson resample, has a vote.

    Use it for a cheap stand-in of Thompson sampling with a nonlinear set of features. Do not use it with
    little data and ε = 0: models that agree by chance leave a pmf without support, and the probabilities are
    no finer than 1 / `bags`. Learning costs one update per model.
    Source: Bietti, Agarwal and Langford, JMLR 2021, algorithm 4 ("bag").
    """

    name: ClassVar[str] = "vw_bag"

    def __init__(self, config: VwBagConfig | None = None, snapshot: bytes | None = None) -> None:
        """Start from nothing, or from a `snapshot`; ValueError when it was made with another config."""
        super().__init__(config or VwBagConfig(), snapshot)

    def exploration(self) -> list[str]:
        """The explorer's own part of the command line."""
        return ["--bag", f"{self.config.bags}", "--epsilon", f"{self.config.epsilon:g}"]
