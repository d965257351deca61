"""Editorial shelves: put together by people in a TOML file, resolved against whatever catalogue is loaded.

An entry names items, or picks them by tags and kind, or both; named items come first. One file can serve
several catalogues: items that a catalogue does not hold are left out, and so is a shelf left without any.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import ErrorDetails

from home.errors import ConfigurationError
from shelves.catalog import EditorialShelf
from shelves.types import ContentType, Item, Kind

__all__ = ["EditorialEntry", "EditorialShelf", "load_editorial", "resolve", "unknown_items"]

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
_Market = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class EditorialEntry(BaseModel):
    """One `[[shelf]]` of the editorial file.

    `item_ids` are shown first, in their order; then the best `size` of all items with any of `tags`, and of
    the given `content_type` or `kind` where those are set. Empty `markets` means every market; `starts` and
    `ends` are inclusive.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: _Slug
    title: _Text
    reason: _Text
    item_ids: tuple[_Text, ...] = ()
    tags: tuple[_Text, ...] = ()
    content_type: ContentType | None = None
    kind: Kind | None = None
    size: int = Field(20, ge=1, le=100)
    markets: frozenset[_Market] = frozenset()
    starts: date | None = None
    ends: date | None = None
    sponsor: _Text | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if not (self.item_ids or self.picks):
            raise ValueError("shows nothing; give item_ids, tags, content_type or kind")
        if self.starts and self.ends and self.ends < self.starts:
            raise ValueError(f"ends {self.ends} before it starts {self.starts}; swap the dates")
        return self

    @property
    def picks(self) -> bool:
        """Whether the entry picks items by tags, content type or kind."""
        return bool(self.tags or self.content_type or self.kind)


def load_editorial(path: Path) -> tuple[EditorialEntry, ...]:
    """Read an editorial file, in the order written.

    Raises ConfigurationError naming the file, the shelf, the field and its value.
    """
    entries = tuple(_entry(path, number, table) for number, table in enumerate(_tables(path), start=1))
    seen: set[str] = set()
    for entry in entries:
        if entry.id in seen:
            raise ConfigurationError(f"{path}: two shelves have id {entry.id!r}; give each its own")
        seen.add(entry.id)
    return entries


def resolve(entries: Sequence[EditorialEntry], items: Iterable[Item]) -> tuple[EditorialShelf, ...]:
    """Turn entries into shelves of items that the catalogue holds; entries without any are left out.

    Picks are ordered by how characteristic the tags are of an item (1 / position, summed over the entry's
    tags) times 1 + its relative popularity, ties by id. Relative popularity is ln(1 + popularity) over its
    maximum within the content type, because popularity compares within one content type only.
    """
    catalogue = {item.id: item for item in items}
    fame = _fame(catalogue.values())
    shelves = (_shelf(entry, catalogue, fame) for entry in entries)
    return tuple(shelf for shelf in shelves if shelf.item_ids)


def unknown_items(entries: Iterable[EditorialEntry], items: Iterable[Item]) -> tuple[str, ...]:
    """Ids that entries name and the catalogue does not hold, in order."""
    known = {item.id for item in items}
    return tuple(identity for entry in entries for identity in entry.item_ids if identity not in known)


def _tables(path: Path) -> Sequence[object]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            f"{path}: no such file; set HOME_EDITORIAL_FILE to an editorial file"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: not a TOML file: {error}") from error
    unknown = sorted(document.keys() - {"shelf"})
    if unknown:
        raise ConfigurationError(f"{path}: unknown table {unknown[0]!r}; every shelf is a [[shelf]] table")
    tables = document.get("shelf", [])
    if not isinstance(tables, list):
        raise ConfigurationError(f"{path}: shelf is a single table; write [[shelf]] in double brackets")
    return tables


def _entry(path: Path, number: int, table: object) -> EditorialEntry:
    try:
        return EditorialEntry.model_validate(table)
    except ValidationError as error:
        problems = "; ".join(_problem(detail) for detail in error.errors())
        name = table.get("id", number) if isinstance(table, Mapping) else number
        raise ConfigurationError(f"{path}: shelf {name!r}: {problems}") from error


def _problem(detail: ErrorDetails) -> str:
    where = ".".join(str(part) for part in detail["loc"])
    if not where:
        return detail["msg"].removeprefix("Value error, ")
    return f"{where} = {detail['input']!r}: {detail['msg']}"


def _fame(items: Iterable[Item]) -> dict[str, float]:
    loudness = {item.id: (item.content_type, math.log1p(item.popularity)) for item in items}
    loudest: dict[ContentType, float] = {}
    for content_type, value in loudness.values():
        loudest[content_type] = max(value, loudest.get(content_type, 0.0))
    return {identity: value / (loudest[kind] or 1.0) for identity, (kind, value) in loudness.items()}


def _shelf(entry: EditorialEntry, catalogue: Mapping[str, Item], fame: Mapping[str, float]) -> EditorialShelf:
    named = [identity for identity in entry.item_ids if identity in catalogue]
    picked = _picked(entry, catalogue.values(), fame) if entry.picks else []
    return EditorialShelf(
        id=entry.id,
        title=entry.title,
        reason=entry.reason,
        item_ids=tuple(dict.fromkeys((*named, *picked))),
        markets=entry.markets,
        starts=entry.starts,
        ends=entry.ends,
        sponsor=entry.sponsor,
    )


def _picked(entry: EditorialEntry, items: Iterable[Item], fame: Mapping[str, float]) -> list[str]:
    matched = ((_match(entry, item), item.id) for item in items)
    scored = [(match * (1.0 + fame[identity]), identity) for match, identity in matched if match > 0.0]
    return [identity for _, identity in sorted(scored, key=lambda pair: (-pair[0], pair[1]))[: entry.size]]


def _match(entry: EditorialEntry, item: Item) -> float:
    if entry.content_type not in (None, item.content_type) or entry.kind not in (None, item.kind):
        return 0.0
    wanted = frozenset(entry.tags)
    if not wanted:
        return 1.0
    return sum(1.0 / position for position, tag in enumerate(item.tags, start=1) if tag in wanted)
