"""Which options a rule speaks about, and which requests it applies to: conditions on named values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isnan
from types import MappingProxyType
from typing import Final

import numpy as np

from layout.errors import InvalidSelectorError
from layout.types import Attribute, Mask

Typed = tuple[bool, Attribute]
"""A value and whether it is a boolean: True and 1 are different values, as they are in a rulebook file."""


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `at_least` to `at_most`, both included; None is no limit. Booleans are no numbers."""

    at_least: float | None = None
    at_most: float | None = None

    def __post_init__(self) -> None:
        for name in ("at_least", "at_most"):
            value = getattr(self, name)
            if value is not None and not _is_number(value):
                raise InvalidSelectorError(name, value, "use a number or leave it out")
        if self.at_least is None and self.at_most is None:
            raise InvalidSelectorError("at_least", None, "give at_least, at_most or both")
        if self.at_least is not None and self.at_most is not None and self.at_most < self.at_least:
            raise InvalidSelectorError("at_most", self.at_most, f"use at least {self.at_least}")

    def holds(self, value: Attribute) -> bool:
        """Whether the value is a number in the range."""
        if not _is_number(value):
            return False
        number = float(value)
        return (self.at_least is None or number >= self.at_least) and (
            self.at_most is None or number <= self.at_most
        )


Allowed = Attribute | tuple[Attribute, ...] | list[Attribute] | Range
Condition = frozenset[Typed] | Range


@dataclass(frozen=True, slots=True)
class Selector:
    """Everything whose named values meet all conditions of `match` and the nested selectors.

    `match` maps a name to a value, to several allowed values or to a `Range`. Of `any_of` at least one must
    hold, of `all_of` every one, of `none_of` none. An empty selector holds for everything; what lacks a value
    does not match on it. Raises InvalidSelectorError for an empty name, value or set of values.
    """

    match: Mapping[str, Allowed] = field(default_factory=dict, compare=False)
    any_of: tuple[Selector, ...] = ()
    all_of: tuple[Selector, ...] = ()
    none_of: tuple[Selector, ...] = ()
    _conditions: Mapping[str, Condition] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        normal = {name: _normal(name, value) for name, value in self.match.items()}
        object.__setattr__(self, "match", MappingProxyType(normal))
        conditions = {name: _condition(value) for name, value in normal.items()}
        object.__setattr__(self, "_conditions", conditions)

    def names(self) -> frozenset[str]:
        """Every name that the selector looks at."""
        nested = (one.names() for one in (*self.any_of, *self.all_of, *self.none_of))
        return frozenset(self.match).union(*nested)

    def over(self, count: int, where: Callable[[str, Condition], Mask]) -> Mask:
        """Which of `count` things match: (count,) bool, given `where` each condition holds."""
        masks = [where(name, condition) for name, condition in self._conditions.items()]
        masks += [one.over(count, where) for one in self.all_of]
        if self.any_of:
            masks.append(np.logical_or.reduce([one.over(count, where) for one in self.any_of]))
        masks += [~one.over(count, where) for one in self.none_of]
        if not masks:
            return np.ones(count, dtype=np.bool_)
        return masks[0] if len(masks) == 1 else np.logical_and.reduce(masks)

    def holds(self, facts: Mapping[str, Attribute]) -> bool:
        """Whether one set of named values matches."""

        def where(name: str, condition: Condition) -> Mask:
            return np.array([name in facts and meets(typed(facts[name]), condition)])

        return bool(self.over(1, where)[0])


EVERY: Final = Selector()
"""The selector that holds for everything."""


def typed(value: Attribute) -> Typed:
    """A value that is equal to another exactly when a rulebook means the same by both."""
    return (isinstance(value, bool), value)


def meets(value: Typed, condition: Condition) -> bool:
    """Whether a typed value meets a condition."""
    return condition.holds(value[1]) if isinstance(condition, Range) else value in condition


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not isnan(value)


def _condition(allowed: tuple[Attribute, ...] | Range) -> Condition:
    return allowed if isinstance(allowed, Range) else frozenset(typed(value) for value in allowed)


def _normal(name: str, value: Allowed) -> tuple[Attribute, ...] | Range:
    if not name:
        raise InvalidSelectorError("match", name, "name an attribute")
    if isinstance(value, Range):
        return value
    values = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not values:
        raise InvalidSelectorError(name, value, "allow at least one value, or leave the attribute out")
    for one in values:
        if one == "" or (isinstance(one, float) and isnan(one)):
            raise InvalidSelectorError(name, one, "use non-empty texts, booleans or numbers")
    return values
