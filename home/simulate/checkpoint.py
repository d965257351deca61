"""A simulation on disk, batch by batch, so that it can be interrupted and taken up again.

A directory holds `simulation.json`, which says what is simulated, and for each policy a directory of its own
with `state.json`, what the policy carries on, and a Parquet file of pages for each batch that is over. Files
are written beside their place and moved there, the state last: whenever the machine stops, the state and the
pages it counts are whole.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import orjson
import polars as pl
from pydantic import TypeAdapter, ValidationError

from home.errors import ConfigurationError
from home.simulate.decisions import read_slots, slot_frame
from home.simulate.player import PlayerState
from home.simulate.rows import Pages, VisitRow, row_frame

Identity = Mapping[str, str]
"""What a simulation is of: name of a part → what it is, in words or as a digest."""

_STATE = TypeAdapter(PlayerState)


class Checkpoints:
    """The directory of one simulation.

    Raises ConfigurationError when the directory holds another simulation, naming the parts that differ.
    """

    def __init__(self, directory: Path, identity: Identity) -> None:
        self.directory = directory
        path = directory / "simulation.json"
        if path.exists():
            _check(directory, read_identity(path), identity)
        else:
            directory.mkdir(parents=True, exist_ok=True)
            replace_file(path, orjson.dumps(dict(identity), option=orjson.OPT_INDENT_2))

    def load(self, policy: str) -> tuple[PlayerState, Pages]:
        """How far a policy has come, and its pages so far. Raises ConfigurationError for a damaged file."""
        path = self._of(policy) / "state.json"
        if not path.exists():
            return PlayerState(), Pages()
        try:
            state = _STATE.validate_json(path.read_bytes())
            pages = Pages()
            for batch in range(state.batches):
                pages.extend(self._read(policy, batch))
        except (ValidationError, pl.exceptions.PolarsError, OSError, TypeError) as error:
            raise ConfigurationError(
                f"{path}: cannot be taken up again ({error}); remove {self.directory} to start over"
            ) from error
        return state, pages

    def save(self, policy: str, state: PlayerState, pages: Pages) -> None:
        """Keep a batch that is over: its pages, and the state after it."""
        directory = self._of(policy)
        directory.mkdir(exist_ok=True)
        batch = state.batches - 1
        if pages.rows:
            _write(row_frame(pages.rows), self._file(policy, "pages", batch))
        if pages.slots:
            _write(slot_frame(pages.slots), self._file(policy, "slots", batch))
        replace_file(directory / "state.json", _STATE.dump_json(state))

    def _read(self, policy: str, batch: int) -> Pages:
        rows, slots = (self._file(policy, kind, batch) for kind in ("pages", "slots"))
        # A batch to which nobody came has no pages and no file.
        return Pages(
            [VisitRow(**row) for row in pl.read_parquet(rows).iter_rows(named=True)] if rows.exists() else [],
            read_slots(slots) if slots.exists() else [],
        )

    def _of(self, policy: str) -> Path:
        return self.directory / slug(policy)

    def _file(self, policy: str, kind: str, batch: int) -> Path:
        return self._of(policy) / f"{kind}-{batch:05d}.parquet"


def slug(policy: str) -> str:
    """The name of a policy as a file name."""
    return re.sub(r"[^\w.=-]+", "-", policy)


def read_identity(path: Path) -> Identity:
    """What a directory says that it holds. Raises ConfigurationError for a file that says nothing."""
    try:
        found = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(f"{path}: not a simulation ({error}); give another directory") from error
    if not isinstance(found, dict):
        raise ConfigurationError(f"{path}: not a simulation; give another directory")
    return {str(name): str(value) for name, value in found.items()}


def _check(directory: Path, found: Identity, wanted: Identity) -> None:
    other = [name for name in {**found, **wanted} if found.get(name) != wanted.get(name)]
    if other:
        name = other[0]
        raise ConfigurationError(
            f"{directory} holds a simulation that differs in {', '.join(other)}"
            f" ({name} {found.get(name)!r}, now {wanted.get(name)!r}); give another directory or the same"
            " options"
        )


def _write(frame: pl.DataFrame, path: Path) -> None:
    beside = path.with_suffix(".part")
    frame.write_parquet(beside)
    os.replace(beside, path)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there, so that it is whole at any moment."""
    beside = path.with_suffix(".part")
    beside.write_bytes(content)
    os.replace(beside, path)
