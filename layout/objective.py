"""What an option is worth in a slot, as integers that are the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from layout.errors import InvalidScoresError
from layout.inputs import Inputs
from layout.rows import Rows, none
from layout.types import Floats, Grid, Ints, Page, Problem, Rule

MAX_VALUE: Final = 1 << 47
"""Values are below this, so that pages, prices and bounds add up exactly in int64."""

_LINEAR_UP_TO: Final = 1 << 42

_MOST_PAID: Final = 1 << 58
"""What all soft rules together cost at most, so that it adds up with values and prices in int64."""

_NOTHING: Final = 1e-200
"""Scores up to it are none, because what a weight costs beside them would be no number."""

RESOLUTION: Final = 1 << 20
"""Distinct levels between no value and the largest value of a request: differences below are ties."""


@dataclass(frozen=True, slots=True, eq=False)
class PageValues:
    """`values` (n, K) int64, and the `unit` of them that one point of score in a fully examined slot is."""

    values: Ints
    unit: float


def page_values(scores: NDArray[np.floating], grid: Grid, ids: tuple[str, ...]) -> PageValues:
    """Value of each option in each slot: examination × score on a common integer scale.

    `scores` (n,) or (n, K): expected reward if examined, any unit, higher is better, negative allowed. `ids`
    (n,): ties between equal values go to the smaller id, earlier slots first, never to the input order.

    The scale maps the largest |examination × score| to `RESOLUTION`, or to fewer levels where many options
    and slots need the room; each level leaves room below for the tie-break of a whole page, so that a
    tie-break never outweighs a level. Raises InvalidScoresError for NaN, infinite or misshapen scores, and
    for examination outside (0, 1].
    """
    size, n = len(grid.slots), len(ids)
    if not n:
        return PageValues(np.zeros((0, size), dtype=np.int64), 1)
    examination = np.array([slot.examination for slot in grid.slots], dtype=np.float64)
    if not ((examination > 0.0) & (examination <= 1.0)).all():
        raise InvalidScoresError(f"examination = {examination.tolist()}: give every slot a share in (0, 1]")
    worth = examination * _checked(scores, n, size).reshape(n, -1)
    top = float(np.abs(worth).max(initial=0.0))
    top = top if top > _NOTHING else 1.0
    room = 1 + max(n - 1, 0) * size * (size + 1) // 2
    resolution = max(1, min(RESOLUTION, (MAX_VALUE - 1) // room - 1))
    levels = np.rint(worth / top * resolution).astype(np.int64)
    return PageValues(levels * room + _tie_break(ids, size), resolution / top * room)


def penalties(problem: Problem, blocks: Sequence[Rows] | None = None) -> tuple[int, ...]:
    """What each rule's excess costs per unit of its rows, in units of `Problem.values`; 0 for hard rules.

    Beyond a limit that outweighs every difference between two pages a penalty grows with the logarithm of the
    weight only: which rule is dearer stays, and cheaper rules keep their price. Where the excess can be so
    large that what a page pays would not fit int64, a penalty is what just fits. `blocks` are the rules'
    rows, if they are known.
    """
    known = _MEMO.get(problem)
    if known is None:
        known = _MEMO[problem] = _penalties(problem, blocks)
    return known


_MEMO: Final[WeakKeyDictionary[Problem, tuple[int, ...]]] = WeakKeyDictionary()


def _penalties(problem: Problem, blocks: Sequence[Rows] | None) -> tuple[int, ...]:
    soft = sum(rule.weight is not None for rule in problem.rules)
    if not soft or not problem.shelves:
        return tuple(int(rule.weight is not None) for rule in problem.rules)
    outweighing = 4 * len(problem.grid.slots) * int(np.abs(problem.values).max(initial=0))
    limit = max(_LINEAR_UP_TO, outweighing)
    if blocks is None:
        inputs, hard = Inputs.of(problem), none(len(problem.shelves), len(problem.grid.slots))
        blocks = [hard if rule.weight is None else rule.rows(inputs) for rule in problem.rules]
    most = _MOST_PAID // soft
    return tuple(
        0 if rule.weight is None else _penalty(rule, rule.weight, problem.unit, limit, most, rows)
        for rule, rows in zip(problem.rules, blocks, strict=True)
    )


def _penalty(rule: Rule, weight: float, unit: float, limit: int, most_paid: int, rows: Rows) -> int:
    most = most_paid // max(1, rows.most_excess())
    exact = weight * unit / rule.SCALE
    penalty = round(exact) if exact <= limit else round(limit * (1.0 + log2(exact / limit)))
    return max(1, min(penalty, most))


def page_worth(values: Ints, page: Page) -> int:
    """The value of a page: Σ over its slots of values[page[k], k]."""
    return int(values[list(page), np.arange(len(page))].sum())


def _checked(scores: NDArray[np.floating], n: int, size: int) -> Floats:
    try:
        checked: Floats = np.asarray(scores, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidScoresError(f"scores are no numbers: {error}; give one per shelf") from error
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
