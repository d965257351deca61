"""Online cover over context × shelf features: a small set of policies that covers the good shelves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bandits.policies.vw import VwConfig
from bandits.policies.vw_explorer import VwExplorer, check_option


@dataclass(frozen=True, slots=True)
class VwCoverConfig(VwConfig):
    """Settings of the learner, see `VwConfig`, and of its exploration.

    `policies`: how many policies the cover has. `psi`: how much they are pushed apart.
    """

    policies: int = 4
    psi: float = 1.0

    def __post_init__(self) -> None:
        VwConfig.__post_init__(self)
        check_option("policies", self.policies, 2, 50)
        check_option("psi", self.psi, 0.0, 100.0)


class VwCoverPolicy(VwExplorer[VwCoverConfig]):
    """Registered as "vw_cover": mixes policies that are trained to differ, with less and less uniform mass.

    Use it to compare with the literature. Do not expect its diversity here: the policies are pushed apart by
    what the other shelves of a request would have cost, and examples show one shelf each, so what remains is
    close to ε-greedy with a falling ε ~ 1 / sqrt(rounds).
    Source: Agarwal, Hsu, Kale, Langford, Li and Schapire, "Taming the Monster", ICML 2014, as in Bietti,
    Agarwal and Langford, JMLR 2021, algorithm 5 ("cover").
    """

    name: ClassVar[str] = "vw_cover"

    def __init__(self, config: VwCoverConfig | None = None, snapshot: bytes | None = None) -> None:
        """Start from nothing, or from a `snapshot`; ValueError when it was made with another config."""
        super().__init__(config or VwCoverConfig(), snapshot)

    def exploration(self) -> list[str]:
        """The explorer's own part of the command line."""
        return ["--cover", f"{self.config.policies}", "--psi", f"{self.config.psi:g}"]
