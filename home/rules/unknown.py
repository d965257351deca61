"""Values in conditions that nothing has: misspelt ones, mostly."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches

from sqlalchemy.orm import Session

from home.rules.book import selector_fields
from home.service import Home
from home.store import catalog as store
from layout.rules import BaseRule
from layout.selector import Selector
from shelves.registry import FAMILIES

_LISTED = 12


def known_values(home: Home) -> Mapping[str, frozenset[str]]:
    """Fact or attribute → every text that it can be in this service; those that are open are left out."""
    columns, surfaces = home.catalog.columns, home.tools.surfaces
    with Session(home.engine) as session:
        everyone = store.listeners(session)
    return {
        "surface": frozenset(surfaces),
        "market": frozenset(listener.market for listener in everyone),
        "tier": frozenset(listener.tier for listener in everyone),
        "source": frozenset(FAMILIES),
        "family": frozenset(FAMILIES.values()),
        "genre": frozenset(columns.genres),
        "sponsor": frozenset(columns.sponsors),
        "presentation": frozenset(name for one in surfaces.values() for name in one.grid.presentations),
    }


def unknown_values(rules: Sequence[BaseRule], known: Mapping[str, Collection[str]]) -> list[str]:
    """What is wrong with texts in conditions that are not `known`: rule, field, value and fix, one by one."""
    return [
        f"rule {rule.id!r}: {key}.{name} is {value!r}: {_fix(value, known[name])}"
        for rule in rules
        for key, field in selector_fields(type(rule)).items()
        for name, value in _texts(getattr(rule, field))
        if name in known and value not in known[name]
    ]


def _texts(selector: Selector) -> Iterator[tuple[str, str]]:
    """Every text that a selector compares with, and what it compares it with."""
    for name, allowed in selector.match.items():
        many = allowed if isinstance(allowed, tuple | list) else (allowed,)
        yield from ((name, one) for one in many if isinstance(one, str))
    for nested in (*selector.any_of, *selector.all_of, *selector.none_of):
        yield from _texts(nested)


def _fix(value: str, known: Collection[str]) -> str:
    there = sorted(filter(None, known))
    near = get_close_matches(value, there, 1)
    if near:
        return f"nothing here has it; did you mean {near[0]!r}?"
    more = f" and {len(there) - _LISTED} more" if len(there) > _LISTED else ""
    return f"nothing here has it; there are: {', '.join(there[:_LISTED]) or 'none'}{more}"
