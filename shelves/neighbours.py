"""Item-item similarity: who else listens, and what it is about where too few listen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack, vstack

from shelves.columns import CONTENT_TYPES, Columns
from shelves.listening import Listening
from shelves.tags import Tags
from shelves.types import Floats, Rows

NEIGHBOURS = 50
_TAG_SHARE = 0.35
_SHRINKAGE = 4.0
_TAG_CANDIDATES = 150
_CHUNK = 256


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The nearest items of every item, nearest first: `rows` and `scores` (n, 50), rows −1 where fewer."""

    rows: NDArray[np.int32]
    scores: NDArray[np.float32]

    def of(self, row: int) -> tuple[Rows, Floats]:
        """Neighbours of one item and their similarities in (0, 1.35], nearest first."""
        count = int(np.count_nonzero(self.rows[row] >= 0))
        return self.rows[row, :count], self.scores[row, :count]


def neighbours(listening: Listening, tags: Tags, cols: Columns) -> Neighbours:
    """Neighbours within each content type.

    Similarity is the cosine of co-listening, with item norms √(Σw² + 4) so that few listeners make weak
    evidence, plus 0.35 × the cosine of tags, which decides for cold items. Tags only nominate the 150 most
    popular items of each tag; otherwise a tag on half the catalogue would make the product dense.
    """
    n = len(cols.kind)
    rows = np.full((n, NEIGHBOURS), -1, dtype=np.int32)
    scores = np.zeros((n, NEIGHBOURS), dtype=np.float32)
    heard = _heard(listening, n)
    for code in range(len(CONTENT_TYPES)):
        members = np.sort(cols.by_type.row(code))
        if len(members) > 1:
            left, right = _factors(heard, tags, members, code)
            _fill(left, right, members, rows, scores)
    return Neighbours(rows, scores)


def _heard(listening: Listening, n: int) -> csr_array:
    """Items × listeners, rows scaled by √(Σw² + shrinkage)."""
    by_item = listening.by_item
    owner = np.repeat(np.arange(n), by_item.lengths())
    squares = np.bincount(owner, by_item.weights**2, n)
    scaled = by_item.weights / np.sqrt(squares + _SHRINKAGE)[owner]
    shape = (n, max(len(listening.listener_row), 1))
    return csr_array((scaled.astype(np.float32), by_item.values, by_item.starts), shape=shape)


def _factors(heard: csr_array, tags: Tags, members: Rows, code: int) -> tuple[csr_array, csr_array]:
    """Matrices whose product is the similarity of `members` with each other."""
    listened = heard[members]
    described = tags.weights[members] * np.float32(_TAG_SHARE)
    nominated = _nominated(tags, members, code)
    left = csr_array(hstack([listened, described], format="csr"))
    right = csr_array(vstack([listened.T.tocsr(), nominated.T.tocsr()], format="csr"))
    return left, right


def _nominated(tags: Tags, members: Rows, code: int) -> csr_array:
    """The tag weights of `members`, kept only for the most popular items of each tag."""
    entries = tags.weights[members].tocoo()
    nominees = np.zeros((len(members), len(tags)), dtype=np.bool_)
    for tag in range(len(tags)):
        nominees[np.searchsorted(members, tags.rows(code, tag)[:_TAG_CANDIDATES]), tag] = True
    keep = nominees[entries.row, entries.col]
    places = (entries.row[keep], entries.col[keep])
    return csr_array((entries.data[keep], places), shape=nominees.shape)


def _fill(
    left: csr_array,
    right: csr_array,
    members: Rows,
    rows: NDArray[np.int32],
    scores: NDArray[np.float32],
) -> None:
    """Write the neighbours of `members` into `rows` and `scores`, a chunk of the product at a time."""
    for start in range(0, len(members), _CHUNK):
        product = csr_array(left[start : start + _CHUNK] @ right)
        for i in range(product.shape[0]):
            inside = slice(product.indptr[i], product.indptr[i + 1])
            near, similarity = _nearest(product.indices[inside], product.data[inside], start + i)
            rows[members[start + i], : len(near)] = members[near]
            scores[members[start + i], : len(near)] = similarity


def _nearest(columns: Rows, similarity: Floats, itself: int) -> tuple[Rows, Floats]:
    """The nearest columns other than the item itself; equal similarities go by position."""
    if len(columns) > NEIGHBOURS + 1:
        threshold = np.partition(similarity, -NEIGHBOURS - 1)[-NEIGHBOURS - 1]
        keep = similarity >= threshold
        columns, similarity = columns[keep], similarity[keep]
    others = columns != itself
    columns, similarity = columns[others], similarity[others]
    order = np.lexsort((columns, -similarity))[:NEIGHBOURS]
    return columns[order], similarity[order]
