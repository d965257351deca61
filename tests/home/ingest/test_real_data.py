"""The real data sets, where HOME_TEST_DATA_DIR says that they are; the numbers are those of their readmes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from home.bootstrap import load_catalog
from home.db import InteractionRow, ItemRow, connect, migrate
from home.ingest.lastfm import IngestReport, ingest
from home.sampling import sample_contexts
from home.settings import Settings
from home.store import catalog as store
from shelves.sources.jump_back_in import JumpBackIn
from shelves.view import View
from tests.home.ingest.made import dump

_VARIABLE = "HOME_TEST_DATA_DIR"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, IngestReport]]:
    """A database with the real sets, and the report of loading them."""
    data = os.environ.get(_VARIABLE)
    if not data:
        pytest.skip(f"{_VARIABLE} is not set: set it to the directory of the data sets to run this test")
    engine = connect(f"sqlite:///{tmp_path_factory.mktemp('real') / 'home.db'}")
    migrate(engine)
    yield engine, ingest(engine, Path(data))
    engine.dispose()


@pytest.mark.slow
def test_the_real_sets_load_completely_and_twice_alike(loaded: tuple[Engine, IngestReport]) -> None:
    engine, report = loaded
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
    assert not any(ingest(engine, Path(os.environ[_VARIABLE])).written.values())
    assert dump(engine) == before


@pytest.mark.slow
def test_real_listeners_jump_back_to_what_they_play_most(loaded: tuple[Engine, IngestReport]) -> None:
    """Music dates end in 2011, films in 2016, saved books have none: none of that may push artists out."""
    engine, _ = loaded
    settings = Settings(database_url=engine.url.render_as_string())
    catalog = load_catalog(engine, settings)
    shown, dated, saved = [], [], 0
    for context in sample_contexts(engine, 150, "desktop", 2, datetime(2026, 3, 1, tzinfo=UTC)):
        view = View(catalog, context)
        first = {catalog.ids[row] for row in JumpBackIn().propose(view)[0].rows[:8]}
        artists = [heard for heard in context.history if heard.item_id.startswith("artist-")]
        allowed = [heard for heard in artists if view.eligible[catalog.row_of(heard.item_id)]][:4]
        shown += [heard.item_id in first for heard in allowed]
        dated += [heard.item_id in first for heard in allowed if heard.last_at is not None]
        saved += sum(name.startswith("book-") for name in first)
    assert saved == 0
    assert len(dated) > 200
    assert np.mean(shown) > 0.75, "of each listener's four most played artists"
    assert np.mean(dated) > 0.75, "whether their days are known or not"


@pytest.mark.slow
def test_real_pages_have_something_to_leave_out(loaded: tuple[Engine, IngestReport]) -> None:
    """Without market rights and explicit flags an audit for ineligible items would find nothing to judge."""
    engine, _ = loaded
    with Session(engine) as session:
        items, listeners = store.items(session), store.listeners(session)
    assert 0.04 < np.mean([bool(item.markets) for item in items]) < 0.08
    assert 0.03 < np.mean([item.explicit for item in items]) < 0.07
    assert 0.15 < np.mean([not person.allows_explicit for person in listeners]) < 0.25


def _popularity(session: Session, title: str) -> float | None:
    return session.scalar(select(ItemRow.popularity).where(ItemRow.kind == "artist", ItemRow.title == title))
