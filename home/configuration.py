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

from home.compose import Tools
from home.errors import ConfigurationError, NotExplainableError, UnknownSurfaceError
from home.grids import MARK, Surface, parse_surface, regraded
from home.records import DecisionRecord
from home.rules.book import Rulebook, parse_rulebook
from layout.rules import BaseRule
from layout.types import Grid

_PACKAGES = ("home-composer", "ortools", "vowpal-wabbit-next", "numpy")


@dataclass(frozen=True, slots=True)
class Setup:
    """What a decision was made under; `grid` has the examination that its page was laid out for."""

    rules: tuple[BaseRule, ...]
    grid: Grid


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
        book, surface = _parsed(texts["rulebook"], texts["grid"])
    except ConfigurationError as error:
        raise NotExplainableError(record.id, f"its configuration cannot be read any more: {error}") from error
    grid = _as_logged(record, surface.grid)
    for name, logged, found in (
        ("rules_version", record.rules_version, book.version),
        ("grid_version", record.grid_version, f"{grid.surface}@{grid.version}"),
        ("surface", record.surface, grid.surface),
    ):
        if logged != found:
            raise NotExplainableError(record.id, f"{name} is {logged!r}, but its configuration is {found!r}")
    return Setup(book.rules, grid)


def setup_here(record: DecisionRecord, tools: Tools) -> Setup:
    """The rulebook and grid of `tools`, for a decision that was made under the same versions of them.

    Raises NotExplainableError when it was made under others.
    """
    try:
        grid = _as_logged(record, tools.surface(record.surface).grid)
    except UnknownSurfaceError as error:
        raise NotExplainableError(record.id, str(error)) from error
    version = f"{grid.surface}@{grid.version}"
    if record.grid_version != version:
        raise NotExplainableError(
            record.id, f"it was composed on grid {record.grid_version}, and this service has {version}"
        )
    if record.rules_version != tools.rules_version:
        raise NotExplainableError(
            record.id,
            f"it was composed under rulebook {record.rules_version}, and this service has "
            f"{tools.rules_version}; set HOME_RULEBOOK_FILE to that one",
        )
    return Setup(tools.rules, grid)


def _as_logged(record: DecisionRecord, grid: Grid) -> Grid:
    """The grid under the decision's estimate of examination, which its record holds, if they share a file."""
    surface, _, version = record.grid_version.partition("@")
    file = grid.version.partition(MARK)[0]
    if version == grid.version or (surface, version.partition(MARK)[0]) != (grid.surface, file):
        return grid
    return regraded(grid, record.examination, version)


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
def _parsed(rulebook: str, grid: str) -> tuple[Rulebook, Surface]:
    return parse_rulebook(rulebook), parse_surface(grid)
