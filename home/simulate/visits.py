"""Who visits when, and where: the same sequence for every policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from home.errors import UnknownSurfaceError
from home.simulate.parameters import VisitPattern
from shelves.types import Context


@dataclass(frozen=True, slots=True)
class Visit:
    """Visit number `index` from 0, in batch number `batch`; the context holds no dismissals of the run."""

    index: int
    batch: int
    context: Context


def batches(
    contexts: Sequence[Context],
    pattern: VisitPattern,
    surfaces: Mapping[str, float],
    first_day: date,
    *,
    visits: int,
    batch: int,
    seed: int,
) -> Iterator[tuple[Visit, ...]]:
    """`visits` visits in batches of `batch`, one batch a day from `first_day` on, in order of time.

    Listeners are drawn uniformly with replacement, hours by `pattern`, surfaces by their weights. Raises
    ValueError without contexts or with sizes below 1.
    """
    if not contexts:
        raise ValueError("contexts is empty: a simulation needs at least one listener")
    if visits < 1 or batch < 1:
        raise ValueError(f"visits = {visits}, batch = {batch}: give at least 1 of each")
    for day, start in enumerate(range(0, visits, batch)):
        rng = np.random.default_rng([seed, day])
        size = min(batch, visits - start)
        moments = np.sort(_hours(pattern, size, rng) * 3600 + rng.integers(3600, size=size))
        who = rng.integers(len(contexts), size=size)
        where = rng.choice(list(surfaces), size=size, p=_shares(list(surfaces.values())))
        midnight = datetime.combine(first_day + timedelta(days=day), datetime.min.time(), UTC)
        yield tuple(
            Visit(
                start + i,
                day,
                replace(
                    contexts[who[i]], now=midnight + timedelta(seconds=int(moments[i])), surface=str(where[i])
                ),
            )
            for i in range(size)
        )


def surface_weights(
    pattern: VisitPattern, wanted: Sequence[str], grids: Sequence[str]
) -> Mapping[str, float]:
    """Weights of the `wanted` surfaces, or of all that the pattern names and that have a grid.

    A wanted surface that the pattern does not name weighs 1. Raises UnknownSurfaceError for one
    without a grid.
    """
    for surface in wanted:
        if surface not in grids:
            raise UnknownSurfaceError(surface, tuple(grids))
    if wanted:
        return {surface: pattern.surfaces.get(surface, 1.0) for surface in wanted}
    known = {surface: weight for surface, weight in pattern.surfaces.items() if surface in grids}
    return known or dict.fromkeys(grids, 1.0)


def _hours(pattern: VisitPattern, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return rng.choice(len(pattern.hours), size=size, p=_shares(pattern.hours))


def _shares(weights: Sequence[float]) -> NDArray[np.float64]:
    total = sum(weights)
    return np.array([weight / total for weight in weights])
