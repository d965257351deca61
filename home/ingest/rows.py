"""Reading input files row by row: every row is checked, a bad one is reported and passed over."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from home.ingest.sources import IngestError, SourceFile

LARGEST = 2**53
"""The largest whole number that every float and every database column here holds exactly."""
_WHOLE = re.compile("[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?(e[+-]?[0-9]+)?", re.IGNORECASE)
_DIGITS = len(str(LARGEST))
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL, and the surrogates that stand for bytes which are not valid in the file's encoding."""


class RowError(ValueError):
    """A row that cannot be loaded: the field at fault, its value, and the reason."""

    def __init__(self, field: str, value: object, reason: str) -> None:
        super().__init__(f"{field} {value!r}: {reason}")
        self.field = field
        self.value = str(value)[:200]
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Line:
    """One row by column name. `number` counts from 1, the header included. Readers raise RowError."""

    number: int
    values: dict[str, str]

    def optional(self, field: str) -> str:
        """The text of a field without surrounding space; may be empty."""
        value = self.values[field].strip()
        if _UNSTORABLE.search(value):
            raise RowError(field, value, "holds bytes that are not text in the file's encoding")
        return value

    def text(self, field: str) -> str:
        """The text of a field; refused when empty."""
        value = self.optional(field)
        if not value:
            raise RowError(field, value, "is empty")
        return value

    def integer(self, field: str, low: int = 0, high: int = LARGEST) -> int:
        """A whole number between `low` and `high` inclusive, in plain digits."""
        value = self.values[field].strip()
        if not _WHOLE.fullmatch(value):
            raise RowError(field, value, "is not a whole number")
        # Cut before int() sees it, which refuses numbers of thousands of digits.
        digits = value.lstrip("+-").lstrip("0")[: _DIGITS + 1]
        number = int(f"{'-' if value[0] == '-' else ''}{digits or '0'}")
        if number < low:
            raise RowError(field, value, f"is below {low}")
        if number > high:
            raise RowError(field, value, f"is above {high}")
        return number

    def decimal(self, field: str, low: float, high: float) -> float:
        """A number between `low` and `high` inclusive."""
        value = self.values[field].strip()
        if not _DECIMAL.fullmatch(value):
            raise RowError(field, value, "is not a number")
        number = float(value)
        if not low <= number <= high:
            raise RowError(field, value, f"is not between {low:g} and {high:g}")
        return number


def count_lines(path: Path) -> int:
    """Number of line ends in a file."""
    with path.open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))


def read_lines(file: SourceFile, data_dir: Path) -> Iterator[Line | tuple[int, RowError]]:
    """Stream the rows of a file; a row of the wrong shape comes as its number and error.

    Raises IngestError when the header lacks a column or cannot be read. A row is one line: a broken quote
    spoils no other row.
    """
    with file.path(data_dir).open("rb") as stream:
        lines = (raw.decode(file.encoding, "surrogateescape").rstrip("\r\n") for raw in stream)
        header = _header(file, next(lines, ""))
        for number, text in enumerate(lines, start=2):
            try:
                yield Line(number, _named(header, _split(file, text)))
            except RowError as error:
                yield number, error


def _header(file: SourceFile, text: str) -> list[str]:
    try:
        header = _split(file, text.removeprefix("\ufeff"))
    except RowError as error:
        raise IngestError(
            f"the first line of {file.label} {error.reason}: {text[:80]!r}. "
            f"Get the file again from {file.home}"
        ) from None
    missing = [column for column in file.columns if column not in header]
    if missing:
        raise IngestError(
            f"{file.label} has no column {', '.join(missing)}; its first line is {text[:80]!r}. "
            f"Get the file again from {file.home}"
        )
    return header


def _split(file: SourceFile, text: str) -> list[str]:
    if file.tabs:
        return text.split("\t")
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise RowError("(row)", text[:200], f"is not a CSV row: {error}") from None


def _named(header: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    if len(values) != len(header):
        raise RowError("(row)", "|".join(values)[:200], f"has {len(values)} columns instead of {len(header)}")
    return dict(zip(header, values, strict=True))
