"""Which shelves a rule speaks about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from layout.errors import InvalidRuleError
from layout.types import Attribute, LayoutShelf, Mask

Allowed = Attribute | tuple[Attribute, ...] | list[Attribute]


@dataclass(frozen=True, slots=True)
class Selector:
    """Shelves whose every named attribute has one of the allowed values.

    `match` maps an attribute to a value or to several allowed values. An empty selector matches every shelf;
    a shelf without the attribute does not match. `id` selects on the shelf's id. True and 1 are different
    values, as they are in a rulebook file. Raises InvalidRuleError for an empty name, value or set of values.
    """

    match: Mapping[str, Allowed] = field(default_factory=dict)
    _wanted: Mapping[str, frozenset[tuple[bool, Attribute]]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        normal = {name: _as_tuple(name, value) for name, value in self.match.items()}
        object.__setattr__(self, "match", MappingProxyType(normal))
        wanted = {name: frozenset(_typed(v) for v in values) for name, values in normal.items()}
        object.__setattr__(self, "_wanted", wanted)

    def mask(self, shelves: tuple[LayoutShelf, ...]) -> Mask:
        """Which shelves match: (n,) bool."""
        mask = np.ones(len(shelves), dtype=np.bool_)
        for name, wanted in self._wanted.items():
            mask &= np.array(_matches(shelves, name, wanted), dtype=np.bool_)
        return mask


def _matches(
    shelves: tuple[LayoutShelf, ...], name: str, wanted: frozenset[tuple[bool, Attribute]]
) -> list[bool]:
    # Most selectors compare texts only, for which no care about True and 1 is needed and a set suffices.
    texts = {value for _, value in wanted if isinstance(value, str)}
    if name != "id" and len(texts) == len(wanted):
        return [shelf.attributes.get(name) in texts for shelf in shelves]
    return [_typed(attribute(shelf, name)) in wanted for shelf in shelves]


def attribute(shelf: LayoutShelf, name: str) -> Attribute:
    """The shelf's attribute, its id for the name `id`, or "" where it has none."""
    value = shelf.attributes.get(name)
    if value is not None:
        return value
    return shelf.id if name == "id" else ""


def _typed(value: Attribute) -> tuple[bool, Attribute]:
    return (value is True or value is False, value)


def _as_tuple(name: str, value: Allowed) -> tuple[Attribute, ...]:
    values = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not name:
        raise InvalidRuleError("selector", "match", name, "name a shelf attribute")
    if not values:
        raise InvalidRuleError(
            "selector", name, value, "allow at least one value, or leave the attribute out"
        )
    for one in values:
        if one == "":
            raise InvalidRuleError("selector", name, one, "use non-empty texts, booleans or numbers")
    return values
