"""What intervals that hold at every sample size must know before looking, and who can have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bandits.ope.intervals import Bounds, corrected_terms, weighted_terms


@dataclass(frozen=True, slots=True)
class Known:
    """What is known before looking.

    `rewards`: the least and the most that a page or round can earn. `weight_bound` holds for every weight
    that could have been, None where nobody knows; `stated` says that it was given, and does not follow from
    logged distributions. `predictions`: the range of a reward model that came with the log.
    """

    rewards: Bounds
    weight_bound: float | None = None
    stated: bool = False
    predictions: Bounds | None = None

    @property
    def weights(self) -> float:
        """The bound on weights. Raises ValueError where there is none."""
        if self.weight_bound is None:
            raise ValueError(
                "needs a bound on weights that is known beforehand: log both policies' distributions over"
                " actions, or give --weight-bound"
            )
        return self.weight_bound


def _weighted(known: Known) -> Bounds:
    return weighted_terms(known.weights, known.rewards)


def _corrected(known: Known) -> Bounds:
    if known.predictions is None:
        raise ValueError(
            "needs predictions that came with the log (expected_rewards): a model fitted to these rounds has"
            " seen them"
        )
    return corrected_terms(known.weights, known.rewards, known.predictions)


def _agreeing(known: Known) -> Bounds:
    return known.rewards


def _accepted(known: Known) -> Bounds:
    if not known.stated:
        raise ValueError("needs a bound on weights that was not taken from the log: give --weight-bound")
    return known.rewards


TERMS: Mapping[str, Callable[[Known], Bounds]] = MappingProxyType(
    {
        "ips": _weighted,
        "cascade_ips": _weighted,
        "dr": _corrected,
        "replay": _agreeing,
        "rejection": _accepted,
    }
)
"""Estimators that are means over rounds, or over those that were accepted, with the range of their terms.
The weight of a page's beginning is a mean of weights of pages, and so no larger than the largest of them."""

ACCEPTING = ("replay", "rejection")
