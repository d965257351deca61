"""Putting the embedded catalogue into a database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from sqlalchemy import Engine

from home.db import FollowRow, FriendshipRow, InteractionRow, ItemRow, ListenerRow
from home.demo.files import read
from home.demo.listeners import DemoListener
from home.ingest.progress import Progress, Silent
from home.ingest.tables import BatchWriter, interaction_row, item_row, listener_row

DATASET = "demo"


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did: rows inserted or changed per table, what the files hold, and the time it took."""

    written: dict[str, int]
    items: int
    listeners: int
    seconds: float


def load(engine: Engine, directory: Path, progress: Progress | None = None) -> LoadReport:
    """Load the files in `directory` into the catalogue tables; the same call again changes nothing.

    Raises ConfigurationError for a file that is missing or cannot be read, before anything is written.
    """
    started = perf_counter()
    shown = progress or Silent()
    catalog = read(directory)
    with BatchWriter(engine) as writer:
        shown.start("Loading items", len(catalog.items))
        for item in catalog.items:
            writer.add(ItemRow, item_row(item, DATASET))
            shown.advance()
        shown.finish()
        shown.start("Loading listeners", len(catalog.listeners))
        for person in catalog.listeners:
            _add(writer, person)
            shown.advance()
        shown.finish()
    return LoadReport(
        written=writer.written(),
        items=len(catalog.items),
        listeners=len(catalog.listeners),
        seconds=perf_counter() - started,
    )


def _add(writer: BatchWriter, person: DemoListener) -> None:
    identity = person.listener.id
    writer.add(ListenerRow, listener_row(person.listener, DATASET))
    for interaction in person.history:
        writer.add(InteractionRow, interaction_row(identity, interaction, DATASET))
    for item_id in person.follows:
        writer.add(FollowRow, {"listener_id": identity, "item_id": item_id})
    for friend_id in person.friends:
        writer.add(FriendshipRow, {"listener_id": identity, "friend_id": friend_id})
