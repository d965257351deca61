"""What an option is worth in a slot, as integers that are the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from layout.errors import InvalidScoresError
from layout.types import Floats, Grid, Ints, Page, Problem, Rule

MAX_VALUE: Final = 1 << 47
"""Values are below this, so that pages, prices and bounds add up exactly in int64."""

RESOLUTION: Final = 1 << 20
"""Distinct levels between no value and the largest value of a request: differences below are ties."""


@dataclass(frozen=True, slots=True, eq=False)
class PageValues:
    """`values` (n, K) int64, and the `unit` of them that one point of score in a fully examined slot is."""

    values: Ints
    unit: int


def page_values(scores: NDArray[np.floating], grid: Grid, ids: tuple[str, ...]) -> PageValues:
    """Value of each option in each slot: examination × score on a common integer scale.

    `scores` (n,) or (n, K): expected reward if examined, any unit, higher is better, negative allowed. `ids`
    (n,): ties between equal values go to the smaller id, earlier slots first, never to the input order.

    The scale maps the largest |examination × score| to `RESOLUTION`, or to fewer levels where many options
    and slots need the room; each level leaves room below for the tie-break of a whole page, so that a
    tie-break never outweighs a level. Raises InvalidScoresError for NaN, infinite or misshapen scores.
    """
    size, n = len(grid.slots), len(ids)
    examination = np.array([slot.examination for slot in grid.slots])
    worth = examination * _checked(scores, n, size).reshape(n, -1)
    top = float(np.abs(worth).max(initial=0.0)) or 1.0
    room = 1 + max(n - 1, 0) * size * (size + 1) // 2
    resolution = max(1, min(RESOLUTION, (MAX_VALUE - 1) // room - 1))
    levels = np.rint(worth / top * resolution).astype(np.int64)
    per_score = max(1, round(min(resolution / top, MAX_VALUE / room)))
    return PageValues(levels * room + _tie_break(ids, size), per_score * room)


def penalties(problem: Problem) -> tuple[int, ...]:
    """What each rule's excess costs per unit of its rows, in units of `Problem.values`; 0 for hard rules.

    A penalty beyond what outweighs every difference between two pages is cut off there.
    """
    if all(rule.weight is None for rule in problem.rules):
        return (0,) * len(problem.rules)
    most = 4 * len(problem.grid.slots) * max(1, int(np.abs(problem.values).max(initial=0)))
    return tuple(_penalty(rule, problem.unit, most) for rule in problem.rules)


def _penalty(rule: Rule, unit: int, most: int) -> int:
    return 0 if rule.weight is None else max(1, min(round(rule.weight * unit / rule.SCALE), most))


def page_worth(values: Ints, page: Page) -> int:
    """The value of a page: Σ over its slots of values[page[k], k]."""
    return int(values[list(page), np.arange(len(page))].sum())


def _checked(scores: NDArray[np.floating], n: int, size: int) -> Floats:
    checked: Floats = np.asarray(scores, dtype=np.float64)
    if checked.shape not in ((n,), (n, size)):
        raise InvalidScoresError(
            f"scores have shape {checked.shape}: give ({n},) or ({n}, {size}), one per shelf"
        )
    if not np.isfinite(checked).all():
        where = np.argwhere(~np.isfinite(checked))[0].tolist()
        raise InvalidScoresError(
            f"scores{where} = {checked[tuple(where)]}: give a finite number for every shelf"
        )
    return checked


def _tie_break(ids: tuple[str, ...], size: int) -> Ints:
    """Rank from the back of the id order, weighted so that earlier slots prefer smaller ids: (n, K)."""
    rank = np.empty(len(ids), dtype=np.int64)
    rank[sorted(range(len(ids)), key=lambda s: ids[s])] = np.arange(len(ids))[::-1]
    return rank[:, None] * np.arange(size, 0, -1)
