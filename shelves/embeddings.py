"""Trained item embeddings, ready for nearest-neighbour search by content type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelves.columns import CONTENT_TYPES, Columns
from shelves.ragged import ranked
from shelves.types import Floats, Mask, Rows

SEARCHED = 4_000
_BEYOND_ANY_COSINE = np.float32(4)


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """Vectors (m, d) of the items named by `item_ids` (m,); a zero vector means not trained."""

    item_ids: Sequence[str]
    vectors: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.item_ids):
            raise ValueError(
                f"embeddings: vectors have shape {self.vectors.shape} for {len(self.item_ids)} item_ids; "
                "give one row per id"
            )


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingIndex:
    """Unit vectors by content type: `rows[t]` (m_t,), most popular first, and `vectors[t]` (d, m_t).

    `position` (n,) is where a row stands in its content type, −1 without a vector. Search covers the first
    `searched` items of a content type, which bounds its time in a catalogue of any size.
    """

    rows: tuple[Rows, ...]
    vectors: tuple[Floats, ...]
    position: Rows
    searched: int = SEARCHED

    def vectors_of(self, rows: Rows, content_type: int) -> Floats:
        """Vectors (len(rows), d) of rows of one content type (by code), each with a position."""
        return np.ascontiguousarray(self.vectors[content_type][:, self.position[rows]].T)

    def search(
        self, wanted: Floats, content_type: int, allowed: Mask, limit: int
    ) -> list[tuple[Rows, Floats]]:
        """The `limit` nearest allowed rows, and cosines, of each of the unit vectors `wanted` (q, d)."""
        rows = self.rows[content_type][: self.searched]
        barred = ~allowed[rows] * _BEYOND_ANY_COSINE
        scores = wanted @ self.vectors[content_type][:, : self.searched] - barred
        nearest = (ranked(rows, row_scores, limit) for row_scores in scores)
        return [(found[allowed[found]], cosines[allowed[found]]) for found, cosines in nearest]


def index_embeddings(
    embeddings: Embeddings | None, row_of: Mapping[str, int], cols: Columns
) -> EmbeddingIndex:
    """Scale the vectors of catalogue items to length 1 and group them by content type."""
    position = np.full(len(cols.kind), -1, dtype=np.int32)
    rows, vectors = _known(embeddings, row_of)
    best_first = np.argsort(-cols.popularity[rows], kind="stable")
    rows, vectors = rows[best_first], vectors[best_first]
    grouped_rows, grouped_vectors = [], []
    for code in range(len(CONTENT_TYPES)):
        members = np.flatnonzero(cols.content_type[rows] == code)
        position[rows[members]] = np.arange(len(members))
        grouped_rows.append(rows[members])
        grouped_vectors.append(np.ascontiguousarray(vectors[members].T))
    return EmbeddingIndex(tuple(grouped_rows), tuple(grouped_vectors), position)


def _known(embeddings: Embeddings | None, row_of: Mapping[str, int]) -> tuple[Rows, Floats]:
    if embeddings is None:
        return np.zeros(0, dtype=np.int32), np.zeros((0, 1), dtype=np.float32)
    rows = np.fromiter((row_of.get(name, -1) for name in embeddings.item_ids), np.int32)
    lengths = np.linalg.norm(embeddings.vectors, axis=1)
    usable = (rows >= 0) & (lengths > 0) & np.isfinite(lengths)
    unit = embeddings.vectors[usable] / lengths[usable, None]
    return rows[usable], unit.astype(np.float32)
