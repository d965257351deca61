"""Checks of the log behind a target's estimates: support, propensities, and what weighting must not move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from bandits.ope.checks import Balance, Bin, balance, calibration, overlap
from bandits.ope.diagnostics import MEAN_WEIGHT_LEVEL
from bandits.ope.rounds import Column
from home.replay.estimators import View
from home.replay.sources.chunk import Labels

_MOVED = 0.1
"""Differences below a tenth of a standard deviation are taken not to matter (Austin 2009)."""

_LEAST_ROUNDS = 5
"""Expected rounds in and out of a class, below which its frequency is no normal variable."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A feature whose mean weighting moves: by `difference` standard deviations, `z` standard errors."""

    feature: str
    difference: float
    z: float


@dataclass(frozen=True, slots=True)
class Checks:
    """What is checked besides weights, as far as the log allows.

    `overlap`: mean of Σ_a min(π(a), π₀(a)), 1 for equal policies; `calibration`: whether what has a
    propensity is shown as often; `balance`: features of the context by how far weighting moves them, the
    worst first. `broken` says which of them an honest log fails one time in ten thousand, "" if none.
    """

    overlap: float | None = None
    calibration: tuple[Bin, ...] = ()
    balance: tuple[Moved, ...] = ()
    broken: str = ""


def checked(view: View) -> Checks:
    """Check the rounds of a target."""
    bins: tuple[Bin, ...] = ()
    share: float | None = None
    if view.logging is not None and view.actions is not None:
        bins = calibration(view.logging, view.actions.action)
        share = float(overlap(view.actions.target, view.logging).mean())
    moved = tuple(sorted(_moved(view), key=lambda one: -abs(one.z)))
    return Checks(share, bins, moved, _broken(bins, moved))


def _moved(view: View) -> Iterator[Moved]:
    weights = view.rounds.weights
    features = dict(_features(view))
    if not features or not weights.any():
        return
    found = balance(weights, np.stack(list(features.values()), axis=1), view.rounds.group)
    for name, one in zip(features, found, strict=True):
        yield _named(name, one)


def _features(view: View) -> Iterator[tuple[str, Column]]:
    if view.actions is not None:
        for number, column in enumerate(view.actions.context.T):
            yield f"context {number}", column
    for name, labels in view.labels.items():
        yield from _indicators(name, labels)


def _indicators(name: str, labels: Labels) -> Iterator[tuple[str, Column]]:
    for label in np.unique(labels).tolist():
        inside = labels == label
        if _LEAST_ROUNDS <= int(inside.sum()) <= len(labels) - _LEAST_ROUNDS:
            yield f"{name} {label}", inside.astype(np.float64)


def _named(name: str, one: Balance) -> Moved:
    return Moved(name, one.difference, one.z)


def _broken(bins: tuple[Bin, ...], moved: tuple[Moved, ...]) -> str:
    tested = [one for one in bins if _testable(one)]
    limit = _limit(len(tested))
    worst = max(tested, key=lambda one: abs(one.z), default=None)
    if worst is not None and abs(worst.z) > limit:
        return (
            f"actions with propensity {worst.propensity:.3g} were shown {worst.frequency:.3g} of the time,"
            f" {abs(worst.z):.1f} standard errors off: the propensities are not those of what was shown"
        )
    limit = _limit(len(moved))
    far = [one for one in moved if abs(one.z) > limit and abs(one.difference) > _MOVED]
    if far:
        return (
            f"weighting moves {far[0].feature} by {far[0].difference:+.2f} standard deviations,"
            f" {abs(far[0].z):.1f} standard errors: the propensities depend on it otherwise than logged"
        )
    return ""


def _testable(one: Bin) -> bool:
    return one.pairs * min(one.propensity, 1.0 - one.propensity) >= _LEAST_ROUNDS


def _limit(tests: int) -> float:
    """Standard errors that an honest log passes in one of so many tests once in ten thousand times."""
    return NormalDist().inv_cdf(1.0 - (1.0 - MEAN_WEIGHT_LEVEL) / (2.0 * max(1, tests)))
