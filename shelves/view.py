"""What every source needs to know about one request, computed once."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from datetime import date

import numpy as np
from numpy.typing import NDArray

from shelves.catalog import Catalog
from shelves.columns import CONTENT_TYPES, KIND_CODE, TYPE_CODE
from shelves.filters import without
from shelves.listening import newest_days
from shelves.types import ContentType, Context, Floats, Interaction, Kind, Mask, Rows

MUSIC = TYPE_CODE[ContentType.MUSIC]
_FRIENDS = 20
_TOP_TAGS = 24


class View:
    """A catalogue as one listener sees it in one request. Nothing here changes after construction.

    Attributes:
        eligible (n,): may be shown in this market, under this setting, and not dismissed.
        known (n,): in the listener's history. `novel` (n,): eligible and not known.
        history_rows (h,), history_weights (h,) in [0, 1], history_days (h,): items listened to, strongest
            first, each once. Weights are log plays relative to the strongest item of the same content type,
            since plays of songs and of films do not compare. Days are ordinals, 0 where unknown.
        history_weight (n,): the same weights by row, 0 for items not listened to.
        history_ages (h,): days since each was last played, −1 where unknown. Each content type has its own
            clock, the last day on which anybody, or later this listener, played something of it: data sets
            of music and of films need not end together.
        history_saved (h,): picked once at most, and no day is known: saved rather than played.
        tastes (4, n_tags): unit taste by content type; `music_taste` is its first row, `taste` the unit sum.
        affinity (n,) in [0, 1]: product of each item's unit tags with the largest taste in each tag, so that
            tags of films count for films even if the taste is mostly music; cut off at 1.
        appeal (n,): 0.7 affinity + 0.3 popularity, the default order within a shelf.
        top_tags: the 24 strongest music tags, strongest first. top_artists: artist rows, strongest first.
        friend_rows, friend_weights: what friends listen to, most shared first.
        day: the catalogue's day, from which ages are counted.
    """

    def __init__(self, catalog: Catalog, context: Context) -> None:
        self.catalog = catalog
        self._context = context
        self.day = catalog.day
        cols = catalog.columns
        allowed = catalog.eligibility.mask(context.market, context.listener.allows_explicit)
        self.eligible: Mask = without(allowed, _rows_of(catalog, context.dismissed_items))
        self.history_rows, self.history_weights, self.history_days, self.history_saved = _history(
            catalog, context.history
        )
        self.history_ages: Rows = _ages(catalog, self.history_rows, self.history_days)
        self.known: Mask = np.zeros(len(catalog), dtype=np.bool_)
        self.known[self.history_rows] = True
        self.novel: Mask = self.eligible & ~self.known
        self.history_weight: Floats = np.zeros(len(catalog), dtype=np.float32)
        self.history_weight[self.history_rows] = self.history_weights
        self.tastes: Floats = _tastes(catalog, self.history_rows, self.history_weights)
        self.affinity: Floats = np.minimum(catalog.tags.affinity(self.tastes.max(axis=0)), 1)
        self.appeal: Floats = np.float32(0.7) * self.affinity + np.float32(0.3) * cols.popularity
        self.top_tags = _strongest_tags(self.music_taste)
        self.top_artists = _top_artists(catalog, self.history_rows, self.history_weights)
        self.friend_rows, self.friend_weights = _friends(catalog, context.friends)

    @property
    def context(self) -> Context:
        """The request."""
        return self._context

    @property
    def today(self) -> date:
        """The date of the request."""
        return self._context.now.date()

    @property
    def listener_id(self) -> str:
        """Whose view it is."""
        return self._context.listener.id

    @property
    def market(self) -> str:
        """The listener's market."""
        return self._context.market

    @property
    def follows(self) -> frozenset[str]:
        """The ids of the items that the listener follows."""
        return self._context.follows

    @property
    def editorial(self) -> tuple[int, ...]:
        """Which of the catalogue's editorial shelves run in this market on this day, by position."""
        market, today = self.market, self._context.now.date()
        return tuple(i for i, (one, _) in enumerate(self.catalog.editorial) if one.runs(market, today))

    def again(self, context: Context) -> View:
        """The view of another request of the same listener, of whom nothing else is known than before."""
        other = copy(self)
        other._context = context
        return other

    @property
    def music_taste(self) -> Floats:
        """Unit taste over tags (n_tags,) from music alone; zero without music history."""
        taste: Floats = self.tastes[MUSIC]
        return taste

    @property
    def taste(self) -> Floats:
        """Unit taste over tags (n_tags,) from every content type; zero without history."""
        total: Floats = self.tastes.sum(axis=0)
        length = np.linalg.norm(total)
        return total / length if length > 0 else total

    def history_of(self, content_type: ContentType) -> tuple[Rows, Floats]:
        """The history of one content type, strongest first, and its weights."""
        of_type = self.catalog.columns.content_type[self.history_rows] == TYPE_CODE[content_type]
        return self.history_rows[of_type], self.history_weights[of_type]

    def top_tags_of(self, content_type: ContentType, limit: int) -> list[int]:
        """The `limit` strongest tags of the taste in one content type, at most 24."""
        return _strongest_tags(self.tastes[TYPE_CODE[content_type]])[:limit]


def _rows_of(catalog: Catalog, item_ids: frozenset[str]) -> list[int]:
    return [row for row in map(catalog.row_of, item_ids) if row >= 0]


def _history(catalog: Catalog, history: Sequence[Interaction]) -> tuple[Rows, Floats, Rows, Mask]:
    first: dict[int, Interaction] = {}
    for interaction in history:
        row = catalog.row_of(interaction.item_id)
        if row >= 0:
            first.setdefault(row, interaction)
    n = len(first)
    rows = np.fromiter(first, np.int32, n)
    plays = np.fromiter((interaction.weight for interaction in first.values()), np.float64, n)
    moments = (interaction.last_at for interaction in first.values())
    days = np.fromiter((0 if at is None else at.toordinal() for at in moments), np.int32, n)
    weights = _within_type(np.log1p(np.maximum(np.nan_to_num(plays), 0)), catalog.columns.content_type[rows])
    saved: Mask = (days == 0) & ~(plays > 1)
    order = np.argsort(-weights, kind="stable")
    return rows[order], weights[order], days[order], saved[order]


def _ages(catalog: Catalog, rows: Rows, days: Rows) -> Rows:
    """Days since each of the listener's items was last played by its content type's clock, −1 if unknown."""
    codes = catalog.columns.content_type[rows]
    clock = np.maximum(catalog.listening.newest, newest_days(days, codes))
    ages: Rows = np.where(days > 0, clock[codes] - days, -1).astype(np.int32)
    return ages


def _within_type(mass: NDArray[np.float64], codes: NDArray[np.int8]) -> Floats:
    """Masses relative to the greatest of the same content type, in [0, 1]."""
    greatest = np.zeros(len(CONTENT_TYPES))
    np.maximum.at(greatest, codes, mass)
    greatest[greatest == 0] = 1
    relative: Floats = (mass / greatest[codes]).astype(np.float32)
    return relative


def _tastes(catalog: Catalog, rows: Rows, weights: Floats) -> Floats:
    return catalog.tags.profiles(rows, weights, catalog.columns.content_type[rows], len(CONTENT_TYPES))


def _strongest_tags(taste: Floats) -> list[int]:
    present = np.flatnonzero(taste)
    order = np.argsort(-taste[present], kind="stable")[:_TOP_TAGS]
    tags: list[int] = present[order].tolist()
    return tags


def _top_artists(catalog: Catalog, rows: Rows, weights: Floats) -> list[int]:
    cols = catalog.columns
    artist = np.where(cols.kind[rows] == KIND_CODE[Kind.ARTIST], rows, cols.artist[rows])
    found, of = np.unique(artist[artist >= 0], return_inverse=True)
    mass = np.bincount(of, weights[artist >= 0], len(found))
    return [int(row) for row in found[np.argsort(-mass, kind="stable")]]


def _friends(catalog: Catalog, friends: Sequence[str]) -> tuple[Rows, Floats]:
    listening = catalog.listening
    found = (listening.listener_row.get(friend, -1) for friend in friends[:_FRIENDS])
    who = np.array([row for row in found if row >= 0], dtype=np.int64)
    at, _ = listening.by_listener.positions(who)
    rows, of = np.unique(listening.by_listener.values[at], return_inverse=True)
    mass = np.bincount(of, 1 + np.log1p(listening.by_listener.weights[at]), len(rows)).astype(np.float32)
    order = np.argsort(-mass, kind="stable")
    return rows[order], mass[order]
