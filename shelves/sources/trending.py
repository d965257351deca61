"""Trending: what is being picked up faster than before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from shelves.columns import CONTENT_TYPES, TYPE_CODE
from shelves.sources.base import NOUN, shelf
from shelves.types import ContentType, Shelf
from shelves.view import View


@dataclass(frozen=True, slots=True)
class Trending:
    """One shelf for each content type with dated interactions; see `shelves.listening.trends`."""

    name: ClassVar[str] = "trending"
    family: ClassVar[str] = "chart"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Shelves of rising items, by content type."""
        return [self._of_type(view, content_type) for content_type in CONTENT_TYPES]

    def _of_type(self, view: View, content_type: ContentType) -> Shelf:
        chart, code = view.catalog.listening.trending, TYPE_CODE[content_type]
        return shelf(
            self.name,
            f"Trending {NOUN[content_type]}",
            "Picked up by more listeners lately than in the year before",
            chart.row(code),
            chart.row_weights(code),
            allowed=view.eligible,
            key=content_type.value,
        )
