"""Slates in logs of single rounds: rows that were shown together, put together again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bandits.ope.rounds import Column, Groups
from home.replay.sources.chunk import FAULTY, Chunk


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """Where rounds belong: to slate `row` (m,), in its `slot` (m,); `first` (slates,) is a round of each."""

    row: Groups
    slot: Groups
    first: Groups

    @property
    def shape(self) -> tuple[int, int]:
        """Slates, and slots of the longest."""
        return len(self.first), int(self.slot.max()) + 1

    @property
    def filled(self) -> NDArray[np.bool_]:
        """Which slots each slate has (slates, K)."""
        table = np.zeros(self.shape, dtype=np.bool_)
        table[self.row, self.slot] = True
        return table

    def table(self, column: Column, fill: float = 0.0) -> Column:
        """A column (m,) as a table (slates, K), `fill` where a slate has no slot."""
        found = np.full(self.shape, fill)
        found[self.row, self.slot] = column
        return found

    def prefixes(self, conditional: Column) -> Column:
        """Probabilities of beginnings (slates, K) from those of each round given what is above it."""
        return np.asarray(np.cumprod(self.table(conditional, fill=1.0), axis=1), dtype=np.float64)


def folded(chunk: Chunk) -> tuple[Chunk, Folded, int]:
    """The rounds of whole slates, where they belong, and how many slates lack a slot and were left out.

    A faulty row is a slot that its slate lacks.
    """
    if chunk.slate is None:
        raise ValueError("slate is missing: these are rounds of single actions")
    _, row, size = np.unique(chunk.slate, return_inverse=True, return_counts=True)
    highest = np.zeros(len(size), dtype=np.int64)
    np.maximum.at(highest, row, chunk.position)
    faulty = np.bincount(row[chunk.position == FAULTY], minlength=len(size)) > 0
    # As many rounds as the highest position says, none twice: positions 0 … k − 1.
    whole = (highest == size - 1) & ~faulty & _once(row, chunk.position, len(size))
    kept = chunk.take(whole[row])
    if not len(kept):
        return kept, Folded(*(np.empty(0, dtype=np.int64),) * 3), int((~whole).sum())
    _, first, row = np.unique(_slate(kept), return_index=True, return_inverse=True)
    return kept, Folded(row, kept.position, first), int((~whole).sum())


def whole_slates(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """The same rounds, with no slate in two chunks; rounds of a slate stand together in the log."""
    rest: Chunk | None = None
    for chunk in chunks:
        joined = chunk if rest is None else together([rest, chunk])
        if joined.slate is None or not len(joined):
            yield joined
            continue
        last = joined.slate == joined.slate[-1]
        if not last.all():
            yield joined.take(~last)
        rest = joined.take(last)
    if rest is not None:
        yield rest


def together(chunks: list[Chunk]) -> Chunk:
    """Chunks one after the other. What only some of them have is in none of it."""
    if len(chunks) == 1:
        return chunks[0]
    return replace(
        chunks[0],
        **{one.name: _joined([getattr(chunk, one.name) for chunk in chunks]) for one in fields(Chunk)},
    )


def _joined(values: list[Any]) -> Any:
    if any(value is None for value in values):
        return None
    if isinstance(values[0], dict):
        shared = set.intersection(*(set(value) for value in values))
        return {name: _joined([value[name] for value in values]) for name in values[0] if name in shared}
    if values[0].ndim == 2:
        width = max(value.shape[1] for value in values)
        values = [np.pad(value, ((0, 0), (0, width - value.shape[1]))) for value in values]
    return np.concatenate(values)


def _once(row: Groups, position: Groups, slates: int) -> NDArray[np.bool_]:
    pairs, counts = np.unique(np.stack([row, position]), axis=1, return_counts=True)
    repeated = np.zeros(slates, dtype=np.bool_)
    repeated[pairs[0, counts > 1]] = True
    return ~repeated


def _slate(chunk: Chunk) -> Groups:
    if chunk.slate is None:
        raise ValueError("slate is missing: these are rounds of single actions")
    return chunk.slate
