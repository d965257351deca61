"""SquareCB over context × shelf features: inverse-gap weighting of predicted costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bandits.policies.vw import VwConfig
from bandits.policies.vw_explorer import VwExplorer, check_option


@dataclass(frozen=True, slots=True)
class VwSquareCbConfig(VwConfig):
    """Settings of the learner, see `VwConfig`, and of its exploration.

    `gamma_scale`, `gamma_exponent`: γ = scale · rounds^exponent, which sharpens the choice
    as rounds are learned from.
    """

    gamma_scale: float = 10.0
    gamma_exponent: float = 0.5

    def __post_init__(self) -> None:
        VwConfig.__post_init__(self)
        check_option("gamma_scale", self.gamma_scale, 1e-3, 1e6)
        check_option("gamma_exponent", self.gamma_exponent, 0.0, 1.0)


class VwSquareCbPolicy(VwExplorer[VwSquareCbConfig]):
    """Registered as "vw_squarecb": p_a = 1 / (n + γ (c_a − c_min)) but for the best, which takes the rest.

    Use it as the explorer to try first: it explores shelves the more, the nearer they are to the best, with a
    regret bound. Do not use it where taste drifts: γ only grows, so that a long run explores
    ever less.
    Source: Foster and Rakhlin, "Beyond UCB: Optimal and Efficient Contextual Bandits with Regression
    Oracles", ICML 2020, algorithm 1.
    """

    name: ClassVar[str] = "vw_squarecb"

    def __init__(self, config: VwSquareCbConfig | None = None, snapshot: bytes | None = None) -> None:
        """Start from nothing, or from a `snapshot`; ValueError when it was made with another config."""
        super().__init__(config or VwSquareCbConfig(), snapshot)

    def exploration(self) -> list[str]:
        """The explorer's own part of the command line."""
        return [
            "--squarecb",
            "--gamma_scale",
            f"{self.config.gamma_scale:g}",
            "--gamma_exponent",
            f"{self.config.gamma_exponent:g}",
        ]
