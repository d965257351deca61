"""What rules read: the options' attributes as columns, the grid and the request's context."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Self
from weakref import WeakKeyDictionary

import numpy as np

from layout.errors import InvalidProblemError
from layout.selector import Condition, Selector, Typed, meets, typed
from layout.types import Attribute, Floats, Grid, Ints, LayoutShelf, Mask, PageContext, Problem

MAX_NUMBER: Final = 1e6
"""Attributes that rules add up are within it, so that the sums of a page fit the rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One attribute of all options: `codes` (n,) index into the distinct `values`, which are in order.

    `place` gives each value's code.
    """

    codes: Ints
    values: tuple[Typed, ...]
    place: Mapping[Typed, int]


@dataclass(frozen=True, eq=False)
class Inputs:
    """The options, the grid and the context of one page, with columns and masks that are made once.

    Besides the options' own attributes there are `id` (of the shelf), `presentation` and `height` (of the
    option's presentation, 1 where the grid does not say). What an option lacks is "".
    """

    shelves: tuple[LayoutShelf, ...]
    grid: Grid
    context: PageContext = field(default_factory=PageContext)
    source: Inputs | None = field(default=None, repr=False)
    order: Ints | None = field(default=None, repr=False)
    """The same options in another order, where option i is number `order[i]` of the `source`."""

    _columns: dict[str, Column] = field(init=False, repr=False, default_factory=dict)
    _masks: dict[int, tuple[Selector, Mask]] = field(init=False, repr=False, default_factory=dict)

    @classmethod
    def of(cls, problem: Problem) -> Inputs:
        """What the problem's rules read, made once per problem."""
        known = _MEMO.get(problem)
        if known is None:
            known = _MEMO[problem] = cls(problem.shelves, problem.grid, problem.context)
        return known

    def ordered(self, order: Ints) -> Self:
        """The options in another order (n,), on the same columns and masks."""
        shelves = tuple([self.shelves[s] for s in order.tolist()])
        return type(self)(shelves, self.grid, self.context, self, order)

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
            known = self._columns[name] = self._column(name)
        return known

    def mask(self, selector: Selector) -> Mask:
        """Which options the selector matches: (n,) bool. Not to be written to."""
        known = self._masks.get(id(selector))
        if known is None:
            # The selector is kept beside its mask so that its id is not given to another one.
            known = self._masks[id(selector)] = (selector, self._mask(selector))
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
        if self.single:
            return int(np.count_nonzero(mask))
        return int(np.count_nonzero(np.bincount(self.column("id").codes[mask], minlength=1)))

    @cached_property
    def single(self) -> bool:
        """Whether every option shows a shelf of its own."""
        if self.source is not None:
            return self.source.single
        return len(set(self.groups)) == self.n

    @cached_property
    def groups(self) -> list[str]:
        """The shelf that each option shows."""
        return [shelf.shelf or shelf.id for shelf in self.shelves]

    def truthy(self, name: str) -> Mask:
        """Where the attribute is true, a non-empty text or a non-zero number: (n,) bool."""
        column = self.column(name)
        return np.array([bool(value) for _, value in column.values], dtype=np.bool_)[column.codes]

    def _values(self, name: str) -> list[Attribute]:
        if name == "id":
            return list(self.groups)
        if name == "presentation":
            return [shelf.presentation for shelf in self.shelves]
        if name == "height":
            known = self.grid.presentations
            heights = {one: float(known[one].height) for one in known}
            return [heights.get(shelf.presentation, 1.0) for shelf in self.shelves]
        return [shelf.attributes.get(name, "") for shelf in self.shelves]

    def _column(self, name: str) -> Column:
        if self.source is None or self.order is None:
            return _column(self._values(name))
        column = self.source.column(name)
        return Column(column.codes[self.order], column.values, column.place)

    def _mask(self, selector: Selector) -> Mask:
        if self.source is None or self.order is None:
            return selector.over(self.n, self._where)
        mask: Mask = self.source.mask(selector)[self.order]
        return mask

    def _where(self, name: str, condition: Condition) -> Mask:
        column = self.column(name)
        if isinstance(condition, frozenset):
            codes = [column.place[value] for value in condition if value in column.place]
        else:
            codes = [code for code, value in enumerate(column.values) if meets(value, condition)]
        if len(codes) == 1:
            only: Mask = column.codes == codes[0]
            return only
        held = np.zeros(len(column.values), dtype=np.bool_)
        held[codes] = True
        mask: Mask = held[column.codes]
        return mask


_MEMO: Final[WeakKeyDictionary[Problem, Inputs]] = WeakKeyDictionary()


def _column(values: list[Attribute]) -> Column:
    kinds = set(map(type, values))
    if len(kinds) == 1:
        flag = bool in kinds
        place = {value: code for code, value in enumerate(sorted(set(values)))}
        known = {(flag, value): code for value, code in place.items()}
        codes = np.fromiter(map(place.__getitem__, values), np.int64, len(values))
        return Column(codes, tuple(known), known)
    each = [typed(value) for value in values]
    known = {value: code for code, value in enumerate(sorted(set(each), key=_rank))}
    return Column(np.array([*map(known.__getitem__, each)], dtype=np.int64), tuple(known), known)


def _rank(value: Typed) -> tuple[bool, bool, float, str]:
    """Values in an order that does not depend on that of the options: numbers, texts, booleans."""
    flag, one = value
    return (flag, isinstance(one, str), 0.0 if isinstance(one, str) else float(one), str(one))
