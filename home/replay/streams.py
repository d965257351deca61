"""Estimators that need no more than sums over rounds, added up chunk by chunk: memory does not grow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bandits.ope.cascade import cascade_ips
from bandits.ope.estimators import (
    Estimate,
    accepted,
    accepting,
    agreeing,
    check_normaliser,
    clip,
    drawn_by_weight,
    smooth,
)
from bandits.ope.rounds import Column, Rounds
from bandits.ope.slates import SlateRounds
from bandits.ope.sums import BUCKETS, Sums, bucket
from bandits.ope.tuning import LIMITS, SMOOTHINGS, slope


@dataclass(slots=True, eq=False)
class Reweighted:
    """IPS with weights that a parameter changes: sums over buckets for every one of `parameters` (P,).

    `change` gives weights (m,) under a parameter. `numerator` (P, B) and `rounds` (B,).
    """

    change: Callable[[Column, float], Column]
    parameters: tuple[float, ...]
    numerator: Column = field(init=False)
    rounds: Column = field(default_factory=lambda: np.zeros(BUCKETS))

    def __post_init__(self) -> None:
        self.numerator = np.zeros((len(self.parameters), BUCKETS))

    def add(self, rounds: Rounds, index: NDArray[np.int64]) -> None:
        """Add rounds that are in the buckets `index` (m,)."""
        weights = rounds.weights
        for row, parameter in enumerate(self.parameters):
            changed = self.change(weights, parameter) * rounds.reward
            self.numerator[row] += np.bincount(index, changed, minlength=BUCKETS)
        self.rounds += np.bincount(index, minlength=BUCKETS)

    def at(self, parameter: float) -> Sums:
        """The estimate under one of the parameters."""
        row = self.numerator[self.parameters.index(parameter)]
        return Sums(row, self.rounds, np.zeros(BUCKETS), self.rounds)

    def tuned(self, name: str) -> tuple[Sums, str]:
        """The estimate under the parameter that SLOPE chooses, and which it is. Raises as `slope`."""
        chosen = slope(self.at, self.parameters)
        return chosen.estimate, f"{name} {chosen.parameter:.3g} by SLOPE"


@dataclass(slots=True, eq=False)
class Streams:
    """Sums of those estimators that were `wanted`, over all rounds so far.

    `weight_bound` and `seed` are those of rejection sampling, which no log can bound while it is being read.
    """

    wanted: frozenset[str] = frozenset()
    weight_bound: float | None = None
    seed: int = 0
    sums: dict[str, Sums] = field(init=False, default_factory=dict)
    tuned: dict[str, tuple[str, Reweighted]] = field(init=False)
    faults: dict[str, str] = field(init=False, default_factory=dict)
    rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.rng = accepting(self.seed)
        if "rejection" in self.wanted and self.weight_bound is None:
            self.faults["rejection"] = (
                "a bound on weights must be known before a long log is read: give --weight-bound"
            )
        kinds = {
            "clipped_ips": ("limit", Reweighted(clip, LIMITS)),
            "sub_gaussian_ips": ("smoothing", Reweighted(smooth, SMOOTHINGS)),
        }
        self.tuned = {name: kind for name, kind in kinds.items() if name in self.wanted}

    def add(self, rounds: Rounds, slates: SlateRounds | None) -> None:
        """Add a chunk of rounds, with the slots of pages."""
        if self.tuned:
            index = bucket(rounds.group)
            for _, sums in self.tuned.values():
                sums.add(rounds, index)
        if slates is not None:
            self._more("cascade_ips", lambda: cascade_ips(slates))
        self._more("replay", lambda: accepted("replay", rounds, agreeing(rounds)))
        self._more("rejection", lambda: accepted("rejection", rounds, self._drawn(rounds)))

    def estimate(self, name: str) -> tuple[Sums, str]:
        """An estimate with a note on how it came about. Raises ValueError where sums do not give it."""
        if name in self.faults:
            raise ValueError(self.faults[name])
        if name in self.tuned:
            parameter, sums = self.tuned[name]
            return sums.tuned(parameter)
        if name not in self.sums:
            raise ValueError("needs the rounds in memory: the log is longer than --keep rounds")
        found = self.sums[name]
        check_normaliser(found.denominator)
        if name != "rejection":
            return found, ""
        return (
            found,
            f"{int(found.denominator.sum())} rounds accepted; bound {self.weight_bound:.3g} was given",
        )

    def _drawn(self, rounds: Rounds) -> NDArray[np.bool_]:
        return drawn_by_weight(rounds, self.weight_bound or 0.0, self.rng)

    def _more(self, name: str, compute: Callable[[], Estimate]) -> None:
        """Add to an estimator that was wanted, until something is wrong with it."""
        if name not in self.wanted or name in self.faults:
            return
        try:
            added = Sums.of(compute())
        except ValueError as error:
            self.faults[name] = str(error)
            return
        self.sums[name] = self.sums[name] + added if name in self.sums else added
