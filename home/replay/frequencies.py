"""Propensities that nobody logged, estimated from how often each action was shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from bandits.ope.actions import Table
from home.ingest.rejects import Rejects
from home.replay.sources.chunk import Chunk, ReplayInputError, Source
from home.replay.sources.screening import MOST

NOTE = (
    "No propensities were logged: they are estimated from how often each action was shown at each position."
    " That is right only if the logging policy looked at nothing but the position, and intervals do not know"
    " of the error."
)


@dataclass(frozen=True, slots=True, eq=False)
class FrequencySource:
    """A log without propensities, seen with the frequency of each action at each position as propensity.

    Reads the log once to count. Assumes a logging policy that did not look at contexts: where it did, all
    estimates are biased, and nothing in the log tells by how much. Raises ReplayInputError for rounds that do
    not name their action, that number actions or positions beyond what a table can hold, or that belong to
    slates.
    """

    source: Source
    table: Table

    @classmethod
    def counted(cls, source: Source) -> FrequencySource:
        """Count the actions of a log."""
        table = np.zeros((1, 1))
        for chunk in source.chunks(Rejects()):
            if not len(chunk):
                continue
            _check(source.name, chunk)
            shape = (int(chunk.position.max()) + 1, int(chunk.action.max()) + 1)
            table = _grown(table, shape)
            np.add.at(table, (chunk.position, chunk.action), 1.0)
        totals = table.sum(axis=1, keepdims=True)
        return cls(source, np.divide(table, totals, out=np.zeros_like(table), where=totals > 0.0))

    @property
    def name(self) -> str:
        """That of the log."""
        return self.source.name

    @property
    def has_propensities(self) -> bool:
        """It has none of its own."""
        return False

    def chunks(self, rejects: Rejects) -> Iterator[Chunk]:
        """The rounds of the log with their estimated propensities."""
        for chunk in self.source.chunks(rejects):
            distribution = self.table[chunk.position]
            yield replace(
                chunk,
                propensity=distribution[np.arange(len(chunk)), chunk.action],
                distribution=distribution,
                available=distribution > 0.0,
            )


def _check(name: str, chunk: Chunk) -> None:
    if chunk.slate is not None:
        raise ReplayInputError(
            f"{name}: propensities of slates cannot be estimated from how often they occur"
        )
    if (chunk.action < 0).any():
        raise ReplayInputError(
            f"{name} has no column action: propensities can only be estimated for rounds that name it"
        )
    for column, numbers in (("action", chunk.action), ("position", chunk.position)):
        if int(numbers.max()) >= MOST:
            raise ReplayInputError(
                f"{name}: {column} is {int(numbers.max())}: to count how often each was shown, number"
                f" them from 0 without gaps, below {MOST}"
            )


def _grown(table: Table, shape: tuple[int, int]) -> Table:
    rows, columns = (max(old, new) for old, new in zip(table.shape, shape, strict=True))
    grown = np.zeros((rows, columns))
    grown[: table.shape[0], : table.shape[1]] = table
    return grown
