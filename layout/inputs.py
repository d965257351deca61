"""What rules read: the options' attributes as columns, the grid and the request's context."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from layout.errors import InvalidProblemError
from layout.selector import Condition, Selector, Typed, meets
from layout.types import Attribute, Floats, Grid, Ints, LayoutShelf, Mask, PageContext

MAX_NUMBER: Final = 1e6
"""Attributes that rules add up are within it, so that the sums of a page fit the rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One attribute of all options: `codes` (n,) index into the distinct `values`."""

    codes: Ints
    values: tuple[Typed, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """The options, the grid and the context of one page, with columns and masks that are made once.

    Besides the options' own attributes there are `id` (of the shelf), `presentation` and `height` (of the
    option's presentation, 1 where the grid does not say). What an option lacks is "".
    """

    shelves: tuple[LayoutShelf, ...]
    grid: Grid
    context: PageContext = field(default_factory=PageContext)
    _columns: dict[str, Column] = field(init=False, repr=False, default_factory=dict)
    _masks: dict[int, tuple[Selector, Mask]] = field(init=False, repr=False, default_factory=dict)

    @property
    def n(self) -> int:
        """Number of options."""
        return len(self.shelves)

    @property
    def slots(self) -> int:
        """Number of slots, K."""
        return len(self.grid.slots)

    def column(self, name: str) -> Column:
        """The attribute `name` of all options."""
        known = self._columns.get(name)
        if known is None:
            known = self._columns[name] = _column(self._values(name))
        return known

    def mask(self, selector: Selector) -> Mask:
        """Which options the selector matches: (n,) bool. Not to be written to."""
        known = self._masks.get(id(selector))
        if known is None:
            # The selector is kept beside its mask so that its id is not given to another one.
            known = self._masks[id(selector)] = (selector, selector.over(self.n, self._where))
        return known[1]

    def numbers(self, name: str) -> Floats:
        """The attribute as numbers: (n,) float64, 0 where it is missing or no number.

        Raises InvalidProblemError for a number that is not finite, or too large to add up exactly.
        """
        column = self.column(name)
        each = [float(v) if isinstance(v, int | float) and not flag else 0.0 for flag, v in column.values]
        wrong = [one for one in each if not abs(one) <= MAX_NUMBER]
        if wrong:
            raise InvalidProblemError(
                f"attribute {name!r} is {wrong[0]} for a shelf: use finite numbers within {MAX_NUMBER:g}"
            )
        return np.array(each, dtype=np.float64)[column.codes]

    def shelf_count(self, mask: Mask) -> int:
        """How many shelves the options of a mask (n,) show, each counted once."""
        codes = self.column("id").codes[mask]
        return int(np.count_nonzero(np.bincount(codes))) if len(codes) else 0

    def truthy(self, name: str) -> Mask:
        """Where the attribute is true, a non-empty text or a non-zero number: (n,) bool."""
        column = self.column(name)
        return np.array([bool(value) for _, value in column.values], dtype=np.bool_)[column.codes]

    def _values(self, name: str) -> list[Attribute]:
        if name == "id":
            return [shelf.group for shelf in self.shelves]
        if name == "presentation":
            return [shelf.presentation for shelf in self.shelves]
        if name == "height":
            known = self.grid.presentations
            heights = {one: float(known[one].height) for one in known}
            return [heights.get(shelf.presentation, 1.0) for shelf in self.shelves]
        return [shelf.attributes.get(name, "") for shelf in self.shelves]

    def _where(self, name: str, condition: Condition) -> Mask:
        column = self.column(name)
        held = [value != (False, "") and meets(value, condition) for value in column.values]
        return np.array(held, dtype=np.bool_)[column.codes]


def _column(values: list[Attribute]) -> Column:
    if set(map(type, values)) == {str}:
        place = {value: code for code, value in enumerate(dict.fromkeys(values))}
        codes = np.array([place[value] for value in values], dtype=np.int64)
        return Column(codes, tuple((False, value) for value in place))
    known: dict[Typed, int] = {}
    numbers = [known.setdefault((value is True or value is False, value), len(known)) for value in values]
    return Column(np.array(numbers, dtype=np.int64), tuple(known))
