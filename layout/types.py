"""The layout problem as data, and the answer to it. No solver is known here.

A page puts exactly one shelf in each of the K slots of a grid, top slot first, and no shelf twice. It is
written as a tuple of K shelf indices. Every rule speaks in `Row`s, linear constraints on that assignment, so
that any solver, the look-ahead and the reductions can be built from the same data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Pages = NDArray[np.int64]
"""A batch of pages (b, K): the shelf index in each slot."""

Page = tuple[int, ...]
Attribute = str | bool | float


@dataclass(frozen=True, slots=True)
class Slot:
    """A place on the page. `examination` in (0, 1] is the probability that a listener looks at it."""

    examination: float
    fold: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """A surface's arrangement of slots, top first, and how many items a shelf shows there."""

    surface: str
    slots: tuple[Slot, ...]
    items_per_shelf: int
    version: str = "1"


@dataclass(frozen=True, slots=True)
class LayoutShelf:
    """A shelf as layout sees it: an id, attributes that rules select on, and the items it may show."""

    id: str
    attributes: Mapping[str, Attribute] = field(default_factory=lambda: MappingProxyType({}))
    items: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One linear constraint: lo ≤ Σ over slots k in `slots` of coef[page[k]] ≤ hi.

    `coef` (n,) int64, one coefficient per shelf; `slots` (K,) bool, the slots that count.
    """

    rule_id: str
    coef: Ints
    slots: Mask
    lo: int
    hi: int


class Rule(Protocol):
    """A business or diversity rule. One class per kind, in `layout/rules/`.

    `check` is written against the rule's meaning, not against its rows: the checker must not share the
    translation it is there to verify.
    """

    @property
    def id(self) -> str:
        """The rule's name, unique in its rulebook."""
        ...

    @property
    def relaxation(self) -> int | None:
        """Order in which the rule may be dropped when no page is feasible, lowest first; None is never."""
        ...

    def rows(self, shelves: tuple[LayoutShelf, ...], grid: Grid) -> tuple[Row, ...]:
        """The rule as linear constraints on the assignment of these shelves to this grid."""
        ...

    def check(self, shelves: tuple[LayoutShelf, ...], grid: Grid, pages: Pages) -> Mask:
        """Which of the `pages` (b, K) obey the rule: (b,) bool."""
        ...


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Problem:
    """One page to lay out.

    `values` (n, K) int64: what shelf s is worth in slot k. Integer, so that optima are exact and the same on
    every machine; `layout.objective` makes it from scores and examination.
    """

    shelves: tuple[LayoutShelf, ...]
    grid: Grid
    rules: tuple[Rule, ...]
    values: Ints


class Status(StrEnum):
    """How much is proven about a page.

    OPTIMAL: no page that obeys the rules is worth more. FEASIBLE: valid, with a gap. RELAXED: optimal or
    feasible only after the named rules were dropped. FALLBACK: the solver failed or ran out of time and a
    greedy page was taken. INFEASIBLE: no page of any length exists (only without shelves).
    """

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    RELAXED = "relaxed"
    FALLBACK = "fallback"
    INFEASIBLE = "infeasible"


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to a `Problem`.

    `page` may be shorter than the grid when the shelves do not suffice. `objective` and `bound` are in units
    of `Problem.values`; `gap` = (bound − objective) / max(1, |objective|). `relaxed` names dropped rules.
    `proof` says what proved the bound. `seconds` are wall-clock by phase, for people, never for decisions.
    """

    page: Page
    status: Status
    objective: int
    bound: int
    relaxed: tuple[str, ...] = ()
    proof: str = ""
    seconds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def gap(self) -> float:
        """Relative distance between the proven bound and the page; 0 for an optimal page."""
        return (self.bound - self.objective) / max(1, abs(self.objective))
