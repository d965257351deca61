"""Chunks of logged rounds: what every reader yields, and everything after reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bandits.ope.rounds import Column, Groups
from home.errors import HomeError
from home.ingest.rejects import Rejects

Times = NDArray[np.datetime64]
Labels = NDArray[np.str_]
CHUNK_ROWS = 65_536
FAULTY = -1
"""The position of a row of a slate that cannot be: without it, the slate has a gap and is left out."""


class ReplayInputError(HomeError):
    """A log cannot be read: a file is missing, or is not what its name says."""


class NoPropensityError(ReplayInputError):
    """A log does not say how likely what it shows was."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where} holds no propensities: without the probability of what was shown, no estimate is"
            " unbiased; log it, or pass --estimate-propensities to have it estimated from how often each"
            " action was shown, which the report will say"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """m logged rounds as columns, of which a log may lack all but `reward` and `group`.

    - `reward` (m,) finite; `propensity` (m,) in (0, 1], NaN where the log has none.
    - `group` (m,): rounds that share a number are dependent.
    - `action` (m,) counts from 0, −1 where the log does not name it; `available` (m, n): which actions there
      were. `position` (m,) counts from 0.
    - `slate` (m,): rounds that share a number, one for each position from 0 on without a gap, were shown
      together; their propensities are conditional on what is above them. Faulty rows are at `FAULTY`.
    - `distribution` (m, n): the logging policy's probability of every action.
    - `context` (m, d): numeric features. `expected` (m, n): rewards that a model predicts.
    - `embedding` (m, 1): category of what was shown. `logger` (m,): which of K logging policies showed it,
      with its probability under each in `propensities` (m, K).
    - `at` (m,) UTC. `segments`: name → label of each round (m,).
    - `targets`: name → probability of what was shown (m,), or of every action (m, n), under a policy that
      came with the log.
    """

    reward: Column
    propensity: Column
    group: Groups
    action: Groups
    position: Groups
    slate: Groups | None = None
    available: NDArray[np.bool_] | None = None
    distribution: Column | None = None
    context: Column | None = None
    expected: Column | None = None
    embedding: Groups | None = None
    logger: Groups | None = None
    propensities: Column | None = None
    at: Times | None = None
    segments: Mapping[str, Labels] = field(default_factory=dict)
    targets: Mapping[str, Column] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.reward)

    def take(self, rows: NDArray[np.bool_]) -> Chunk:
        """The rounds where `rows` (m,) is True."""
        if rows.all():
            return self
        return replace(self, **{one.name: _taken(getattr(self, one.name), rows) for one in fields(self)})


class Source(Protocol):
    """A log that can be read any number of times."""

    @property
    def name(self) -> str:
        """The log in a word or two, for people."""
        ...

    @property
    def has_propensities(self) -> bool:
        """Whether the log says how likely what it shows was."""
        ...

    def chunks(self, rejects: Rejects) -> Iterator[Chunk]:
        """The rounds in the order of the log, in bounded memory; what is wrong goes to `rejects`."""
        ...


def labels(column: pl.Series) -> Labels:
    """A column as labels; what is missing has one of its own."""
    return column.cast(pl.String).fill_null("(none)").to_numpy().astype(np.str_)


def _taken(value: Any, rows: NDArray[np.bool_]) -> Any:
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {name: column[rows] for name, column in value.items()}
    return value[rows]
