"""What a report needs of the rounds, added up chunk by chunk: memory does not grow with the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import expm1, log1p

import numpy as np
from numpy.typing import NDArray

from bandits.ope.estimators import Estimate, mean_of
from bandits.ope.intervals import Interval
from bandits.ope.rounds import Column, Groups, Rounds
from bandits.ope.slates import SlateRounds
from bandits.ope.sums import Sums
from bandits.ope.tails import shape_of_largest
from home.replay.sources.chunk import Labels
from home.replay.streams import Streams

EDGES = np.concatenate(([0.0], np.geomspace(1e-4, 1e6, 101), [np.inf]))
"""Bounds of the classes in which weights are counted; the first class is that of weights near 0."""

MAX_LABELS = 100
OTHERS = "(others)"
_ROUNDING = 1e-9
_LARGEST = 2**16
"""Weights kept of the tail: it is 3√m of them, so these are enough for 477 million rounds."""


@dataclass(slots=True, eq=False)
class Weights:
    """How importance weights spread: Σw, Σw², the largest, how many are 0, and counts by class of `EDGES`."""

    rounds: int = 0
    total: float = 0.0
    squares: float = 0.0
    largest: float = 0.0
    zeros: int = 0
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(EDGES) - 1, dtype=np.int64))

    def add(self, weights: Column) -> None:
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
class Tail:
    """The largest of all `rounds` weights so far."""

    largest: Column = field(default_factory=lambda: np.empty(0))
    rounds: int = 0

    def add(self, weights: Column) -> None:
        """Count more weights (m,)."""
        self.rounds += len(weights)
        if len(self.largest) == _LARGEST:
            weights = weights[weights > self.largest.min()]
        found = np.concatenate((self.largest, weights))
        self.largest = found if len(found) <= _LARGEST else np.partition(found, -_LARGEST)[-_LARGEST:]

    @property
    def shape(self) -> float | None:
        """The Pareto shape of the tail, see `bandits.ope.tails`."""
        return shape_of_largest(self.largest, self.rounds)


@dataclass(slots=True, eq=False)
class Cell:
    """One label of a breakdown: sums of the logged mean, of SNIPS, and the spread of weights."""

    mean: Sums
    snips: Sums
    weights: Weights

    @classmethod
    def of(cls, reward: Column, weight: Column, group: Groups) -> Cell:
        """The cell of rounds with these rewards, weights and groups (m,)."""
        weights = Weights()
        weights.add(weight)
        mean = mean_of("mean", reward, group)
        # Where every weight is 0, the sums may become a ratio with the next chunk.
        return cls(Sums.of(mean), Sums.of(Estimate("snips", weight * reward, weight, group)), weights)

    def add(self, reward: Column, weight: Column, group: Groups) -> None:
        """Add more rounds."""
        self.mean += Sums.of(mean_of("mean", reward, group))
        self.snips += Sums.of(Estimate("snips", weight * reward, weight, group))
        self.weights.add(weight)


@dataclass(slots=True, eq=False)
class Tally:
    """One target's sums over all rounds so far: in all, by slot, and by name of a breakdown and label.

    A breakdown has `MAX_LABELS` labels at most, the first that occur; what else occurs is one label more.
    `slots` has pages that have the slot, top first, each with the weight of what stands above and in it.
    `outside` sums up the share of the target that the log could not hold, `cut` counts the rounds that lose
    any of it; where it is estimated, `drawn` counts the pages drawn for it, which speak for a share of
    `reach` of the target at most. `rewards` is the range of rewards. `weight_bound` holds for all weights
    that could have been, None where nobody knows. `streams` has other estimators.
    """

    streams: Streams = field(default_factory=Streams)
    whole: Cell | None = None
    ips: Sums | None = None
    outside: Sums | None = None
    cut: int = 0
    drawn: int = 0
    reach: float = 0.0
    rewards: tuple[float, float] = (np.inf, -np.inf)
    weight_bound: float | None = 0.0
    tail: Tail = field(default_factory=Tail)
    slots: list[Cell] = field(default_factory=list)
    cells: dict[str, dict[str, Cell]] = field(default_factory=dict)

    def add(
        self,
        rounds: Rounds,
        breakdowns: Mapping[str, Labels],
        outside: Column | None = None,
        slates: SlateRounds | None = None,
        weight_bound: float | None = None,
    ) -> None:
        """Add a chunk of rounds: their label in each breakdown, what each loses of the target, and slots."""
        weights = rounds.weights
        before = self.weight_bound
        self.weight_bound = None if before is None or weight_bound is None else max(before, weight_bound)
        low, high = self.rewards
        self.rewards = min(low, float(rounds.reward.min())), max(high, float(rounds.reward.max()))
        self.ips = _more(self.ips, mean_of("ips", weights * rounds.reward, rounds.group))
        if outside is not None:
            self.outside = _more(self.outside, mean_of("outside", outside, rounds.group))
            self.cut += int((outside > _ROUNDING).sum())
        self.tail.add(weights)
        self.whole = _grown(self.whole, rounds.reward, weights, rounds.group)
        for name, labels in breakdowns.items():
            cells = self.cells.setdefault(name, {})
            for label, rows in _split(labels, cells):
                part = rounds.reward[rows], weights[rows], rounds.group[rows]
                cells[label] = _grown(cells.get(label), *part)
        if slates is not None:
            self._by_slot(slates)
        self.streams.add(rounds, slates)

    def unseen(self, level: float) -> Interval:
        """The share outside the log where none of the `drawn` pages was."""
        return none_of(self.drawn, self.reach, level)

    def normalised(self) -> Sums:
        """Cascade IPS, normalised in each slot: `reward_interaction_ips` from the sums of slots.

        Raises ValueError for single actions, and where all weights of a slot are 0.
        """
        if self.whole is None or not self.slots:
            raise ValueError("needs whole pages: this log has rounds of single actions")
        pages = self.whole.mean.rounds
        terms = np.zeros(len(pages))
        for number, cell in enumerate(self.slots, start=1):
            above, below, filled = cell.snips.numerator, cell.snips.denominator, cell.mean.rounds
            if not below.any():
                raise ValueError(
                    f"target is 0 in slot {number} on every page: it never shows what was logged"
                )
            value = above.sum() / below.sum()
            terms += (above - value * below) * filled.sum() / below.sum() + value * filled
        return Sums(np.zeros(len(pages)), pages, terms, pages)

    def _by_slot(self, slates: SlateRounds) -> None:
        weights, rewards = slates.prefix_weights, slates.filled_reward
        for slot in range(slates.slots):
            rows = slates.filled[:, slot]
            part = rewards[rows, slot], weights[rows, slot], slates.group[rows]
            if slot == len(self.slots):
                self.slots.append(Cell.of(*part))
            else:
                self.slots[slot].add(*part)


def _grown(cell: Cell | None, reward: Column, weight: Column, group: Groups) -> Cell:
    if cell is None:
        return Cell.of(reward, weight, group)
    cell.add(reward, weight, group)
    return cell


def none_of(drawn: int, reach: float, level: float) -> Interval:
    """A share of which none was seen in `drawn` pages that speak for a share of `reach` of the whole.

    With n independent draws that hit with probabilities of mean p, none hits with probability (1 − p)ⁿ at
    most, so p is below 1 − (1 − level)^(1/n): 3/n at 95 %, the rule of three (Hanley and Lippman-Hand, "If
    Nothing Goes Wrong, Is Everything All Right?", JAMA 1983).
    """
    return Interval(0.0, 0.0, reach * -expm1(log1p(-level) / drawn), level, "rule of three")


def _more(sums: Sums | None, estimate: Estimate) -> Sums:
    return Sums.of(estimate) if sums is None else sums + Sums.of(estimate)


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
