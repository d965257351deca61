"""Conditional contextual bandit: every slot of the page is a decision of its own, with its own features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from bandits.policies.encoding import encode, encode_slot
from bandits.policies.vw import VwConfig
from bandits.policies.vw_explorer import VwExplorer, check_option, read_pmf
from bandits.types import Example, Probabilities


@dataclass(frozen=True, slots=True)
class VwCcbConfig(VwConfig):
    """Settings of the learner, see `VwConfig`, and of its exploration.

    `epsilon`: share of each slot's choices that are uniform over all shelves.
    """

    epsilon: float = 0.1

    def __post_init__(self) -> None:
        VwConfig.__post_init__(self)
        check_option("epsilon", self.epsilon, 0.0, 1.0)


class VwCcbPolicy(VwExplorer[VwCcbConfig]):
    """Registered as "vw_ccb": one decision per slot, which sees the slot; the pmf is (slots, n).

    Each slot is asked for as if it were alone: the page draw takes out the shelves that stand above and
    renormalises, with the rules in view, which the learner's own masking could not know. An example is a
    decision of one slot. Use it where slots want different shelves. Do not use it where they do not: it
    splits the data by slot bucket, and asks once per bucket, so it is several times slower than "vw". Values
    see the slot only with `position`.
    Source: the reduction of Vowpal Wabbit (`--ccb_explore_adf`) to one contextual bandit per slot.
    """

    name: ClassVar[str] = "vw_ccb"

    def __init__(self, config: VwCcbConfig | None = None, snapshot: bytes | None = None) -> None:
        """Start from nothing, or from a `snapshot`; ValueError when it was made with another config."""
        super().__init__(config or VwCcbConfig(), snapshot)

    def exploration(self) -> list[str]:
        """The explorer's own part of the command line."""
        return ["--epsilon", f"{self.config.epsilon:g}"]

    def arguments(self) -> list[str]:
        """The explorer's command line."""
        return ["--ccb_explore_adf", *self.exploration(), *replace(self.config, position=True).regression()]

    def _pmf(self, shared: str, lines: Sequence[str], slots: int) -> Probabilities:
        actions = [f"ccb action {line}" for line in lines]

        def row(slot: int) -> Probabilities:
            request = [f"ccb shared {shared}", *actions, f"ccb slot {encode_slot(slot)}"]
            return read_pmf(self._explorer.predict(request)[0], len(lines))

        return self._by_bucket(slots, row)

    def _training_lines(self, example: Example) -> tuple[str, ...]:
        probability = max(example.probability, self.config.min_probability)
        return (
            f"ccb shared {encode(example.context)}",
            f"ccb action {encode(example.action)}",
            f"ccb slot 0:{-example.reward:.9g}:{probability:.9g} {encode_slot(example.slot)}",
        )
