from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from home.db import FriendshipRow, InteractionRow, connect, migrate, writing
from home.ingest import pairing
from home.ingest.lastfm import SYNTHETIC, IngestError, ingest
from home.ingest.pairing import MARKETS, with_rights
from home.ingest.tables import BatchWriter
from home.store import catalog, listeners
from home.store.listeners import Play
from shelves.types import Item, Kind
from tests.home.ingest.made import FAULTS, dump, item, write_data


class Recorder:
    """Remembers each phase with its total and the steps counted."""

    def __init__(self) -> None:
        self.phases: list[tuple[str, int | None, int]] = []
        self._open: tuple[str, int | None] | None = None
        self._steps = 0

    def start(self, name: str, total: int | None) -> None:
        assert self._open is None, "phases do not overlap"
        self._open, self._steps = (name, total), 0

    def advance(self, n: int = 1) -> None:
        self._steps += n

    def finish(self) -> None:
        assert self._open is not None
        self.phases.append((*self._open, self._steps))
        self._open = None


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return write_data(tmp_path / "data")


def _interactions(engine: Engine, listener_id: str, prefix: str) -> dict[str, tuple[float, datetime | None]]:
    query = select(InteractionRow).where(InteractionRow.listener_id == listener_id)
    with Session(engine) as session:
        rows = session.scalars(query).all()
    return {row.item_id: (row.weight, row.last_at) for row in rows if row.item_id.startswith(prefix)}


def test_artists_carry_their_tags_by_count_and_their_listeners(engine: Engine, data_dir: Path) -> None:
    ingest(engine, data_dir)
    kestrels, pines = item(engine, "artist-1"), item(engine, "artist-2")
    assert (kestrels.kind, kestrels.title, kestrels.genre) == ("artist", "The Kestrels", "rock")
    assert kestrels.tags == ["rock", "folk"], "opinions and the artist's own name are no tags"
    assert kestrels.popularity == 2.0
    assert pines.tags == ["folk", "café"], "tags.dat is ISO-8859-1"
    assert item(engine, "artist-4").title == '"Unclosed Quote', "artists.dat knows no quotes"
    assert item(engine, "artist-8").title == "天気予報"


def test_interactions_weigh_plays_and_date_from_the_latest_tag(engine: Engine, data_dir: Path) -> None:
    ingest(engine, data_dir)
    assert _interactions(engine, "listener-10", "artist") == {
        "artist-1": (500.0, datetime(2010, 6, 1, tzinfo=UTC)),
        "artist-2": (40.0, None),
    }


def test_tracks_join_artists_by_normalised_name(engine: Engine, data_dir: Path) -> None:
    ingest(engine, data_dir)
    joined = item(engine, "track-1")
    assert joined.artist_id == "artist-1", (
        "of two artists with one normalised name the one with more listeners"
    )
    assert (joined.creator, joined.released) == ("The Kestrels", date(1973, 7, 1))
    assert joined.tags == ["rock", "folk", "70s"]
    assert (item(engine, "track-2").title, item(engine, "track-2").released) == ("Salt, and Stone", None)
    assert item(engine, "track-3").released is None, "1071 is a typo"
    unmatched = item(engine, "track-4")
    assert (unmatched.artist_id, unmatched.creator) == (None, "The Unmatched")
    assert unmatched.genre == "classic rock"


def test_podcasts_books_and_films(engine: Engine, data_dir: Path) -> None:
    ingest(engine, data_dir)
    podcast, book, film = item(engine, "podcast-1"), item(engine, "book-1"), item(engine, "film-1")
    assert podcast.creator == "Ada Byte, Bob Nibble"
    assert podcast.tags == ["javascript", "react.js", "technology"]
    assert (book.title, book.creator, book.released) == ("The Long Tide", "Ann Author", date(2008, 7, 1))
    assert book.tags == ["fantasy", "young adult"]
    assert item(engine, "book-2").released is None, "720 BC is no date"
    assert (film.title, film.released, film.popularity) == ("The Tide", date(1995, 7, 1), 1.0)
    assert film.tags == ["action", "drama", "sea"], "rarest genre first, then tags that two viewers use"
    assert item(engine, "film-3").tags == []


def test_listeners_get_one_reader_and_one_viewer_for_good(engine: Engine, data_dir: Path) -> None:
    report = ingest(engine, data_dir)
    readers = [{"book-1", "book-3"}, {"book-2"}]
    for listener in ("listener-10", "listener-11", "listener-12"):
        assert set(_interactions(engine, listener, "book")) in readers
        films = _interactions(engine, listener, "film")
        assert films == {"film-1": (4.5, datetime(2009, 12, 14, 2, 52, 24, tzinfo=UTC))}, "rated 4 or better"
    assert report.note == SYNTHETIC


def test_friends_among_known_listeners(engine: Engine, data_dir: Path) -> None:
    ingest(engine, data_dir)
    with Session(engine) as session:
        pairs = {(row.listener_id, row.friend_id) for row in session.scalars(select(FriendshipRow))}
    assert pairs == {
        ("listener-10", "listener-11"),
        ("listener-11", "listener-10"),
        ("listener-11", "listener-12"),
    }


def test_every_planted_fault_is_reported_and_nothing_else(
    engine: Engine, data_dir: Path, tmp_path: Path
) -> None:
    rejects = tmp_path / "out" / "rejects.jsonl"
    report = ingest(engine, data_dir, rejects=rejects)
    assert {(r.file, r.line, r.field, r.dropped) for r in report.samples} == FAULTS
    lines = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert {(r["file"], r["line"], r["field"], r["dropped"]) for r in lines} == FAULTS
    assert all(r["reason"] and "value" in r for r in lines)
    assert report.rejected_rows == sum(dropped == "row" for *_, dropped in FAULTS)
    assert report.dropped_fields == sum(dropped == "field" for *_, dropped in FAULTS)
    assert sum(fault.count for fault in report.faults) == len(FAULTS)


_HUGE = "1" + "0" * 400
_TRACKS = "classic-rock-tracks/classic-rock-song-list.csv"


@pytest.mark.parametrize(
    ("file", "row", "field", "dropped"),
    [
        ("lastfm-hetrec2011/user_artists.dat", f"10\t8\t{_HUGE}\r\n", "weight", "row"),
        ("lastfm-hetrec2011/user_artists.dat", "10\t8\t1_000\r\n", "weight", "row"),
        ("lastfm-hetrec2011/user_taggedartists.dat", f"10\t8\t1\t{10**20}\t1\t2009\r\n", "day", "field"),
        (_TRACKS, f"A,Kestrels,1980,x,1,1,{_HUGE},1\n", "PlayCount", "row"),
        ("goodbooks-10k/books.csv", f"9,A,1999.0,T,{_HUGE}\n", "ratings_count", "row"),
    ],
)  # fmt: skip
def test_numbers_beyond_measure_spoil_their_row_only(
    engine: Engine, data_dir: Path, file: str, row: str, field: str, dropped: str
) -> None:
    path = data_dir / file
    path.write_bytes(path.read_bytes() + row.encode())
    report = ingest(engine, data_dir)
    lines = path.read_bytes().count(b"\n")
    found = {(r.file, r.line, r.field, r.dropped) for r in report.samples}
    assert found == FAULTS | {(file, lines, field, dropped)}


def test_a_file_for_rejects_that_cannot_be_written_stops_before_anything_is(
    engine: Engine, data_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file, not a directory")
    with pytest.raises(IngestError, match=r"cannot be written: .*; name a file in a directory"):
        ingest(engine, data_dir, rejects=tmp_path / "taken" / "rejects.jsonl")
    with pytest.raises(IngestError, match="cannot be written: Is a directory"):
        ingest(engine, data_dir, rejects=tmp_path)
    assert not any(dump(engine).values())


def test_a_second_run_keeps_what_was_played_between(engine: Engine, data_dir: Path) -> None:
    ingest(engine, data_dir)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    with writing(engine) as session:
        listeners.played(session, [Play("listener-10", name, at) for name in ("artist-1", "artist-4")])
    before = dump(engine)
    again = ingest(engine, data_dir)
    assert not any(again.written.values())
    assert dump(engine) == before
    with Session(engine) as session:
        history = {heard.item_id: heard for heard in listeners.history(session, "listener-10")}
        assert (history["artist-1"].weight, history["artist-1"].last_at) == (501.0, at)
        assert history["artist-4"].weight == 1.0
        assert catalog.latest_day(session) == date(2010, 6, 1)


def test_rights_are_few_and_the_same_every_time() -> None:
    items = [with_rights(Item(f"artist-{i}", Kind.ARTIST, "A")) for i in range(5000)]
    assert items == [with_rights(item) for item in items]
    restricted = [item.markets for item in items if item.markets]
    assert 0.04 < len(restricted) / len(items) < 0.08, "6 % by design, five standard errors"
    assert 0.034 < sum(item.explicit for item in items) / len(items) < 0.066, "5 % by design"
    assert {len(markets) for markets in restricted} == {2, 3, 4, 5}
    assert set().union(*restricted) == set(MARKETS)
    assert {pairing.listener(user).allows_explicit for user in range(100)} == {True, False}


def test_a_second_run_changes_nothing(engine: Engine, data_dir: Path) -> None:
    first = ingest(engine, data_dir)
    before = dump(engine)
    second = ingest(engine, data_dir)
    assert dump(engine) == before
    assert first.written == {name: count for name, count in first.tables.items() if count}
    assert second.tables == first.tables
    assert not any(second.written.values())


@pytest.mark.parametrize("file", ["user_friends.dat", "books.csv", "ratings.csv"])
def test_a_run_after_a_crash_ends_like_one_without(
    engine: Engine, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    class Crash(Recorder):
        def start(self, name: str, total: int | None) -> None:
            if name.endswith(file):
                raise KeyboardInterrupt
            super().start(name, total)

    untroubled = connect(f"sqlite:///{tmp_path / 'untroubled.db'}")
    migrate(untroubled)
    ingest(untroubled, data_dir)
    monkeypatch.setattr("home.ingest.lastfm.BatchWriter", partial(BatchWriter, size=2))
    with pytest.raises(KeyboardInterrupt):
        ingest(engine, data_dir, Crash())
    assert any(dump(engine).values()), "whole batches were written before the crash"
    ingest(engine, data_dir)
    assert dump(engine) == dump(untroubled)
    untroubled.dispose()


def test_limit_keeps_the_first_listeners_and_all_items(engine: Engine, data_dir: Path) -> None:
    report = ingest(engine, data_dir, limit=2)
    tables = dump(engine)
    assert [row[0] for row in tables["listeners"]] == ["listener-10", "listener-11"]
    assert {row[0] for row in tables["interactions"]} == {"listener-10", "listener-11"}
    assert len(tables["friendships"]) == 2
    assert {(r.file, r.line) for r in report.samples} == {(file, line) for file, line, *_ in FAULTS}
    assert item(engine, "artist-8").popularity == 1.0, "popularity counts everybody"


def test_only_some_parts_need_only_their_files(engine: Engine, data_dir: Path) -> None:
    shutil.rmtree(data_dir / "ml-latest-small-2016")
    shutil.rmtree(data_dir / "goodbooks-10k")
    report = ingest(engine, data_dir, only=["tracks"])
    assert {kind for _, kind in report.items} == {"artist", "track"}


def test_missing_files_are_named_with_their_home(engine: Engine, data_dir: Path) -> None:
    (data_dir / "lastfm-hetrec2011/user_friends.dat").unlink()
    (data_dir / "goodbooks-10k/book_genres.csv").unlink()
    with pytest.raises(IngestError) as error:
        ingest(engine, data_dir)
    message = str(error.value)
    assert (
        "lastfm-hetrec2011/user_friends.dat: get it from https://grouplens.org/datasets/hetrec-2011/"
        in message
    )
    assert "goodbooks-10k/book_genres.csv: get it from https://github.com/" in message
    assert message.count("get it from") == 2
    assert not any(dump(engine).values()), "nothing is written before the files are known to be there"


def test_wrong_arguments_name_the_fix(engine: Engine, data_dir: Path) -> None:
    with pytest.raises(IngestError, match="does not exist; pass the directory that holds lastfm-hetrec2011"):
        ingest(engine, data_dir / "nowhere")
    with pytest.raises(IngestError, match="'vinyl' is not a part; choose from playlists, tracks"):
        ingest(engine, data_dir, only=["vinyl"])
    with pytest.raises(IngestError, match="limit 0"):
        ingest(engine, data_dir, limit=0)


def test_a_file_without_its_columns_is_refused(engine: Engine, data_dir: Path) -> None:
    (data_dir / "lastfm-hetrec2011/user_artists.dat").write_text("user\tartist\n1\t2\n")
    with pytest.raises(IngestError, match=r"user_artists\.dat has no column userID, artistID, weight"):
        ingest(engine, data_dir)


def test_progress_counts_every_row_of_every_file(engine: Engine, data_dir: Path) -> None:
    progress = Recorder()
    ingest(engine, data_dir, progress)
    assert len(progress.phases) == 13
    assert all(total == steps for _, total, steps in progress.phases)
