"""RegCB over context × shelf features: uniform over the shelves that could still be best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bandits.policies.vw import VwConfig
from bandits.policies.vw_explorer import VwExplorer, check_option

_REWARDS_WITHIN_ONE = ("--cb_min_cost", "-1", "--cb_max_cost", "1")


@dataclass(frozen=True, slots=True)
class VwRegCbConfig(VwConfig):
    """Settings of the learner, see `VwConfig`, and of its exploration.

    `mellowness`: width of the confidence bounds; larger keeps shelves plausible for longer.
    """

    mellowness: float = 0.1

    def __post_init__(self) -> None:
        VwConfig.__post_init__(self)
        check_option("mellowness", self.mellowness, 1e-9, 100.0)


class VwRegCbPolicy(VwExplorer[VwRegCbConfig]):
    """Registered as "vw_regcb": shelves whose best plausible cost is above another's worst get probability 0.

    Use it to see which shelves the data cannot rule out. Do not use its pmf alone to gather data that another
    policy shall be judged on: beyond the plausible shelves, the floor of the page draw is all its support.
    Rewards must lie within ±1, the range its bounds are cut to.
    Source: Foster, Agarwal, Dudík, Luo and Schapire, "Practical Contextual Bandits with Regression Oracles",
    ICML 2018, algorithm 1 (elimination).
    """

    name: ClassVar[str] = "vw_regcb"

    def __init__(self, config: VwRegCbConfig | None = None, snapshot: bytes | None = None) -> None:
        """Start from nothing, or from a `snapshot`; ValueError when it was made with another config."""
        super().__init__(config or VwRegCbConfig(), snapshot)

    def exploration(self) -> list[str]:
        """The explorer's own part of the command line."""
        return ["--regcb", "--mellowness", f"{self.config.mellowness:g}", *_REWARDS_WITHIN_ONE]
