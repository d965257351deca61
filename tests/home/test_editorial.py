from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from home.editorial import EditorialShelf, load_editorial, resolve, unknown_items
from home.errors import ConfigurationError
from shelves.types import Item, Kind

ITEMS = (
    Item(id="artist-1", kind=Kind.ARTIST, title="A", tags=("jazz", "calm"), popularity=10.0),
    Item(id="artist-2", kind=Kind.ARTIST, title="B", tags=("calm", "jazz"), popularity=90.0),
    Item(id="artist-3", kind=Kind.ARTIST, title="C", tags=("rock",), popularity=99.0),
    Item(id="book-1", kind=Kind.AUDIOBOOK, title="D", tags=("jazz",), popularity=5_000_000.0),
    Item(id="book-2", kind=Kind.AUDIOBOOK, title="E", tags=("jazz",), popularity=10.0),
)


def _load(tmp_path: Path, body: str) -> tuple[EditorialShelf, ...]:
    return resolve(load_editorial(_file(tmp_path, body)), ITEMS)


def _file(tmp_path: Path, body: str) -> Path:
    path = tmp_path / "editorial.toml"
    path.write_text(body, encoding="utf-8")
    return path


def _shelf(fields: str, identity: str = "s") -> str:
    return f'[[shelf]]\nid = "{identity}"\ntitle = "T"\nreason = "R"\n{fields}\n'


def test_a_shelf_of_named_items_keeps_order_and_dates(tmp_path: Path) -> None:
    body = _shelf(
        'item_ids = ["artist-3", "artist-1", "artist-77"]\nmarkets = ["SE", "DE"]\n'
        'starts = 2026-11-01\nends = 2026-11-30\nsponsor = "Kestrel Audio"'
    )
    assert _load(tmp_path, body) == (
        EditorialShelf(
            id="s",
            title="T",
            reason="R",
            item_ids=("artist-3", "artist-1"),
            markets=frozenset({"SE", "DE"}),
            starts=date(2026, 11, 1),
            ends=date(2026, 11, 30),
            sponsor="Kestrel Audio",
        ),
    )
    assert unknown_items(load_editorial(tmp_path / "editorial.toml"), ITEMS) == ("artist-77",)


def test_tags_pick_the_most_characteristic_items_of_a_kind(tmp_path: Path) -> None:
    (shelf,) = _load(tmp_path, _shelf('tags = ["jazz"]\ncontent_type = "music"'))
    assert shelf.item_ids == ("artist-1", "artist-2"), (
        "jazz comes first in artist-1, though it is less popular"
    )


def test_popularity_compares_within_a_content_type(tmp_path: Path) -> None:
    (shelf,) = _load(tmp_path, _shelf('tags = ["calm", "rock", "jazz"]\nsize = 4'))
    assert shelf.item_ids == ("artist-2", "artist-1", "artist-3", "book-1")


def test_named_items_come_before_picks_without_repeats(tmp_path: Path) -> None:
    (shelf,) = _load(tmp_path, _shelf('item_ids = ["artist-2"]\ntags = ["jazz"]\nkind = "artist"'))
    assert shelf.item_ids == ("artist-2", "artist-1")


def test_a_shelf_without_items_in_this_catalogue_is_left_out(tmp_path: Path) -> None:
    body = _shelf('item_ids = ["demo-1"]', "gone") + _shelf('tags = ["rock"]', "there")
    assert [shelf.id for shelf in _load(tmp_path, body)] == ["there"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (_shelf('markets = ["Sweden"]\ntags = ["x"]'), r"shelf 's': markets.0 = 'Sweden': .*pattern"),
        (_shelf("item_ids = []"), r"shelf 's': shows nothing; give item_ids, tags, content_type or kind"),
        (_shelf('tags = ["x"]\nstarts = 2026-02-01\nends = 2026-01-01'), r"before it starts.*swap the dates"),
        (_shelf('tags = ["x"]\ncolour = "red"'), r"colour = 'red': Extra inputs are not permitted"),
        (_shelf('tags = ["x"]\nsize = 0'), r"size = 0: .*greater than or equal to 1"),
        (_shelf('kind = "hologram"'), r"kind = 'hologram': .*'artist'"),
        ('[[shelf]]\ntitle = "T"\nreason = "R"\ntags = ["x"]\n', r"shelf 1: id = .*Field required"),
        (_shelf('tags = ["x"]') * 2, r"two shelves have id 's'; give each its own"),
        ('[shelf]\nid = "s"\n', r"write \[\[shelf\]\] in double brackets"),
        ("[[shelves]]\n", r"unknown table 'shelves'"),
        ("id = ", r"not a TOML file"),
    ],
)
def test_errors_name_the_shelf_the_field_and_the_value(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"editorial\.toml: .*{message}"):
        load_editorial(_file(tmp_path, body))


def test_a_missing_file_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such file; set HOME_EDITORIAL_FILE"):
        load_editorial(tmp_path / "nowhere.toml")
