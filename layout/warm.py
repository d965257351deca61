"""Compile every kernel ahead of the first request: about half a minute once, then read back from disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final

import numpy as np

from layout.bound import upper_bound
from layout.compiled import compiled
from layout.completion import completion, ranked
from layout.dealing import Dealing, reserved
from layout.inputs import Inputs
from layout.linear import Relaxation
from layout.lookahead import LookAhead
from layout.rows import Rows, one
from layout.rules.item_overlap import ItemOverlap, all_pairs
from layout.search import best_within, improved
from layout.types import Grid, Ints, LayoutShelf, Page, Pages, Problem, Slot


@dataclass(frozen=True, slots=True)
class _FewOfTheFirst:
    """At most one of the first two options: a rule to have a row."""

    SCALE: ClassVar[int] = 1

    id: str = "few"
    weight: float | None = None
    relaxation: int | None = None

    def rows(self, inputs: Inputs) -> Rows:
        """One row over the whole page."""
        return one(np.arange(inputs.n) < 2, np.ones(inputs.slots, dtype=np.int64), hi=1)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """By how much each of the `pages` (b, K) goes beyond: (b,)."""
        return self.rows(inputs).excess(pages)


_SHELVES: Final = tuple(LayoutShelf(name) for name in "abcd")
_PROBLEM: Final = Problem(
    _SHELVES,
    Grid("any", (Slot(1.0), Slot(0.5)), 8),
    (_FewOfTheFirst(),),
    np.arange(8, 0, -1, dtype=np.int64).reshape(4, 2),
)
_PAGE: Final[Page] = (0, 2)


def _bound() -> None:
    rows = compiled(_PROBLEM)
    best_within(rows, upper_bound(rows, 0, 2), 0, 10)


def _relaxation() -> None:
    rows = compiled(_PROBLEM)
    few = np.zeros_like(rows.cells)
    few[2:] = True
    root = Relaxation.of(rows, rows.cells, few)
    root.bound()
    root.solve(0)
    part = root.only(np.arange(len(root.slot)))
    part.split()
    part.shares()
    part.copy().choose(part.live[:1])


def _look_ahead() -> None:
    LookAhead(_PROBLEM, _PAGE).supported(())


def _shared_items() -> None:
    inputs = Inputs(tuple(LayoutShelf(name, items=(1, 2, 3)) for name in "abc"), _PROBLEM.grid)
    ItemOverlap(id="own", min_items=2).rows(inputs)
    all_pairs(inputs, np.arange(inputs.n), 2)
    Dealing(ItemOverlap(id="own", min_items=2), inputs).against((0, 1))
    reserved(((1, 2), (2, 3)), (1, 1))


def _feasible() -> None:
    completion(compiled(_PROBLEM), ranked(compiled(_PROBLEM).values))


STEPS: Final[Mapping[str, Callable[[], object]]] = MappingProxyType(
    {
        "rows": lambda: compiled(_PROBLEM).worth(_PAGE),
        "search": _feasible,
        "improvement": lambda: improved(compiled(_PROBLEM), _PAGE, 2),
        "bound": _bound,
        "linear relaxation": _relaxation,
        "shared items": _shared_items,
        "look-ahead": _look_ahead,
    }
)
"""What is compiled → the call that does it, for whoever wants to show progress."""


def warm() -> None:
    """Compile what is not on disk yet, and load the rest."""
    for step in STEPS.values():
        step()
