"""Loading the Last.fm catalogue: listeners, artists and friends, with tracks, podcasts, books and films.

The users of the book and film sets are not the listeners of Last.fm. Each listener is paired with one
reader and one viewer by a hash of the listener's id; market, tier and explicit setting come from the same
hash, items' market rights and explicit flags from a hash of theirs. All of those are synthetic, and the
report says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from home.db import FollowRow, FriendshipRow, InteractionRow, ItemRow, ListenerRow
from home.ingest import artists, books, films, playlists, podcasts, tracks
from home.ingest.artists import LastfmSet
from home.ingest.progress import Progress, Silent
from home.ingest.rejects import Reject, RejectCount, Rejects
from home.ingest.run import Run
from home.ingest.sources import (
    ARTISTS,
    BOOK_GENRES,
    BOOKS,
    FRIENDS,
    MOVIE_TAGS,
    MOVIES,
    PLAYS,
    PODCASTS,
    RATINGS,
    TAGGINGS,
    TAGS,
    TO_READ,
    TRACKS,
    IngestError,
    SourceFile,
    require,
)
from home.ingest.tables import BatchWriter

__all__ = ["PARTS", "SYNTHETIC", "IngestError", "IngestReport", "ingest"]

SYNTHETIC = (
    "Listeners' market, tier and explicit setting, and their pairing with one reader (saved books) and one "
    "viewer (liked films), are synthetic: a hash of the listener's id. So are items' market rights and "
    "explicit flags: a hash of the item's id. Podcasts come without histories and nobody follows anything."
)


@dataclass(frozen=True, slots=True)
class _Part:
    files: tuple[SourceFile, ...]
    load: Callable[[Run, LastfmSet], None]


_LASTFM_FILES = (ARTISTS, TAGS, PLAYS, FRIENDS, TAGGINGS)
_PARTS = {
    "playlists": _Part((), playlists.load),
    "tracks": _Part((TRACKS,), tracks.load),
    "podcasts": _Part((PODCASTS,), lambda run, _: podcasts.load(run)),
    "books": _Part((BOOKS, BOOK_GENRES, TO_READ), lambda run, lastfm: books.load(run, lastfm.users)),
    "films": _Part((MOVIES, RATINGS, MOVIE_TAGS), lambda run, lastfm: films.load(run, lastfm.users)),
}
PARTS = tuple(_PARTS)
"""What is loaded besides the Last.fm set itself."""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest did.

    `written` counts rows that this run inserted or changed per table, `tables` the rows that each table
    holds after it, and `items` the items that the database holds by data set and kind. `rejected_rows` were
    left out, `dropped_fields` are fields left out of rows that were loaded; `faults` counts both by file,
    field and reason, and `samples` are the first of each. `note` says what is synthetic.
    """

    written: dict[str, int]
    tables: dict[str, int]
    items: dict[tuple[str, str], int]
    rejected_rows: int
    dropped_fields: int
    faults: tuple[RejectCount, ...]
    samples: tuple[Reject, ...]
    seconds: float
    note: str = SYNTHETIC


def ingest(
    engine: Engine,
    data_dir: Path,
    progress: Progress | None = None,
    limit: int | None = None,
    *,
    only: Collection[str] | None = None,
    rejects: Path | None = None,
) -> IngestReport:
    """Load the data sets below `data_dir` into the catalogue; the same call again changes nothing.

    `limit` keeps the first so many listeners (all items are loaded). `only` names the PARTS to load besides
    the Last.fm set, all by default; files of other parts may then be missing. Faulty rows are passed over,
    reported and, with `rejects`, written to that file as JSON Lines. Raises IngestError, before anything is
    written, for a missing directory or file, an unknown part and a `rejects` that cannot be written; and for
    a file without its columns.
    """
    started = perf_counter()
    parts = _chosen(only)
    if limit is not None and limit < 1:
        raise IngestError(f"limit {limit} is not a number of listeners; pass 1 or more, or leave it out")
    require([*_LASTFM_FILES, *(file for part in parts for file in part.files)], data_dir)
    with Rejects(rejects) as faults, BatchWriter(engine) as writer:
        run = Run(data_dir, writer, faults, progress or Silent())
        lastfm = artists.load(run, limit)
        for part in parts:
            part.load(run, lastfm)
    return _report(engine, writer, faults, perf_counter() - started)


def _chosen(only: Collection[str] | None) -> list[_Part]:
    unknown = sorted(set(only or ()) - set(_PARTS))
    if unknown:
        raise IngestError(f"only {', '.join(unknown)!r} is not a part; choose from {', '.join(PARTS)}")
    return [part for name, part in _PARTS.items() if only is None or name in only]


def _report(engine: Engine, writer: BatchWriter, faults: Rejects, seconds: float) -> IngestReport:
    counts = faults.counts()
    dropped: Counter[str] = Counter()
    for fault in counts:
        dropped[fault.dropped] += fault.count
    return IngestReport(
        written=writer.written(),
        tables=table_counts(engine),
        items=_items(engine),
        rejected_rows=dropped["row"],
        dropped_fields=dropped["field"],
        faults=counts,
        samples=faults.samples(),
        seconds=seconds,
    )


def table_counts(engine: Engine) -> dict[str, int]:
    """Rows that each catalogue table holds."""
    models = (ItemRow, ListenerRow, InteractionRow, FollowRow, FriendshipRow)
    with Session(engine) as session:
        return {
            model.__tablename__: session.scalar(select(func.count()).select_from(model)) or 0
            for model in models
        }


def _items(engine: Engine) -> dict[tuple[str, str], int]:
    query = (
        select(ItemRow.dataset, ItemRow.kind, func.count())
        .group_by(ItemRow.dataset, ItemRow.kind)
        .order_by(ItemRow.dataset, ItemRow.kind)
    )
    with Session(engine) as session:
        return {(dataset, kind): count for dataset, kind, count in session.execute(query)}
