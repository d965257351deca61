from __future__ import annotations

import pytest
from sqlalchemy import Engine, create_engine

from home.db import FollowRow, ItemRow
from home.ingest.tables import BatchWriter, item_row
from shelves.types import Item, Kind
from tests.home.ingest.made import dump, item


def _items(count: int, tags: tuple[str, ...] = ("rock",)) -> list[Item]:
    return [Item(id=f"artist-{i}", kind=Kind.ARTIST, title=f"Artist {i}", tags=tags) for i in range(count)]


def _write(engine: Engine, items: list[Item], size: int = 2000) -> dict[str, int]:
    with BatchWriter(engine, size) as writer:
        for one in items:
            writer.add(ItemRow, item_row(one, "test"))
    return writer.written()


def test_only_rows_that_are_new_or_differ_count_as_written(engine: Engine) -> None:
    assert _write(engine, _items(5)) == {"items": 5}
    assert _write(engine, _items(5)) == {"items": 0}
    changed = [*_items(4), *_items(5, tags=("rock", "folk"))[4:]]
    assert _write(engine, changed) == {"items": 1}
    assert item(engine, "artist-4").tags == ["rock", "folk"]


def test_whole_batches_survive_a_crash_and_a_rerun_completes(engine: Engine) -> None:
    def crash() -> None:
        with BatchWriter(engine, size=2) as writer:
            for one in _items(5):
                writer.add(ItemRow, item_row(one, "test"))
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        crash()
    assert len(dump(engine)["items"]) == 4
    assert _write(engine, _items(5), size=2) == {"items": 1}
    assert len(dump(engine)["items"]) == 5


def test_rows_of_keys_alone_are_kept_once(engine: Engine) -> None:
    row = {"listener_id": "listener-1", "item_id": "artist-1"}
    with BatchWriter(engine) as writer:
        writer.add(FollowRow, row)
        writer.add(FollowRow, row)
    assert writer.written() == {"follows": 1}


def test_other_databases_are_refused() -> None:
    engine = create_engine("mysql+pymysql://x", module=_Driver())
    with pytest.raises(ValueError, match="'mysql' is not supported; use sqlite or postgresql"):
        BatchWriter(engine)


class _Driver:
    """The least that SQLAlchemy asks of a database driver before connecting."""

    paramstyle = "pyformat"
    __version__ = "1.0"
    apilevel = "2.0"
    Error = Exception
