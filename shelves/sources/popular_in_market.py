"""Popular in your market: the chart of the listener's market, by content type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from shelves.columns import CONTENT_TYPES, TYPE_CODE
from shelves.markets import in_market
from shelves.sources.base import NOUN, shelf
from shelves.types import ContentType, Floats, Rows, Shelf
from shelves.view import View

_EVERYWHERE = 200


@dataclass(frozen=True, slots=True)
class PopularInMarket:
    """One shelf for each content type; overall popularity where the market has no chart of its own."""

    name: ClassVar[str] = "popular_in_market"
    family: ClassVar[str] = "chart"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Chart shelves, by content type."""
        return [self._of_type(view, content_type) for content_type in CONTENT_TYPES]

    def _of_type(self, view: View, content_type: ContentType) -> Shelf:
        chart = view.catalog.listening.charts.get(view.market)
        code = TYPE_CODE[content_type]
        if chart is not None and len(chart.row(code)):
            where = in_market(view.market)
            return self._chart(view, content_type, where, chart.row(code), chart.row_weights(code))
        rows = view.catalog.columns.by_type.row(code)[:_EVERYWHERE]
        return self._chart(view, content_type, "everywhere", rows, view.catalog.columns.popularity[rows])

    def _chart(self, view: View, content_type: ContentType, where: str, rows: Rows, scores: Floats) -> Shelf:
        title = f"Popular {NOUN[content_type]} {where}"
        reason = f"Most listeners {where}"
        return shelf(self.name, title, reason, rows, scores, allowed=view.eligible, key=content_type.value)
