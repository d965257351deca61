"""Files that people write: what is wrong with them is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from home.errors import ConfigurationError
from home.toml_files import load_toml


class _File(BaseModel):
    names: list[str]
    count: int


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('names = ["a"]\ncount = ', "file.toml: it is not valid TOML: Invalid value"),
        ('names = "a"\ncount = 1', "file.toml: names is 'a': Input should be a valid list"),
        ('names = ["a"]', "file.toml: count is missing"),
        (None, "file.toml: there is no such file; check the path"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "file.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigurationError) as raised:
        load_toml(path, _File.model_validate)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_directory_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        load_toml(tmp_path, _File.model_validate)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    path = tmp_path / "file.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match=r"file\.toml: 'utf-8' codec"):
        load_toml(path, _File.model_validate)
