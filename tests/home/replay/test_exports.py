"""An exported log replays like the database that it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine

from bandits.policies import FixedPolicy
from bandits.types import EventKind, RewardEvent
from home.db import writing
from home.ingest.progress import Silent
from home.records import DecisionRecord
from home.replay.exports import ExportedLog, export, is_export
from home.replay.inputs import StoredLog
from home.replay.judge import replay, replay_entries
from home.replay.options import Options
from home.replay.row_targets import Given
from home.replay.rows import judge_rows
from home.replay.sources.chunk import ReplayInputError
from home.replay.sources.columns import ColumnsSource
from home.replay.targets import Target
from home.replay.what_if import Model, WhatIf
from home.sampling import sample_contexts
from home.service import Home
from home.store import decisions, events
from home.store.events import StoredEvent
from tests.home.loop import FORMULA, HORIZON, NOON, feedback, make_record

CLOSED = NOON + HORIZON


def _store(engine: Engine, record: DecisionRecord, said: Sequence[RewardEvent]) -> None:
    with writing(engine) as session:
        decisions.add(session, record, closes_at=record.at + HORIZON)
        events.insert(session, [StoredEvent(event, event.at, late=False) for event in said])


def test_a_log_comes_back_whole_and_is_a_table_of_rounds_as_well(engine: Engine, tmp_path: Path) -> None:
    for number in range(5):
        record = make_record(f"d{number}", NOON - timedelta(minutes=number), listener_id=f"l{number % 2}")
        _store(engine, record, [feedback(f"e{number}", f"d{number}", EventKind.SAVE, item="c0")])
    _store(engine, make_record("inexact", propensity=None, fallback="solver"), [])
    path = tmp_path / "log.parquet"
    assert export(engine, path, FORMULA, start=None, end=None, progress=Silent()) == 6
    assert is_export(path)
    targets = [Target(None), Target(0.0)]
    there = replay(engine, FORMULA, targets, now=CLOSED)
    log = ExportedLog(path)
    here = replay_entries(log.entries(None, None, Silent()), FORMULA, targets, now=CLOSED)
    assert here == there
    assert here.excluded.inexact == 1
    since = NOON - timedelta(minutes=2)
    assert len(list(log.entries(since, NOON, Silent()))) == 2
    frame = pl.read_parquet(path)
    assert frame["timestamp"].is_sorted()
    rows = tmp_path / "rows.parquet"
    frame.filter(pl.col("propensity").is_not_null()).with_columns(
        pl.col("propensity").alias("target_propensity")
    ).write_parquet(rows)
    table = judge_rows(ColumnsSource(rows), [Given("given")], Options())
    assert table.rounds == 5
    assert table.on_policy.value == there.on_policy.value


def test_what_cannot_be_written_is_refused_and_nothing_is_left(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(ReplayInputError, match=r"end the name in \.parquet"):
        export(engine, tmp_path / "log.csv", FORMULA, start=None, end=None, progress=Silent())
    path = tmp_path / "log.parquet"
    assert export(engine, path, FORMULA, start=None, end=None, progress=Silent()) == 0
    with pytest.raises(ReplayInputError, match="is there already"):
        export(engine, path, FORMULA, start=None, end=None, progress=Silent())
    (tmp_path / "bad.parquet").write_text("no parquet")
    with pytest.raises(ReplayInputError, match="cannot be read"):
        is_export(tmp_path / "bad.parquet")
    assert not is_export(tmp_path / "other.csv")
    assert sorted(path.name for path in tmp_path.glob("*.parquet*")) == ["bad.parquet", "log.parquet"]


def test_another_model_and_rulebook_are_judged_from_the_export_alone(home: Home, tmp_path: Path) -> None:
    for seed, context in enumerate(sample_contexts(home.engine, 6, "phone", 3, home.clock())):
        home.compose(context.listener.id, "phone", seed=seed)
    path = tmp_path / "log.parquet"
    export(home.engine, path, home.formula, start=None, end=None, progress=Silent())
    log = ExportedLog(path)
    later = home.clock() + timedelta(days=1)
    some = home.tools.rules[:4]
    reports = []
    for setup_of in (StoredLog(home.engine).setup_of, log.setup_of):
        whatif = WhatIf("fixed", setup_of, model=Model(FixedPolicy()))
        targets = [whatif, replace(whatif, name="rules", model=None, rules=some)]
        entries = log.entries(None, None, Silent())
        reports.append(replay_entries(entries, home.formula, targets, now=later))
    assert reports[0] == reports[1]
    fixed, rules = reports[0].judgements
    assert not fixed.unknowable
    assert fixed.support is None
    assert rules.support is not None
    assert 0.0 < rules.support.outside.value <= 1.0
