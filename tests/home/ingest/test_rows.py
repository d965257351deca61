from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from home.ingest.rows import Line, RowError, count_lines, read_lines
from home.ingest.sources import IngestError, SourceFile

_CSV = SourceFile("set", "rows.csv", ("id", "name"), "https://example.org")
_TSV = SourceFile("set", "rows.tsv", ("id", "name"), "https://example.org", tabs=True)


def _write(directory: Path, file: SourceFile, content: bytes) -> None:
    path = file.path(directory)
    path.parent.mkdir(exist_ok=True)
    header = b"id\tname" if file.tabs else b"id,name"
    path.write_bytes(header + b"\n" + content)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(content=st.binary(max_size=200), file=st.sampled_from([_CSV, _TSV]))
def test_any_bytes_give_one_result_per_line_and_never_crash(content: bytes, file: SourceFile) -> None:
    with tempfile.TemporaryDirectory() as directory:
        _write(Path(directory), file, content)
        results = list(read_lines(file, Path(directory)))
        lines = count_lines(file.path(Path(directory))) - 1
    assert len(results) == lines + bool(content and not content.endswith(b"\n"))
    for result in results:
        if isinstance(result, Line):
            try:
                result.text("name")
                result.integer("id")
            except RowError as error:
                assert error.field in {"id", "name"}  # noqa: PT017 - either outcome is right; no other is


def test_a_broken_quote_spoils_its_own_row_only(tmp_path: Path) -> None:
    _write(tmp_path, _CSV, b'1,"open\n2,fine\n3,"quoted, fine"\n')
    first, second, third = read_lines(_CSV, tmp_path)
    assert isinstance(first, tuple)
    assert first[0] == 2
    assert isinstance(second, Line)
    assert isinstance(third, Line)
    assert (second.text("name"), third.text("name")) == ("fine", "quoted, fine")


def test_a_byte_order_mark_is_not_part_of_the_first_column(tmp_path: Path) -> None:
    path = _CSV.path(tmp_path)
    path.parent.mkdir()
    path.write_bytes(b"\xef\xbb\xbfid,name\n1,x\n")
    (line,) = read_lines(_CSV, tmp_path)
    assert isinstance(line, Line)
    assert line.integer("id") == 1


@pytest.mark.parametrize("name", ["a\x00b", b"caf\xe9".decode("utf-8", "surrogateescape")])
def test_text_that_no_database_stores_is_refused(name: str) -> None:
    with pytest.raises(RowError, match="not text in the file's encoding"):
        Line(2, {"name": name}).text("name")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("1_000", "not a whole number"),
        ("٣", "not a whole number"),
        ("1e3", "not a whole number"),
        ("+", "not a whole number"),
        ("", "not a whole number"),
        ("-1", "below 0"),
        (str(2**53 + 1), f"above {2**53}"),
        ("1" + "0" * 400, f"above {2**53}"),
        ("9" * 10_000, f"above {2**53}"),
        ("-" + "9" * 10_000, "below 0"),
    ],
)
def test_whole_numbers_that_no_column_holds_are_refused(value: str, reason: str) -> None:
    with pytest.raises(RowError, match=reason) as error:
        Line(2, {"weight": value}).integer("weight")
    assert error.value.value == value[:200]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(number=st.integers(-(2**53), 2**53), zeros=st.integers(0, 30), sign=st.sampled_from(["", "+"]))
def test_whole_numbers_are_read_as_written(number: int, zeros: int, sign: str) -> None:
    text = f"{'-' if number < 0 else sign}{'0' * zeros}{abs(number)}"
    assert Line(2, {"n": f" {text} "}).integer("n", low=-(2**53)) == number


def test_a_header_that_is_no_row_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = _CSV.path(tmp_path)
    path.parent.mkdir()
    path.write_text('id,"name"x\n1,x\n')
    with pytest.raises(IngestError, match=r"the first line of set/rows\.csv is not a CSV row"):
        list(read_lines(_CSV, tmp_path))


@pytest.mark.parametrize("value", ["1_0", "4" * 500, "1e999", "nan", "inf", "-1", "5.5", "", "four"])
def test_numbers_outside_their_range_are_refused(value: str) -> None:
    with pytest.raises(RowError) as error:
        Line(2, {"rating": value}).decimal("rating", 0.5, 5.0)
    assert (error.value.field, error.value.value) == ("rating", value[:200])
