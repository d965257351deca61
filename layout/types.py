"""The layout problem as data, and the answer to it. No solver is known here.

What is placed on a page is an option: a shelf in one of its presentations (hero, carousel, grid, compact). A
page puts exactly one option in each of the K slots of a grid, top slot first, and no shelf twice. It is
written as a tuple of K option indices. Every rule speaks in `layout.rows.Rows`, linear constraints on that
assignment, so that any solver, the look-ahead and the reductions can be built from the same data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from layout.inputs import Inputs
    from layout.rows import Rows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Pages = NDArray[np.int64]
"""A batch of pages (b, K): the option index in each slot."""

Page = tuple[int, ...]
Attribute = str | bool | float


@dataclass(frozen=True, slots=True)
class Presentation:
    """A way to show a shelf: its height in rows of a carousel, the items it shows, how it draws the eye.

    `prominence` multiplies what a shelf is worth in this presentation.
    """

    height: int = 1
    items: int = 8
    prominence: float = 1.0


@dataclass(frozen=True, slots=True)
class Slot:
    """A place on the page. `examination` in (0, 1] is the probability that a listener looks at it.

    `presentations` are the names of those it can hold; none named is all of them.
    """

    examination: float
    fold: int = 0
    presentations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """A surface's arrangement of slots, top first, how many items a shelf shows, and its presentations."""

    surface: str
    slots: tuple[Slot, ...]
    items_per_shelf: int
    version: str = "1"
    presentations: Mapping[str, Presentation] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class LayoutShelf:
    """An option: a shelf as layout sees it, in one presentation.

    `attributes` are what rules select on, `items` what it may show. `shelf` names the shelf that the option
    shows, where that differs from its `id`; a page holds one option of a shelf at most.
    """

    id: str
    attributes: Mapping[str, Attribute] = field(default_factory=lambda: MappingProxyType({}))
    items: tuple[int, ...] = ()
    presentation: str = ""
    shelf: str = ""

    @property
    def group(self) -> str:
        """The shelf that the option shows."""
        return self.shelf or self.id


@dataclass(frozen=True, slots=True)
class PageContext:
    """What rules may know of the request.

    `facts` are what `when` conditions read (surface, market, hour). `previous` is the listener's previous
    page as shelf ids, top first. `taste` maps an attribute to the share of each of its values in the
    listener's history.
    """

    facts: Mapping[str, Attribute] = field(default_factory=lambda: MappingProxyType({}))
    previous: tuple[str, ...] = ()
    taste: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: MappingProxyType({}))


class Rule(Protocol):
    """A business or diversity rule. One class per kind, in `layout/rules/`.

    `excess` is written against the rule's meaning, not against its rows: the checker must not share the
    translation it is there to verify.
    """

    SCALE: ClassVar[int]
    """Units of the rows' sums in one unit of what the rule's weight is paid for."""

    @property
    def id(self) -> str:
        """The rule's name, unique in its rulebook."""
        ...

    @property
    def relaxation(self) -> int | None:
        """Order in which the rule may be dropped when no page is feasible, lowest first; None is never."""
        ...

    @property
    def weight(self) -> float | None:
        """What `SCALE` units of excess cost, in units of score; None makes the rule hard."""
        ...

    def rows(self, inputs: Inputs) -> Rows:
        """The rule as linear constraints on the assignment of the inputs' options to their grid."""
        ...

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """By how much each of the `pages` (b, K) breaks the rule: (b,) int64, 0 where it obeys."""
        ...


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Problem:
    """One page to lay out.

    `values` (n, K) int64: what option s is worth in slot k. Integer, so that optima are exact and the same on
    every machine; `layout.objective` makes it from scores and examination, with the `unit` that one point of
    score is worth, in which the weights of soft rules are counted.
    """

    shelves: tuple[LayoutShelf, ...]
    grid: Grid
    rules: tuple[Rule, ...]
    values: Ints
    unit: float = 1.0
    context: PageContext = field(default_factory=PageContext)


class Status(StrEnum):
    """How much is proven about a page.

    OPTIMAL: no page that obeys the rules is worth more. FEASIBLE: valid, with a gap. RELAXED: optimal or
    feasible only after the named rules were dropped. FALLBACK: the solver failed or ran out of time and the
    page in hand was taken. INFEASIBLE: no page of any length exists (only without shelves).
    """

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    RELAXED = "relaxed"
    FALLBACK = "fallback"
    INFEASIBLE = "infeasible"


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to a `Problem`.

    `page` may be shorter than the grid when the shelves do not suffice. `objective` is the page's value less
    what it pays for broken soft rules; it and `bound` are in units of `Problem.values`, and `gap` is
    (bound − objective) / max(1, |objective|). `relaxed` names dropped rules.
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
