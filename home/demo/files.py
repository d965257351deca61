"""The embedded catalogue as files: JSON Lines for items and listeners, TOML for the editorial shelves.

The same catalogue always gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from home.demo.generate import DemoCatalog
from home.demo.listeners import DemoListener
from home.editorial import EditorialEntry, load_editorial
from home.errors import ConfigurationError
from shelves.types import Interaction, Item, Kind, Listener

T = TypeVar("T")

CATALOG_FILE = "catalog.json"
ITEMS_FILE = "items.jsonl"
LISTENERS_FILE = "listeners.jsonl"
EDITORIAL_FILE = "editorial.toml"


def write(catalog: DemoCatalog, directory: Path) -> None:
    """Write the four files of a catalogue into `directory`, which is made if need be."""
    directory.mkdir(parents=True, exist_ok=True)
    head = {"seed": catalog.seed, "as_of": catalog.as_of.isoformat()}
    _write(directory / CATALOG_FILE, json.dumps(head) + "\n")
    _write(directory / ITEMS_FILE, "".join(map(_line, map(_item_record, catalog.items))))
    _write(directory / LISTENERS_FILE, "".join(map(_line, map(_listener_record, catalog.listeners))))
    _write(directory / EDITORIAL_FILE, "\n".join(map(_editorial_table, catalog.editorial)))


def read(directory: Path) -> DemoCatalog:
    """Read what `write` wrote. Raises ConfigurationError naming the file and line that cannot be read."""
    seed, as_of = next(_records(directory / CATALOG_FILE, _head))
    return DemoCatalog(
        seed=seed,
        as_of=as_of,
        items=tuple(_records(directory / ITEMS_FILE, _item)),
        listeners=tuple(_records(directory / LISTENERS_FILE, _listener)),
        editorial=load_editorial(directory / EDITORIAL_FILE),
    )


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"


def _item_record(item: Item) -> dict[str, Any]:
    record = {
        "id": item.id,
        "kind": item.kind.value,
        "title": item.title,
        "creator": item.creator,
        "genre": item.genre,
        "tags": list(item.tags),
        "released": item.released.isoformat() if item.released else None,
        "markets": sorted(item.markets),
        "explicit": item.explicit,
        "sponsor": item.sponsor,
        "popularity": item.popularity,
        "artist_id": item.artist_id,
    }
    return {key: value for key, value in record.items() if value not in (None, False, "", [])}


def _listener_record(person: DemoListener) -> dict[str, Any]:
    return {
        "id": person.listener.id,
        "name": person.listener.name,
        "market": person.listener.market,
        "allows_explicit": person.listener.allows_explicit,
        "tier": person.listener.tier,
        "history": [_interaction_record(interaction) for interaction in person.history],
        "follows": list(person.follows),
        "friends": list(person.friends),
    }


def _interaction_record(interaction: Interaction) -> list[Any]:
    last_at = interaction.last_at.isoformat(timespec="minutes") if interaction.last_at else None
    return [interaction.item_id, interaction.weight, last_at]


def _editorial_table(entry: EditorialEntry) -> str:
    fields = entry.model_dump(exclude_defaults=True)
    return "\n".join(["[[shelf]]", *(f"{key} = {_toml(value)}" for key, value in fields.items()), ""])


def _toml(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | frozenset):
        values = sorted(value) if isinstance(value, frozenset) else value
        return f"[{', '.join(map(_toml, values))}]"
    # A JSON string without escapes beyond its own is a TOML basic string.
    return json.dumps(value, ensure_ascii=False)


def _records(path: Path, parse: Callable[[dict[str, Any]], T]) -> Iterator[T]:
    try:
        with path.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, start=1):
                yield _parsed(path, number, line, parse)
    except FileNotFoundError:
        raise ConfigurationError(
            f"{path} is missing; run `home demo generate` to write the embedded catalogue again"
        ) from None


def _parsed(path: Path, number: int, line: str, parse: Callable[[dict[str, Any]], T]) -> T:
    try:
        return parse(json.loads(line))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigurationError(
            f"{path}, line {number}: {type(error).__name__}: {error}; run `home demo generate`"
        ) from error


def _head(record: dict[str, Any]) -> tuple[int, datetime]:
    return int(record["seed"]), datetime.fromisoformat(record["as_of"])


def _item(record: dict[str, Any]) -> Item:
    released = record.pop("released", None)
    return Item(
        id=record.pop("id"),
        kind=Kind(record.pop("kind")),
        title=record.pop("title"),
        tags=tuple(record.pop("tags", ())),
        released=date.fromisoformat(released) if released else None,
        markets=frozenset(record.pop("markets", ())),
        **record,
    )


def _listener(record: dict[str, Any]) -> DemoListener:
    history = tuple(_interaction(*values) for values in record.pop("history"))
    follows, friends = tuple(record.pop("follows")), tuple(record.pop("friends"))
    return DemoListener(Listener(**record), history, follows, friends)


def _interaction(item_id: str, weight: float, last_at: str | None) -> Interaction:
    return Interaction(item_id, float(weight), datetime.fromisoformat(last_at) if last_at else None)
