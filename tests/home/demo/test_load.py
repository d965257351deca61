from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from home.demo.files import write
from home.demo.generate import DemoCatalog
from home.demo.load import load
from home.errors import ConfigurationError
from tests.home.ingest.made import dump, item


@pytest.fixture(scope="module")
def files(demo: DemoCatalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("fixtures")
    write(demo, directory)
    return directory


def test_everything_arrives_once(engine: Engine, files: Path, demo: DemoCatalog) -> None:
    first = load(engine, files)
    tables = dump(engine)
    assert first.written == {
        "items": len(demo.items),
        "listeners": len(demo.listeners),
        "interactions": sum(len(person.history) for person in demo.listeners),
        "follows": sum(len(person.follows) for person in demo.listeners),
        "friendships": sum(len(person.friends) for person in demo.listeners),
    }
    assert {name: len(rows) for name, rows in tables.items()} == first.written
    assert not any(load(engine, files).written.values())
    assert dump(engine) == tables


def test_an_item_arrives_as_it_was_made(engine: Engine, files: Path, demo: DemoCatalog) -> None:
    load(engine, files)
    album = next(made for made in demo.items if made.kind == "album" and made.markets)
    row = item(engine, album.id)
    assert (row.title, row.creator, row.genre, tuple(row.tags)) == (
        album.title, album.creator, album.genre, album.tags,
    )  # fmt: skip
    assert (row.released, frozenset(row.markets), row.artist_id) == (
        album.released,
        album.markets,
        album.artist_id,
    )
    assert (row.popularity, row.explicit, row.dataset) == (album.popularity, album.explicit, "demo")


def test_a_bad_directory_writes_nothing(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"catalog\.json is missing"):
        load(engine, tmp_path)
    assert not any(dump(engine).values())
