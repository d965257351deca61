"""What a shelf is worth in a slot, as integers that are the same on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layout.errors import InvalidScoresError
from layout.types import Grid, Ints, Page

RESOLUTION = 1 << 20
"""Distinct levels between no value and the largest value of a request: differences below are ties."""


def page_values(scores: NDArray[np.floating], grid: Grid, ids: tuple[str, ...]) -> Ints:
    """Value of each shelf in each slot: (n, K) int64, examination × score on a common integer scale.

    `scores` (n,) or (n, K): expected reward if examined, any unit, higher is better, negative allowed. `ids`
    (n,): ties between equal values go to the smaller id, earlier slots first, never to the input order.

    The scale maps the largest |examination × score| to `RESOLUTION`; each level leaves room below for the
    tie-break of a whole page, so a tie-break never outweighs a level. For up to 1,000 shelves on 20 slots, or
    100 on 50, values stay below 2⁴⁷, so that pages sum exactly in float64 and CP-SAT's int64 objective.
    Raises InvalidScoresError for NaN, infinite or misshapen scores.
    """
    size, n = len(grid.slots), len(ids)
    scores = np.asarray(scores, dtype=np.float64)
    if scores.shape not in ((n,), (n, size)):
        raise InvalidScoresError(
            f"scores have shape {scores.shape}: give ({n},) or ({n}, {size}), one per shelf"
        )
    if not np.isfinite(scores).all():
        where = np.argwhere(~np.isfinite(scores))[0].tolist()
        raise InvalidScoresError(
            f"scores{where} = {scores[tuple(where)]}: give a finite number for every shelf"
        )
    examination = np.array([slot.examination for slot in grid.slots])
    worth = examination * scores.reshape(n, -1)
    top = float(np.abs(worth).max(initial=0.0))
    levels = np.rint(worth / top * RESOLUTION).astype(np.int64) if top else np.zeros(worth.shape, np.int64)
    room = 1 + (n - 1) * size * (size + 1) // 2
    return levels * room + _tie_break(ids, size)


def page_worth(values: Ints, page: Page) -> int:
    """The value of a page: Σ over its slots of values[page[k], k]."""
    return int(values[list(page), np.arange(len(page))].sum())


def _tie_break(ids: tuple[str, ...], size: int) -> Ints:
    """Rank from the back of the id order, weighted so that earlier slots prefer smaller ids: (n, K)."""
    rank = np.empty(len(ids), dtype=np.int64)
    rank[sorted(range(len(ids)), key=lambda s: ids[s])] = np.arange(len(ids))[::-1]
    return rank[:, None] * np.arange(size, 0, -1)
