"""The decision log as one Parquet file: complete, so that it replays like the database, and open to others.

A row is a decision with its record, the events that count, and the texts of its rulebook and grid, which
compress to next to nothing. `reward`, `propensity`, `group`, `timestamp` and the facts of the request are
columns of their own, named as in every table of rounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import polars as pl
from polars.exceptions import PolarsError
from polars.io.plugins import register_io_source
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.rewards import RewardFormula, page_reward
from bandits.types import EventKind, RewardEvent
from home.configuration import Setup, digest, setup_of
from home.errors import first_line
from home.ingest.progress import Progress
from home.records import DecisionRecord
from home.replay.log import Entry, joined
from home.replay.sources.chunk import ReplayInputError
from home.settle import outcomes_of
from home.store import configurations
from home.store.decisions import LoggedDecision

_ROWS = 2_000
_UTC = pl.Datetime("us", "UTC")
_SCHEMA: dict[str, Any] = {
    "decision": pl.String,
    "group": pl.String,
    "timestamp": _UTC,
    "closes_at": _UTC,
    "surface": pl.String,
    "market": pl.String,
    "tier": pl.String,
    "model": pl.Int64,
    "reward": pl.Float64,
    "propensity": pl.Float64,
    "record": pl.Binary,
    "events": pl.Binary,
    "rulebook": pl.String,
    "grid": pl.String,
}


def export(
    engine: Engine,
    path: Path,
    formula: RewardFormula,
    *,
    start: datetime | None,
    end: datetime | None,
    progress: Progress,
) -> int:
    """Write the decisions made in [start, end) to a new Parquet file, in constant memory; returns how many.

    `reward` is what the formula makes of a page's events so far. A damaged record is written as it is,
    without what it should say. Raises ReplayInputError for a name that does not end in .parquet, or for a
    file that is there.
    """
    if path.suffix != ".parquet":
        raise ReplayInputError(f"{path}: exports are Parquet; end the name in .parquet")
    if path.exists():
        raise ReplayInputError(f"{path} is there already: name a new file, or remove it")
    progress.start("Exporting decisions", None)
    written = 0

    def frames(*_: object) -> Iterator[pl.DataFrame]:
        nonlocal written
        with Session(engine) as session, Session(engine) as other:
            find = cache(lambda sha256: configurations.find(other, sha256))
            rows: list[dict[str, Any]] = []
            for decision, events in joined(session, start, end, progress):
                rows.append(_row(decision, events, formula, find))
                written += 1
                if len(rows) == _ROWS:
                    yield pl.DataFrame(rows, schema=_SCHEMA)
                    rows = []
            yield pl.DataFrame(rows, schema=_SCHEMA)

    part = path.with_suffix(".parquet.part")
    try:
        register_io_source(frames, schema=_SCHEMA).sink_parquet(part)
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    progress.finish()
    return written


def is_export(path: Path) -> bool:
    """Whether a file is what `export` writes. Raises ReplayInputError for a Parquet file that is none."""
    if path.suffix != ".parquet" or not path.is_file():
        return False
    try:
        names = pl.read_parquet_schema(path)
    except PolarsError as error:
        raise ReplayInputError(f"{path} cannot be read: {first_line(error)}") from error
    return set(_SCHEMA) <= set(names)


@dataclass(slots=True, eq=False)
class ExportedLog:
    """An exported decision log. `setup_of` knows the setups of the decisions that were read so far."""

    path: Path
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def entries(self, start: datetime | None, end: datetime | None, progress: Progress) -> Iterator[Entry]:
        """The decisions made in [start, end), oldest first, each with the events that count."""
        rows = pl.scan_parquet(self.path)
        if start is not None:
            rows = rows.filter(pl.col("timestamp") >= start)
        if end is not None:
            rows = rows.filter(pl.col("timestamp") < end)
        for frame in rows.collect_batches(chunk_size=_ROWS, maintain_order=True):
            for row in frame.iter_rows(named=True):
                yield self._entry(row)
                progress.advance()

    def setup_of(self, record: DecisionRecord) -> Setup:
        """The rulebook and grid of a decision. Raises NotExplainableError without them."""
        return setup_of(record, self.texts.get)

    def _entry(self, row: dict[str, Any]) -> Entry:
        for text in (row["rulebook"], row["grid"]):
            if text is not None:
                self.texts.setdefault(digest(text), text)
        decision = LoggedDecision(
            row["decision"], row["group"], row["timestamp"], row["closes_at"], None, row["record"]
        )
        return decision, tuple(_event(decision.id, one) for one in orjson.loads(row["events"]))


def _row(
    decision: LoggedDecision, events: Sequence[RewardEvent], formula: RewardFormula, find: Any
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "decision": decision.id,
        "group": decision.listener_id,
        "timestamp": decision.at,
        "closes_at": decision.closes_at,
        "record": decision.data,
        "events": orjson.dumps([_plain(event) for event in events]),
    }
    try:
        record = decision.record()
    except ValueError:
        return row
    texts = {kind: find(sha256) for kind, sha256 in record.configuration.items()}
    facts = record.about.facts
    return row | {
        **{name: str(facts[name]) for name in ("surface", "market", "tier") if name in facts},
        "model": record.policy_version,
        "reward": page_reward(outcomes_of(record, events, formula)),
        "propensity": record.propensity,
        "rulebook": texts.get("rulebook"),
        "grid": texts.get("grid"),
    }


def _plain(event: RewardEvent) -> list[str | None]:
    return [event.id, event.kind.value, event.shelf_id, event.at.isoformat(), event.item_id]


def _event(decision: str, plain: list[Any]) -> RewardEvent:
    identity, kind, shelf, at, item = plain
    return RewardEvent(identity, decision, EventKind(kind), shelf, datetime.fromisoformat(at), item)
