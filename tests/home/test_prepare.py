"""Embeddings are trained when the data sets' histories are not those they were trained on, and only then."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from home.db import writing
from home.embeddings import load_embeddings, trained_on
from home.ingest.lastfm import ingest
from home.ingest.progress import Silent
from home.prepare import train_embeddings
from home.store import catalog, listeners
from home.store.listeners import Play
from tests.home.ingest.made import write_data


class Heard(Silent):
    """Counts trainings, and cuts one short if asked to."""

    def __init__(self, *, stop: bool = False) -> None:
        self.trained = 0
        self._stop = stop

    def start(self, name: str, total: int | None) -> None:
        self.trained += name == "Training item embeddings"

    def advance(self, n: int = 1) -> None:
        if self._stop:
            raise KeyboardInterrupt


def trainings(engine: Engine) -> int:
    heard = Heard()
    train_embeddings(engine, heard)
    return heard.trained


def test_embeddings_follow_the_data_sets_and_nothing_else(engine: Engine, tmp_path: Path) -> None:
    data = write_data(tmp_path / "data")
    ingest(engine, data)
    assert [trainings(engine), trainings(engine)] == [1, 0]
    ingest(engine, data)
    with writing(engine) as session:
        listeners.played(session, [Play("listener-10", "artist-4", datetime(2026, 3, 1, tzinfo=UTC))])
    assert trainings(engine) == 0, "the same data and one live play"
    plays = data / "lastfm-hetrec2011/user_artists.dat"
    plays.write_bytes(plays.read_bytes() + b"12\t4\t30\r\n")
    ingest(engine, data)
    assert [trainings(engine), trainings(engine)] == [1, 0], (
        "loaded without training, trained by the next call"
    )


def test_a_training_that_was_cut_short_is_made_up_for(engine: Engine, tmp_path: Path) -> None:
    data = write_data(tmp_path / "data")
    ingest(engine, data)
    train_embeddings(engine, Silent())
    with Session(engine) as session:
        first = load_embeddings(session)
        before = trained_on(session)
    plays = data / "lastfm-hetrec2011/user_artists.dat"
    plays.write_bytes(plays.read_bytes() + b"12\t4\t30\r\n")
    ingest(engine, data)
    with pytest.raises(KeyboardInterrupt):
        train_embeddings(engine, Heard(stop=True))
    with Session(engine) as session:
        kept = load_embeddings(session)
        assert trained_on(session) == before != catalog.fingerprint(session)
    assert first is not None
    assert kept is not None
    assert np.array_equal(first.vectors, kept.vectors), "the older ones stay until newer ones are whole"
    assert trainings(engine) == 1
    with Session(engine) as session:
        assert trained_on(session) == catalog.fingerprint(session)
