"""From those you follow: followed items and the newest works of followed artists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shelves.sources.base import release_recency, shelf
from shelves.types import Rows, Shelf
from shelves.view import View


@dataclass(frozen=True, slots=True)
class Followed:
    """Two shelves: the newest works of followed artists, and the followed items themselves by appeal."""

    half_life: float = 365.0
    name: ClassVar[str] = "followed"
    family: ClassVar[str] = "new"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Shelves from the listener's follows; nothing without any."""
        found = (view.catalog.row_of(item_id) for item_id in sorted(view.follows))
        rows = np.array([row for row in found if row >= 0], dtype=np.int32)
        if len(rows) == 0:
            return ()
        return [self._works(view, rows), self._themselves(view, rows)]

    def _works(self, view: View, followed: Rows) -> Shelf:
        works = view.catalog.columns.works
        at, _ = works.positions(followed)
        rows = works.values[at]
        scores = release_recency(view, view.catalog.columns.release_day[rows], self.half_life)
        reason = "Newest from artists you follow"
        return shelf(
            self.name, "From artists you follow", reason, rows, scores, allowed=view.eligible, key="works"
        )

    def _themselves(self, view: View, rows: Rows) -> Shelf:
        scores = view.appeal[rows]
        reason = "Everything you follow, best fit first"
        return shelf(self.name, "You follow these", reason, rows, scores, allowed=view.eligible, key="all")
