"""New releases near the listener's taste."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from shelves.columns import CONTENT_TYPES, TYPE_CODE
from shelves.sources.base import NOUN, release_recency, shelf
from shelves.types import ContentType, Shelf
from shelves.view import View


@dataclass(frozen=True, slots=True)
class NewReleases:
    """One shelf for each content type: recent items by appeal × freshness.

    Recent is within three times the catalogue's fresh days; freshness halves every `fresh_days`. Items
    dated after the catalogue's day are not out yet and stay out.
    """

    name: ClassVar[str] = "new_releases"
    family: ClassVar[str] = "new"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Shelves of what is new, by content type."""
        return [self._of_type(view, content_type) for content_type in CONTENT_TYPES]

    def _of_type(self, view: View, content_type: ContentType) -> Shelf:
        rows = view.catalog.recent.row(TYPE_CODE[content_type])
        days = view.catalog.columns.release_day[rows]
        scores = view.appeal[rows] * release_recency(view, days, float(view.catalog.fresh_days))
        title = f"New {NOUN[content_type]} for you"
        reason = "Released lately, close to your taste"
        return shelf(self.name, title, reason, rows, scores, allowed=view.novel, key=content_type.value)
