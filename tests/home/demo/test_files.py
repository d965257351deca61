from __future__ import annotations

from pathlib import Path

import pytest

from home.demo.files import read, write
from home.demo.generate import DemoCatalog, generate
from home.errors import ConfigurationError

FIXTURES = Path(__file__).parents[3] / "fixtures"
NAMES = {"catalog.json", "items.jsonl", "listeners.jsonl", "editorial.toml"}


def _bytes(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name in NAMES}


def test_the_shipped_files_are_what_the_generator_writes(demo: DemoCatalog, tmp_path: Path) -> None:
    write(demo, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == NAMES
    assert _bytes(FIXTURES) == _bytes(tmp_path)


def test_the_shipped_files_are_small() -> None:
    assert sum(path.stat().st_size for path in FIXTURES.iterdir()) < 4_000_000


def test_another_seed_gives_another_catalogue(demo: DemoCatalog) -> None:
    other = generate(1)
    assert other.items != demo.items
    assert len(other.items) == len(demo.items)


def test_what_is_read_is_what_was_written(demo: DemoCatalog, tmp_path: Path) -> None:
    write(demo, tmp_path)
    assert read(tmp_path) == demo


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_missing_file_is_named(demo: DemoCatalog, tmp_path: Path, name: str) -> None:
    write(demo, tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(ConfigurationError, match=name):
        read(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"id":"x","kind":"hologram","title":"X"}',
        '{"id":"x","kind":"artist"}',
        '{"id":"x","kind":"artist","title":"X","colour":"red"}',
        '{"id":"x","kind":"album","title":"X","released":"yesterday"}',
    ],
)
def test_a_bad_line_is_named(demo: DemoCatalog, tmp_path: Path, line: str) -> None:
    write(demo, tmp_path)
    items = tmp_path / "items.jsonl"
    first, _, rest = items.read_text().split("\n", 2)
    items.write_text("\n".join([first, line, rest]))
    with pytest.raises(ConfigurationError, match=r"items\.jsonl, line 2: .*`home demo generate`"):
        read(tmp_path)
