from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import partial

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, func, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import Session

from home.db import Base, DismissalRow, LeaseRow, connect, migrate, prepare_to_write, writing

_NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def test_the_migrated_schema_is_the_declared_one(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_the_comparison_sees_a_missing_table(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE leases"))
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata)


def test_migrating_again_keeps_the_data(engine: Engine) -> None:
    with writing(engine) as session:
        session.execute(insert(LeaseRow).values(name="learner", holder="a", expires_at=_NOON))
    migrate(engine)
    with Session(engine) as session:
        assert session.scalar(select(LeaseRow.holder)) == "a"


def test_processes_that_migrate_at_the_same_time_both_succeed(database_url: str) -> None:
    engines = [connect(database_url) for _ in range(4)]
    failures = _together([partial(migrate, engine) for engine in engines])
    assert failures == []
    assert "decisions" in inspect(engines[0]).get_table_names()
    for engine in engines:
        engine.dispose()


def test_instants_come_back_in_utc_to_the_microsecond(engine: Engine) -> None:
    local = _NOON.astimezone(timezone(timedelta(hours=9)))
    with writing(engine) as session:
        session.execute(insert(LeaseRow).values(name="x", holder="a", expires_at=local))
    with Session(engine) as session:
        read = session.scalar(select(LeaseRow.expires_at))
    assert read == _NOON
    assert read.utcoffset() == timedelta(0)


def test_a_naive_instant_is_refused(engine: Engine) -> None:
    with pytest.raises(StatementError, match="naive datetime"), writing(engine) as session:
        session.execute(insert(LeaseRow).values(name="x", holder="a", expires_at=datetime(2026, 3, 1)))


def test_an_error_rolls_the_whole_transaction_back(engine: Engine) -> None:
    lease = insert(LeaseRow).values(name="x", holder="a", expires_at=_NOON)

    def store_and_fail() -> None:
        with writing(engine) as session:
            session.execute(lease)
            session.execute(lease)

    with pytest.raises(IntegrityError):
        store_and_fail()
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(LeaseRow)) == 0


def test_readers_that_turn_into_writers_take_turns(engine: Engine) -> None:
    def read_then_write(name: str) -> None:
        for turn in range(20):
            with Session(engine) as session, session.begin():
                prepare_to_write(session)
                session.scalar(select(func.count()).select_from(DismissalRow))
                session.execute(
                    insert(DismissalRow).values(
                        listener_id=name, target="item", target_id=str(turn), at=_NOON
                    )
                )

    assert _together([partial(read_then_write, str(i)) for i in range(4)]) == []
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(DismissalRow)) == 80


def test_sqlite_refuses_a_reader_that_turns_writer_after_another_wrote(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("the hazard that prepare_to_write is for exists in SQLite only")
    row = {"listener_id": "a", "target": "item", "at": _NOON}
    with Session(engine) as session, session.begin():
        session.scalar(select(func.count()).select_from(DismissalRow))
        with writing(engine) as other:
            other.execute(insert(DismissalRow).values(target_id="1", **row))
        with pytest.raises(OperationalError, match="locked"):
            session.execute(insert(DismissalRow).values(target_id="2", **row))


def _together(jobs: list[Callable[[], None]]) -> list[BaseException]:
    failures: list[BaseException] = []
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], None]) -> None:
        try:
            start.wait()
            job()
        except BaseException as failure:  # reported to the main thread
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures
