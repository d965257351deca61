"""Random small problems whose rules are arbitrary rows: whatever a rule kind may ever ask of the solver."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import numpy as np

from layout.inputs import Inputs
from layout.objective import penalties
from layout.rows import NO_LIMIT, Rows
from layout.types import Grid, Ints, LayoutShelf, Page, Pages, Presentation, Problem, Slot

_SHOWN = ("a", "b")


@dataclass(frozen=True)
class MadeRule:
    """A rule that is what its rows say."""

    SCALE: ClassVar[int] = 1

    id: str
    made: Rows
    weight: float | None = None
    relaxation: int | None = None

    def rows(self, inputs: Inputs) -> Rows:
        """The rows, for the options in order of ids and as many slots as the grid has."""
        order = [int(shelf.id[1:]) for shelf in inputs.shelves]
        made = self.made
        return Rows(made.coefs[:, order], made.weights[:, : inputs.slots], made.terms, made.lo, made.hi)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """By how much the pages lie outside the rows' limits."""
        return self.rows(inputs).excess(pages)


def random_problem(seed: int, *, relaxable: bool = True) -> Problem:
    """Two to five shelves of one or two options, up to four slots, up to six rules, a third of them soft."""
    rng = np.random.default_rng(seed)
    shelves = _shelves(rng)
    size = int(rng.integers(1, 5))
    slots = tuple(
        Slot(0.9**k, 0, _SHOWN[: rng.integers(1, 3)] if rng.random() < 0.4 else ()) for k in range(size)
    )
    grid = Grid("phone", slots, 8, presentations={name: Presentation() for name in _SHOWN})
    rules = []
    for i in range(int(rng.integers(0, 7))):
        soft = rng.random() < 1 / 3
        weight = float(rng.integers(1, 9)) if soft else None
        yields = int(rng.integers(4)) if relaxable and not soft else None
        rules.append(MadeRule(f"rule {i}", _rows(rng, len(shelves), size), weight, yields))
    values = rng.integers(-5, 40, size=(len(shelves), size)).astype(np.int64)
    return Problem(shelves, grid, tuple(rules), values, unit=int(rng.integers(1, 4)))


def feasible_pages(given: Problem) -> dict[Page, int]:
    """Every page that obeys the structure and all hard rules, with what it is worth less what it pays."""
    pages = [page for page in product(*_fitting(given)) if _distinct(given, page)]
    if not pages:
        return {}
    batch = np.array(pages, dtype=np.int64)
    inputs = Inputs(given.shelves, given.grid, given.context)
    worth = given.values[batch, np.arange(batch.shape[1])].sum(axis=1)
    kept = np.ones(len(batch), dtype=np.bool_)
    for rule, penalty in zip(given.rules, penalties(given), strict=True):
        excess = rule.excess(inputs, batch)
        if rule.weight is None:
            kept &= excess == 0
        worth -= penalty * excess
    return {page: int(total) for page, total, fine in zip(pages, worth, kept, strict=True) if fine}


def _fitting(given: Problem) -> list[list[int]]:
    return [
        [
            s
            for s, shelf in enumerate(given.shelves)
            if not slot.presentations or shelf.presentation in slot.presentations
        ]
        for slot in given.grid.slots
    ]


def _distinct(given: Problem, page: Page) -> bool:
    return len({given.shelves[s].group for s in page}) == len(page)


def _shelves(rng: np.random.Generator) -> tuple[LayoutShelf, ...]:
    made = []
    for g in range(int(rng.integers(2, 6))):
        shown = _SHOWN if rng.random() < 0.3 else (_SHOWN[int(rng.integers(2))],)
        made += [(f"g{g}", name) for name in shown]
    order = rng.permutation(len(made)).tolist()
    return tuple(LayoutShelf(f"s{i}", {}, (), made[i][1], made[i][0]) for i in order)


def _rows(rng: np.random.Generator, n: int, size: int) -> Rows:
    coefs = rng.integers(-1, 3, size=(int(rng.integers(1, 4)), n))
    if rng.random() < 0.6:
        coefs = np.minimum(np.abs(coefs), 1)
    weights = rng.integers(0, 3, size=(int(rng.integers(1, 4)), size))
    if rng.random() < 0.6:
        weights = np.minimum(weights, 1)
    terms, lo, hi = [], [], []
    for r in range(int(rng.integers(1, 4))):
        terms += [
            (r, int(rng.integers(len(coefs))), int(rng.integers(len(weights))))
            for _ in range(int(rng.integers(1, 4)))
        ]
        low = int(rng.integers(0, 3))
        lo.append(low if rng.random() < 0.4 else -NO_LIMIT)
        hi.append(low + int(rng.integers(0, 3)) if rng.random() < 0.7 else NO_LIMIT)
    return Rows(
        coefs.astype(np.int64),
        weights.astype(np.int64),
        np.array(terms, dtype=np.int64),
        np.array(lo, dtype=np.int64),
        np.array(hi, dtype=np.int64),
    )
