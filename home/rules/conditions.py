"""The conditions of a rulebook file: from TOML tables to selectors.

A table maps names to a value, a list of values or a range `{ at_least, at_most }`. `any`, `all` and `not`
hold further tables (one, or a list of them).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from home.errors import ConfigurationError
from home.rules.vocabulary import Domain
from layout.errors import LayoutError
from layout.selector import Allowed, Range, Selector

_NESTED = {"any": "any_of", "all": "all_of", "not": "none_of"}


@dataclass(frozen=True, slots=True)
class Names:
    """What conditions can ask about: a `word` for one of them, which there are, and what values they have."""

    word: str
    there_are: str
    known: Mapping[str, Domain]

    def check(self, name: object, where: str) -> None:
        """Raises ConfigurationError for a name that is not known."""
        if name not in self.known:
            raise ConfigurationError(
                f"{where}: {self.word} {name!r} is unknown; {self.there_are}: {', '.join(sorted(self.known))}"
            )


def parse_condition(table: object, where: str, names: Names) -> Selector:
    """A condition as a selector. Raises ConfigurationError naming the rule, the field and the fix."""
    if not isinstance(table, dict):
        raise ConfigurationError(
            f"{where} is {table!r}; give a table of {names.word} = value, list of values or range"
        )
    nested = {
        field: _several(table[key], f"{where}.{key}", names) for key, field in _NESTED.items() if key in table
    }
    match = {key: _allowed(value, f"{where}.{key}") for key, value in table.items() if key not in _NESTED}
    for name, allowed in match.items():
        names.check(name, where)
        if fix := names.known[name].fault(allowed):
            raise ConfigurationError(f"{where}.{name} is {table[name]!r}: {fix}")
    try:
        return Selector(match, **nested)
    except LayoutError as error:
        raise ConfigurationError(f"{where}: {error}") from error


def _several(tables: object, where: str, names: Names) -> tuple[Selector, ...]:
    listed = tables if isinstance(tables, list) else [tables]
    if not listed:
        raise ConfigurationError(f"{where} is empty; give at least one table, or leave it out")
    return tuple(parse_condition(table, where, names) for table in listed)


def _allowed(value: Any, where: str) -> Allowed:
    if isinstance(value, dict):
        return _range(value, where)
    values = value if isinstance(value, list) else [value]
    for one in values:
        if not isinstance(one, str | bool | int | float):
            raise ConfigurationError(f"{where} is {one!r}; use texts, booleans or numbers")
    return tuple(values)


def _range(limits: dict[str, Any], where: str) -> Range:
    unknown = sorted(limits.keys() - {"at_least", "at_most"})
    if unknown or not limits:
        raise ConfigurationError(f"{where} is {limits!r}; give at_least, at_most or both")
    try:
        return Range(limits.get("at_least"), limits.get("at_most"))
    except LayoutError as error:
        raise ConfigurationError(f"{where}: {error}") from error
