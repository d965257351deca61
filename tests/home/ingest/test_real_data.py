"""The real data sets, where HOME_TEST_DATA_DIR says that they are; the numbers are those of their readmes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from home.db import InteractionRow, ItemRow, connect, migrate
from home.ingest.lastfm import ingest
from tests.home.ingest.made import dump

_VARIABLE = "HOME_TEST_DATA_DIR"


@pytest.mark.slow
def test_the_real_sets_load_completely_and_twice_alike(tmp_path: Path) -> None:
    data = os.environ.get(_VARIABLE)
    if not data:
        pytest.skip(f"{_VARIABLE} is not set: set it to the directory of the data sets to run this test")
    engine = connect(f"sqlite:///{tmp_path / 'home.db'}")
    migrate(engine)
    report = ingest(engine, Path(data))
    assert {kind: count for (_, kind), count in report.items.items() if kind != "playlist"} == {
        "artist": 17_632,
        "track": 2_229,
        "podcast": 284,
        "audiobook": 10_000,
        "video": 9_125,
    }
    assert report.tables["listeners"] == 1_892
    assert report.tables["friendships"] == 25_434
    faults = {(fault.file.split("/")[1], fault.field, fault.dropped): fault.count for fault in report.faults}
    assert faults["user_taggedartists.dat", "artistID", "row"] == 1_538 == report.rejected_rows
    assert faults["user_taggedartists.dat", "year", "field"] == 5
    with Session(engine) as session:
        plays = select(func.count(), func.sum(InteractionRow.weight)).where(
            InteractionRow.dataset == "lastfm-hetrec2011"
        )
        assert tuple(session.execute(plays).one()) == (92_834, 69_183_975.0)
        joined = select(func.count()).where(ItemRow.kind == "track", ItemRow.artist_id.is_not(None))
        assert session.scalar(joined) == 1_991
        assert _popularity(session, "Lady Gaga") == 611.0
    before = dump(engine)
    assert not any(ingest(engine, Path(data)).written.values())
    assert dump(engine) == before
    engine.dispose()


def _popularity(session: Session, title: str) -> float | None:
    return session.scalar(select(ItemRow.popularity).where(ItemRow.kind == "artist", ItemRow.title == title))
