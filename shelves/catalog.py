"""The catalogue in memory: read once, then only indexed into.

`CatalogData` is the port: whoever owns the data fills it in. `Catalog` precomputes from it everything that
a request needs, so that sources do nothing but gather and rank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from shelves.columns import columns, decades, fresh_days, recent, tail, traits
from shelves.embeddings import Embeddings, index_embeddings
from shelves.filters import Eligibility
from shelves.listening import Interactions, index_listening
from shelves.neighbours import neighbours
from shelves.ragged import head
from shelves.tags import TAIL_PERCENTILE, index_tags
from shelves.types import ContentType, Item, Listener, Rows

__all__ = ["Catalog", "CatalogData", "EditorialShelf", "Embeddings", "Interactions"]

MIN_TAG_ITEMS = 5
RECENT_SPAN = 3
RECENT_LENGTH = 400
MIN_DECADE_ITEMS = 20
DECADE_LENGTH = 300


@dataclass(frozen=True, slots=True)
class EditorialShelf:
    """A shelf put together by people.

    Empty `markets` means every market; `starts` and `ends` are inclusive.
    """

    id: str
    title: str
    reason: str
    item_ids: tuple[str, ...]
    markets: frozenset[str] = frozenset()
    starts: date | None = None
    ends: date | None = None
    sponsor: str | None = None

    def runs(self, market: str, day: date) -> bool:
        """Whether the shelf is on in a market on a day."""
        begun = self.starts is None or self.starts <= day
        over = self.ends is not None and day > self.ends
        return begun and not over and (not self.markets or market in self.markets)


@dataclass(frozen=True, slots=True, eq=False)
class CatalogData:
    """Everything a catalogue is made from.

    `as_of` is the day that freshness, recency and trends are measured from. `listeners` give the markets
    for market charts. Interactions and embeddings of unknown items are left out.
    """

    items: Sequence[Item]
    as_of: date
    interactions: Interactions = field(default_factory=Interactions)
    listeners: Sequence[Listener] = ()
    editorial: Sequence[EditorialShelf] = ()
    embeddings: Embeddings | None = None


class Catalog:
    """Items with every index that sources use; immutable after construction, shared between threads.

    Attributes:
        items, ids: by row. columns: item attributes as arrays by row. traits: `columns.TRAITS` by row.
        recent: newest rows by content type, within three times the fresh days.
        tail: the less popular half by content type, most popular first.
        decades: most popular dated music by decade.
        eligibility, tags, listening, neighbours, embeddings: see their modules.
        editorial: the editors' shelves, each with its rows.
        as_of, day: the catalogue's day, and the same as an ordinal.
        fresh_days: how young a release counts as fresh.

    Raises ValueError when there are no items or an id occurs twice.
    """

    def __init__(self, data: CatalogData) -> None:
        self.items = tuple(data.items)
        self.ids = tuple(item.id for item in self.items)
        self._row_of = _rows_by_id(self.ids)
        self.as_of = data.as_of
        self.day = data.as_of.toordinal()
        self.editorial = tuple((edited, self._rows(edited.item_ids)) for edited in data.editorial)
        self.columns = columns(self.items, self._row_of)
        self.fresh_days = fresh_days(self.columns.release_day)
        self.traits = traits(self.columns, self.day, self.fresh_days)
        self.recent = head(recent(self.columns, self.day, RECENT_SPAN * self.fresh_days), RECENT_LENGTH)
        self.tail = tail(self.columns, TAIL_PERCENTILE)
        self.decades = decades(self.columns, ContentType.MUSIC, MIN_DECADE_ITEMS, DECADE_LENGTH)
        self.eligibility = Eligibility(self.items)
        self.tags = index_tags(self.items, self.columns, MIN_TAG_ITEMS)
        self.listening = index_listening(
            data.interactions, data.listeners, self._row_of, self.columns, data.as_of
        )
        self.neighbours = neighbours(self.listening, self.tags, self.columns)
        self.embeddings = index_embeddings(data.embeddings, self._row_of, self.columns)

    def __len__(self) -> int:
        return len(self.items)

    def row_of(self, item_id: str) -> int:
        """The row of an item, −1 when the catalogue does not have it."""
        return self._row_of.get(item_id, -1)

    def with_editorial(self, edited: EditorialShelf) -> Catalog:
        """The same catalogue with one more editorial shelf, before the others; this one stays as it is."""
        other = copy(self)
        other.editorial = ((edited, self._rows(edited.item_ids)), *self.editorial)
        return other

    def with_releases(self, rows: Rows) -> Catalog:
        """The same catalogue with the items of `rows` released on its day; this one stays as it is.

        Shelves of decades stay as they were.
        """
        other = copy(self)
        out = set(rows.tolist())
        other.items = tuple(
            replace(item, released=self.as_of) if row in out else item for row, item in enumerate(self.items)
        )
        released = self.columns.release_day.copy()
        released[rows] = self.day
        other.columns = replace(self.columns, release_day=released)
        other.traits = traits(other.columns, self.day, self.fresh_days)
        other.recent = head(recent(other.columns, self.day, RECENT_SPAN * self.fresh_days), RECENT_LENGTH)
        return other

    def _rows(self, item_ids: Sequence[str]) -> Rows:
        """The rows of those ids that the catalogue has, each once, in order."""
        found = (self.row_of(item_id) for item_id in dict.fromkeys(item_ids))
        return np.array([row for row in found if row >= 0], dtype=np.int32)


def _rows_by_id(ids: Sequence[str]) -> Mapping[str, int]:
    if not ids:
        raise ValueError("items: empty; a catalogue needs at least one item")
    rows = {name: row for row, name in enumerate(ids)}
    if len(rows) < len(ids):
        twice = next(name for row, name in enumerate(ids) if rows[name] != row)
        raise ValueError(f"items: id {twice!r} occurs more than once; ids must be unique")
    return rows
