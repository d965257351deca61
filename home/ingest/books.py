"""Goodbooks as audiobooks, with the saved books of readers paired with listeners."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Sequence
from datetime import date

from home.ingest.pairing import listener_id, pair
from home.ingest.rows import Line, RowError
from home.ingest.run import Run
from home.ingest.sources import BOOK_GENRES, BOOKS, GOODBOOKS, TO_READ
from home.ingest.tags import book_genres
from shelves.types import Interaction, Item, Kind

_SERIES = re.compile(r"\s*\([^()]*#[^()]*\)\s*$")


def load(run: Run, users: Sequence[int]) -> None:
    """Load every book, and give each listener the saved books of one reader.

    The pairing of listeners with readers is synthetic: by a hash of the listener's id. A saved book
    weighs 1 and has no date. Popularity is the number of ratings.
    """
    genres = dict(run.unique(BOOK_GENRES, "book_id", lambda line: book_genres(line.optional("genres"))))
    known: set[int] = set()

    def parse(line: Line) -> Item:
        return _item(run, line, genres.get(line.integer("book_id"), ()))

    for identity, book in run.unique(BOOKS, "book_id", parse):
        known.add(identity)
        run.item(book, GOODBOOKS)
    _pair(run, users, known)


def _pair(run: Run, users: Sequence[int], known: Container[int]) -> None:
    def parse(line: Line) -> tuple[int, int]:
        reader, book = line.integer("user_id"), line.integer("book_id")
        if book not in known:
            raise RowError("book_id", book, f"is not in {BOOKS.label}")
        return reader, book

    saved: dict[int, list[int]] = defaultdict(list)
    for reader, book in run.parsed(TO_READ, parse):
        saved[reader].append(book)
    for reader, listeners in pair("reader", users, sorted(saved)).items():
        for user in listeners:
            for book in saved[reader]:
                run.interaction(listener_id(user), Interaction(_book_id(book), 1.0), GOODBOOKS)


def _item(run: Run, line: Line, genres: tuple[str, ...]) -> Item:
    return Item(
        id=_book_id(line.integer("book_id")),
        kind=Kind.AUDIOBOOK,
        title=_title(line.text("title")),
        creator=line.text("authors"),
        genre=genres[0] if genres else "",
        tags=genres,
        popularity=float(line.integer("ratings_count")),
        released=run.tolerated(BOOKS, line, _released),
    )


def _released(line: Line) -> date | None:
    field = "original_publication_year"
    if not line.optional(field):
        return None
    year = line.decimal(field, -5000, 2100)
    if year < 1 or year != int(year):
        raise RowError(field, line.values[field], "is not a year that a date can hold")
    return date(int(year), 7, 1)


def _title(text: str) -> str:
    plain = _SERIES.sub("", text)
    return " ".join((plain or text).split())


def _book_id(book: int) -> str:
    return f"book-{book}"
