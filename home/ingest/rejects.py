"""What was wrong with the input: rejected rows and dropped fields, counted, sampled and written to a file."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

from home.ingest.sources import IngestError

Dropped = Literal["row", "field"]


@dataclass(frozen=True, slots=True)
class Reject:
    """One fault in one line of the input.

    `dropped` says what was left out: the whole "row", or only the "field" while the rest was loaded.
    """

    file: str
    line: int
    field: str
    value: str
    reason: str
    dropped: Dropped = "row"


@dataclass(frozen=True, slots=True)
class RejectCount:
    """How often one fault occurred in one file."""

    file: str
    field: str
    reason: str
    dropped: Dropped
    count: int


class Rejects:
    """Collects rejects: counts of all, the first `keep` of each kind, and all as JSON Lines in `path`.

    Entering it raises IngestError when `path` cannot be written.
    """

    def __init__(self, path: Path | None = None, keep: int = 5) -> None:
        self._keep = keep
        self._counts: Counter[tuple[str, str, str, Dropped]] = Counter()
        self._samples: list[Reject] = []
        self._path = path
        self._stream: IO[str] | None = None

    def __enter__(self) -> Self:
        if self._path is not None:
            self._stream = _opened(self._path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()

    def add(self, reject: Reject) -> None:
        """Record one fault."""
        key = (reject.file, reject.field, reject.reason, reject.dropped)
        self._counts[key] += 1
        if self._counts[key] <= self._keep:
            self._samples.append(reject)
        if self._stream is not None:
            self._stream.write(json.dumps(asdict(reject), ensure_ascii=False) + "\n")

    def counts(self) -> tuple[RejectCount, ...]:
        """Faults by file, field and reason, most frequent first."""
        return tuple(RejectCount(*key, count=count) for key, count in self._counts.most_common())

    def samples(self) -> tuple[Reject, ...]:
        """The first few faults of each kind, in the order met."""
        return tuple(self._samples)


def _opened(path: Path) -> IO[str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n")
    except OSError as error:
        raise IngestError(
            f"the file for rejected rows, {path}, cannot be written: {error.strerror}; name a file in a "
            "directory where you may write"
        ) from error
