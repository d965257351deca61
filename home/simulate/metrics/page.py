"""One page measured in every way, as its listener is known to meet it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from home.compose import ComposedPage
from home.simulate.encounter import Display, Encounter, patience
from home.simulate.metrics.calibration import miscalibration
from home.simulate.metrics.diversity import inter_shelf, intra_shelf
from home.simulate.metrics.ndcg import ndcg_2d
from home.simulate.metrics.novelty import novelty, self_information, serendipity
from home.simulate.metrics.stability import rank_biased_overlap
from home.simulate.truth import Truth
from shelves.catalog import Catalog
from shelves.types import Context, Mask, Rows
from shelves.view import View

Numbers = NDArray[np.float64]

COLD_HISTORY = 5
"""A listener with fewer items in their history is a cold start."""

PAGE_MEASURES: Mapping[str, str] = MappingProxyType(
    {
        "ndcg": "two-dimensional NDCG of the items by true affinity",
        "novelty": "bits of self-information of an item",
        "serendipity": "relevance × unexpectedness of an item",
        "intra_shelf": "distance between items of a shelf",
        "inter_shelf": "distance between shelves",
        "miscalibration": "divergence from the genres that the listener plays",
        "stability": "overlap with the page of the last visit",
        "sponsored": "sponsored shelves",
        "fresh": "exposure of fresh releases",
    }
)
"""Measure → what it is, per page. Each is defined, with its source, in a module of its own."""


@dataclass(frozen=True, slots=True)
class PageMetrics:
    """One page by `PAGE_MEASURES`; NaN where a measure says nothing, such as stability on a first visit."""

    ndcg: float = float("nan")
    novelty: float = float("nan")
    serendipity: float = float("nan")
    intra_shelf: float = float("nan")
    inter_shelf: float = float("nan")
    miscalibration: float = float("nan")
    stability: float = float("nan")
    sponsored: float = float("nan")
    fresh: float = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class _Observed:
    """What a history shows: affinity (n_items,), what is `known` (n_items,), and plays by genre."""

    affinity: Numbers
    known: Mask
    genres: Numbers


class PageMeter:
    """Measures pages over one catalogue; what it derives from a history is kept by listener."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        listening = catalog.listening
        listeners = max(len(listening.by_listener), 1)
        self._bits = self_information(listening.by_item.lengths(), listeners)
        self._observed: dict[tuple[str, bool], _Observed] = {}

    def exposure(self, page: ComposedPage, met: Encounter) -> Numbers:
        """How likely each item of the page is looked at (m,), from the top, left to right."""
        depth = patience(page.grid)[: len(met.examined)]
        return np.concatenate([e * looks for e, looks in zip(depth, met.examined, strict=True)])

    def measure(
        self, page: ComposedPage, display: Display, met: Encounter, truth: Truth, today: Catalog
    ) -> PageMetrics:
        """Every measure of a page that a listener of this truth has met; `today` says what is fresh."""
        catalog, observed = self._catalog, self._of(page.context)
        rows, exposure = np.concatenate(display.shown), self.exposure(page, met)
        relevance, tags = np.concatenate(met.affinity), catalog.tags
        shown_genres = np.bincount(catalog.columns.genre[rows], exposure, len(observed.genres)).astype(
            np.float64
        )
        shown_genres[0] = 0.0
        return PageMetrics(
            ndcg=ndcg_2d(display.shown, met.affinity, self._candidates(page, truth)),
            novelty=novelty(self._bits[rows], exposure),
            serendipity=serendipity(relevance, observed.affinity[rows], observed.known[rows], exposure),
            intra_shelf=intra_shelf(tags, display.shown),
            inter_shelf=inter_shelf(tags, display.shown),
            miscalibration=miscalibration(observed.genres, shown_genres),
            stability=rank_biased_overlap(page.context.previous_page, [s.id for s in display.shelves]),
            sponsored=float(sum(bool(shelf.attributes["sponsored"]) for shelf in display.shelves)),
            fresh=float(exposure @ _fresh(today, rows)) / float(exposure.sum()),
        )

    def _candidates(self, page: ComposedPage, truth: Truth) -> Numbers:
        marked = np.zeros(len(self._catalog), dtype=np.bool_)
        for shelf in page.shelves:
            marked[shelf.rows] = True
        return truth.affinity(self._catalog, np.flatnonzero(marked).astype(np.int32))

    def _of(self, context: Context) -> _Observed:
        key = context.listener.id, bool(context.history)
        if key not in self._observed:
            view = View(self._catalog, context)
            genre = self._catalog.columns.genre[view.history_rows]
            genres = len(self._catalog.columns.genres)
            plays = np.bincount(genre, view.history_weights, genres).astype(np.float64)
            plays[0] = 0.0
            self._observed[key] = _Observed(view.affinity.astype(np.float64), view.known, plays)
        return self._observed[key]


def cold(context: Context) -> bool:
    """Whether the context's listener is a cold start: hardly anything is known of what they play."""
    return len(context.history) < COLD_HISTORY


def _fresh(catalog: Catalog, rows: Rows) -> Mask:
    released = catalog.columns.release_day[rows]
    age = catalog.day - released
    fresh: Mask = (released > 0) & (age >= 0) & (age <= catalog.fresh_days)
    return fresh
