"""What a report needs of the rounds, added up chunk by chunk: memory does not grow with the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bandits.ope.estimators import Estimate, mean_of
from bandits.ope.rounds import Column, Rounds
from bandits.ope.sums import Sums
from home.replay.sources.chunk import Labels

EDGES = np.concatenate(([0.0], np.geomspace(1e-4, 1e6, 101), [np.inf]))
"""Bounds of the classes in which weights are counted; the first class is that of weights near 0."""

MAX_LABELS = 100
OTHERS = "(others)"
_ROUNDING = 1e-9


@dataclass(slots=True, eq=False)
class Weights:
    """How importance weights spread: Σw, Σw², the largest, how many are 0, and counts by class of `EDGES`."""

    rounds: int = 0
    total: float = 0.0
    squares: float = 0.0
    largest: float = 0.0
    zeros: int = 0
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(EDGES) - 1, dtype=np.int64))

    def add(self, weights: NDArray[np.float64]) -> None:
        """Count more weights (m,)."""
        self.rounds += len(weights)
        self.total += float(weights.sum())
        self.squares += float(weights @ weights)
        self.largest = max(self.largest, float(weights.max(initial=0.0)))
        self.zeros += int((weights == 0.0).sum())
        self.counts += np.histogram(weights, EDGES)[0]

    @property
    def effective(self) -> float:
        """The effective sample size (Σw)² / Σw², 0 when every weight is 0."""
        return self.total**2 / self.squares if self.squares else 0.0


@dataclass(slots=True, eq=False)
class Cell:
    """One label of a breakdown: sums of the logged mean, of SNIPS, and the spread of weights."""

    mean: Sums
    snips: Sums
    weights: Weights

    @classmethod
    def of(cls, rounds: Rounds) -> Cell:
        """The cell of these rounds."""
        weights = Weights()
        weights.add(rounds.weights)
        return cls(Sums.of(logged_mean(rounds)), Sums.of(weighted(rounds)), weights)

    def add(self, rounds: Rounds) -> None:
        """Add more rounds."""
        self.mean += Sums.of(logged_mean(rounds))
        self.snips += Sums.of(weighted(rounds))
        self.weights.add(rounds.weights)


@dataclass(slots=True, eq=False)
class Tally:
    """One target's sums over all rounds so far: in all, and by name of a breakdown and label.

    A breakdown has `MAX_LABELS` labels at most, the first that occur; what else occurs is one label more.
    `outside` sums up the share of the target that the log could not hold, `cut` counts the rounds that lose
    any of it, and `rewards` is the range of rewards.
    """

    whole: Cell | None = None
    ips: Sums | None = None
    outside: Sums | None = None
    cut: int = 0
    rewards: tuple[float, float] = (np.inf, -np.inf)
    cells: dict[str, dict[str, Cell]] = field(default_factory=dict)

    def add(self, rounds: Rounds, breakdowns: Mapping[str, Labels], outside: Column | None = None) -> None:
        """Add a chunk of rounds with their label in each breakdown, and what each loses of the target."""
        low, high = self.rewards
        self.rewards = min(low, float(rounds.reward.min())), max(high, float(rounds.reward.max()))
        self.ips = _more(self.ips, mean_of("ips", rounds.weights * rounds.reward, rounds.group))
        if outside is not None:
            self.outside = _more(self.outside, mean_of("outside", outside, rounds.group))
            self.cut += int((outside > _ROUNDING).sum())
        if self.whole is None:
            self.whole = Cell.of(rounds)
        else:
            self.whole.add(rounds)
        for name, labels in breakdowns.items():
            cells = self.cells.setdefault(name, {})
            for label, rows in _split(labels, cells):
                part = _take(rounds, rows)
                if label in cells:
                    cells[label].add(part)
                else:
                    cells[label] = Cell.of(part)


def _more(sums: Sums | None, estimate: Estimate) -> Sums:
    return Sums.of(estimate) if sums is None else sums + Sums.of(estimate)


def logged_mean(rounds: Rounds) -> Estimate:
    """The plain mean of the logged rewards."""
    return mean_of("mean", rounds.reward, rounds.group)


def weighted(rounds: Rounds) -> Estimate:
    """SNIPS, also where every weight is 0: its sums may become a ratio with the next chunk."""
    return Estimate("snips", rounds.weights * rounds.reward, rounds.weights, rounds.group)


def _split(labels: Labels, known: Mapping[str, Cell]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    names, index = np.unique(labels, return_inverse=True)
    room = MAX_LABELS - len(known.keys() - {OTHERS})
    fresh = [str(name) for name in names if str(name) not in known]
    others = set(fresh[max(0, room) :])
    rest = np.zeros(len(labels), dtype=np.bool_)
    for number, name in enumerate(map(str, names)):
        if name in others:
            rest |= index == number
        else:
            yield name, index == number
    if others:
        yield OTHERS, rest


def _take(rounds: Rounds, rows: NDArray[np.bool_]) -> Rounds:
    return Rounds(rounds.reward[rows], rounds.propensity[rows], rounds.target[rows], rounds.group[rows])
