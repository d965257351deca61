"""Old databases open: what was logged before a change of schema is read after it."""

from __future__ import annotations

import json
import struct
import zlib
from datetime import datetime
from typing import Any

import numpy as np
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from home.db import connect, migrate
from home.records import DecisionRecord, encode
from home.store import decisions, listeners
from shelves.types import Interaction
from tests.home.loop import NOON, make_record

_HEAD = struct.Struct("<2sBI")


def test_decisions_from_before_presentations_are_kept(database_url: str) -> None:
    engine = connect(database_url)
    record = make_record("d1")
    with engine.connect() as connection, connection.begin():
        _upgrade(connection, "0001")
        _insert(connection, record, _of_version_one(record))

    migrate(engine)

    with Session(engine) as session:
        read = decisions.get(session, "d1")
        page = decisions.last_page(session, record.listener_id, record.surface, NOON.replace(year=2100))
    assert read is not None
    assert read.shelf_ids(read.page) == record.shelf_ids(record.page) == page
    assert [option.features for option in read.options] == [option.features for option in record.options]
    assert {option.presentation for option in read.options} == {""}
    assert np.array_equal(read.values, record.values)
    assert read.propensity == record.propensity
    assert (read.solver.objective, dict(read.solver.paid)) == (record.solver.objective, {})
    engine.dispose()


def test_plays_from_before_their_own_table_are_taken_out_of_the_interactions(database_url: str) -> None:
    engine = connect(database_url)
    record = make_record("d1")
    with engine.connect() as connection, connection.begin():
        _upgrade(connection, "0001")
        _insert(connection, record, _of_version_one(record))
        _upgrade(connection, "0002")
        for event, kind, item in (("e1", "play_30s", "x"), ("e2", "play_30s", "x"), ("e3", "play_30s", "y")):
            _report(connection, event, kind, item)
        _report(connection, "e4", "click", "x")
        _hear(connection, record.listener_id, "x", 9.0, "lastfm")
        _hear(connection, record.listener_id, "y", 1.0, "events")

    migrate(engine)

    with Session(engine) as session:
        kept = session.execute(text("SELECT item_id, weight FROM interactions")).all()
        assert [tuple(row) for row in kept] == [("x", 7.0)]
        history = listeners.history(session, record.listener_id)
        assert history == (Interaction("x", 9.0, NOON), Interaction("y", 1.0, NOON))
    engine.dispose()


def _report(connection: Connection, event: str, kind: str, item: str) -> None:
    values = {"id": event, "kind": kind, "item": item, "at": _instant(connection, NOON)}
    connection.execute(
        text(
            "INSERT INTO events (id, decision_id, kind, shelf_id, item_id, at, received_at, late) "
            "VALUES (:id, 'd1', :kind, 's', :item, :at, :at, false)"
        ),
        values,
    )


def _hear(connection: Connection, listener: str, item: str, weight: float, dataset: str) -> None:
    connection.execute(
        text("INSERT INTO interactions VALUES (:listener, :item, :weight, NULL, :dataset)"),
        {"listener": listener, "item": item, "weight": weight, "dataset": dataset},
    )


def _instant(connection: Connection, at: datetime) -> datetime:
    return at.replace(tzinfo=None) if connection.dialect.name == "sqlite" else at


def _upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", "home:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _of_version_one(record: DecisionRecord) -> bytes:
    """The record as the first version of the schema stored it: features with the shelves, no options."""
    data = encode(record)
    magic, _, length = _HEAD.unpack_from(data)
    header: dict[str, Any] = json.loads(zlib.decompress(data[_HEAD.size : _HEAD.size + length]))
    for option in header.pop("options"):
        header["shelves"][option["shelf"]]["features"] = option["features"]
    del header["about"], header["solver"]["paid"]
    header["solver"]["settings"] = {"workers": 1}
    header["schema_version"] = 1
    packed = zlib.compress(json.dumps(header).encode(), 1)
    return _HEAD.pack(magic, 1, len(packed)) + packed + data[_HEAD.size + length :]


def _insert(connection: Connection, record: DecisionRecord, data: bytes) -> None:
    connection.execute(
        text(
            "INSERT INTO decisions (id, listener_id, surface, at, closes_at, policy_version, rules_version, "
            "status, explored, propensity, record) VALUES (:id, :listener, :surface, :at, :at, 1, 'r1', "
            "'optimal', :explored, :propensity, :record)"
        ),
        {
            "id": record.id,
            "listener": record.listener_id,
            "surface": record.surface,
            "at": _instant(connection, record.at),
            "explored": record.explored,
            "propensity": record.propensity,
            "record": data,
        },
    )
