"""The rulebook and the grid that a decision was made under, read again from their stored text.

A version that a person writes into a file does not prove what the file said. Decisions therefore refer to
the text itself, by its SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version

from home.errors import ConfigurationError, NotExplainableError
from home.grids import Surface, parse_surface
from home.records import DecisionRecord
from home.rules.book import Rulebook, parse_rulebook

_PACKAGES = ("home-composer", "ortools", "vowpal-wabbit-next", "numpy")


@dataclass(frozen=True, slots=True)
class Setup:
    """What a decision was made under."""

    book: Rulebook
    surface: Surface


@lru_cache(maxsize=64)
def digest(text: str) -> str:
    """The SHA-256 of a document, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=1)
def software() -> dict[str, str]:
    """The versions of the packages that a page depends on."""
    return {name: version(name) for name in _PACKAGES}


def setup_of(record: DecisionRecord, find: Callable[[str], str | None]) -> Setup:
    """The rulebook and grid of a decision; `find` gives a document's text by its SHA-256.

    Raises NotExplainableError when a document is not there, is not what was logged, or cannot be read.
    """
    texts = {kind: _text(record, kind, find) for kind in ("rulebook", "grid")}
    try:
        setup = _setup(texts["rulebook"], texts["grid"])
    except ConfigurationError as error:
        raise NotExplainableError(record.id, f"its configuration cannot be read any more: {error}") from error
    grid = setup.surface.grid
    for name, logged, found in (
        ("rules_version", record.rules_version, setup.book.version),
        ("grid_version", record.grid_version, f"{grid.surface}@{grid.version}"),
        ("surface", record.surface, grid.surface),
    ):
        if logged != found:
            raise NotExplainableError(record.id, f"{name} is {logged!r}, but its configuration is {found!r}")
    return setup


def _text(record: DecisionRecord, kind: str, find: Callable[[str], str | None]) -> str:
    sha256 = record.configuration.get(kind, "")
    text = find(sha256) if sha256 else None
    if text is None:
        raise NotExplainableError(
            record.id, f"its {kind} {sha256[:12] or '(not logged)'} is not stored; restore the database"
        )
    if digest(text) != sha256:
        raise NotExplainableError(record.id, f"its stored {kind} is not the text that it was composed under")
    return text


@lru_cache(maxsize=32)
def _setup(rulebook: str, grid: str) -> Setup:
    return Setup(parse_rulebook(rulebook), parse_surface(grid))
