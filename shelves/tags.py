"""Tags as a sparse matrix: what items are about, and how near they are to a taste."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from shelves.columns import CONTENT_TYPES, Columns
from shelves.ragged import Ragged, group, head
from shelves.types import Floats, Item, Rows

TAGS_PER_ITEM = 12
POSTINGS = 250
TAIL_POSTINGS = 100
TAIL_PERCENTILE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Tags:
    """The tag vocabulary and two indexes over it.

    `names` are tags as written first; codes are positions in it. `weights` (n_items, n_tags) holds idf over
    the square root of the tag's rank within the item, rows scaled to length 1, so that a product with a unit
    taste is a cosine. `by_item` is the same matrix as rows of tags. `postings` has a row for each content
    type and tag: the most popular items with that tag; `tail` the same for the less popular half. `spread`
    (content types, n_tags) counts the items with each tag.
    """

    names: tuple[str, ...]
    weights: csr_array
    by_item: Ragged
    postings: Ragged
    tail: Ragged
    spread: NDArray[np.int64]
    code_of: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.names)

    def code(self, name: str) -> int:
        """The code of a tag, whatever its case; −1 when it is not in the vocabulary."""
        return self.code_of.get(name.casefold(), -1)

    def rows(self, content_type: int, tag: int) -> Rows:
        """Items of a content type (by code) with a tag, most popular first, at most `POSTINGS`."""
        return self.postings.row(content_type * len(self.names) + tag)

    def tail_rows(self, content_type: int, tag: int) -> Rows:
        """Items with a tag from the less popular half of a content type, most popular first."""
        return self.tail.row(content_type * len(self.names) + tag)

    def biggest(self, content_type: int) -> list[int]:
        """Tags by how many items of a content type have them, most first; tags without any are left out."""
        counts = self.spread[content_type]
        order = np.argsort(-counts, kind="stable")
        return [int(tag) for tag in order[counts[order] > 0]]

    def profiles(self, rows: Rows, weights: Floats, groups: NDArray[np.integer], n_groups: int) -> Floats:
        """Weighted sums (n_groups, n_tags) of the tags of `rows` by group, scaled to length 1 or zero."""
        at, owner = self.by_item.positions(rows)
        mass = self.by_item.weights[at] * weights[owner]
        keys = groups[owner].astype(np.int64) * len(self.names) + self.by_item.values[at]
        sums = np.bincount(keys, mass, n_groups * len(self.names)).reshape(n_groups, len(self.names))
        lengths = np.sqrt(np.einsum("gt,gt->g", sums, sums))
        lengths[lengths == 0] = 1
        profiles: Floats = (sums / lengths[:, None]).astype(np.float32)
        return profiles

    def affinity(self, taste: Floats) -> Floats:
        """Product (n_items,) of every item's tags with a taste (n_tags,)."""
        product: Floats = self.weights @ taste
        return product

    def affinity_of(self, rows: Rows, taste: Floats) -> Floats:
        """Product (len(rows),) of the tags of a few items with a taste (n_tags,)."""
        at, owner = self.by_item.positions(rows)
        mass = self.by_item.weights[at] * taste[self.by_item.values[at]]
        return np.bincount(owner, mass, len(rows)).astype(np.float32)


def index_tags(items: Sequence[Item], cols: Columns, min_items: int) -> Tags:
    """Index the tags used by at least `min_items` items; an untagged work takes its artist's tags."""
    tags_of = [_tags(item) for item in items]
    for row in np.flatnonzero(cols.artist >= 0):
        tags_of[row] = tags_of[row] or tags_of[cols.artist[row]]
    uses = Counter(tag.casefold() for tags in tags_of for tag in tags)
    names = _vocabulary(tags_of, {tag for tag, count in uses.items() if count >= min_items})
    code_of = {name.casefold(): code for code, name in enumerate(names)}
    weights = _matrix(tags_of, code_of, uses)
    by_item = Ragged(weights.indptr.astype(np.int64), weights.indices, weights.data)
    postings = _postings(by_item, len(names), cols)
    return Tags(
        names=names,
        weights=weights,
        by_item=by_item,
        postings=head(postings, POSTINGS),
        tail=head(_below(postings, TAIL_PERCENTILE), TAIL_POSTINGS),
        spread=postings.lengths().reshape(len(CONTENT_TYPES), len(names)),
        code_of=code_of,
    )


def _tags(item: Item) -> tuple[str, ...]:
    named = (*item.tags, item.genre) if item.genre else item.tags
    unique = {tag.casefold(): tag for tag in reversed(named)}
    return tuple(reversed(unique.values()))[:TAGS_PER_ITEM]


def _vocabulary(tags_of: Iterable[Sequence[str]], kept: set[str]) -> tuple[str, ...]:
    names: dict[str, str] = {}
    for tags in tags_of:
        for tag in tags:
            if tag.casefold() in kept:
                names.setdefault(tag.casefold(), tag)
    return tuple(names.values())


def _matrix(tags_of: Sequence[Sequence[str]], code_of: Mapping[str, int], uses: Counter[str]) -> csr_array:
    entries = [
        (row, code_of[tag.casefold()], np.log1p(len(tags_of) / uses[tag.casefold()]) / np.sqrt(1 + rank))
        for row, tags in enumerate(tags_of)
        for rank, tag in enumerate(tags)
        if tag.casefold() in code_of
    ]
    table = np.array(entries, dtype=np.float64).reshape(-1, 3)
    places = (table[:, 0].astype(np.int32), table[:, 1].astype(np.int32))
    shape = (len(tags_of), len(code_of))
    matrix = csr_array((table[:, 2].astype(np.float32), places), shape=shape)
    return _unit_rows(matrix)


def _unit_rows(matrix: csr_array) -> csr_array:
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    matrix.data /= np.repeat(lengths, np.diff(matrix.indptr)).astype(np.float32)
    return matrix


def _postings(by_item: Ragged, n_tags: int, cols: Columns) -> Ragged:
    """Rows of (content type, tag), most popular first."""
    owner = np.repeat(np.arange(len(by_item), dtype=np.int32), by_item.lengths())
    best_first = np.argsort(-cols.popularity[owner], kind="stable")
    owner = owner[best_first]
    keys: NDArray[np.int64] = cols.content_type[owner].astype(np.int64) * n_tags + by_item.values[best_first]
    return group(keys, len(CONTENT_TYPES) * n_tags, owner, cols.popularity[owner])


def _below(postings: Ragged, percentile: float) -> Ragged:
    """The entries whose popularity is at most `percentile`."""
    keep = postings.weights <= percentile
    keys = np.repeat(np.arange(len(postings)), postings.lengths())[keep]
    return group(keys, len(postings), postings.values[keep], postings.weights[keep])
