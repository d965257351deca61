"""Editorial: shelves put together by people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shelves.catalog import EditorialShelf
from shelves.sources.base import shelf
from shelves.types import Rows, Shelf
from shelves.view import View


@dataclass(frozen=True, slots=True)
class Editorial:
    """The editors' shelves that are on in this market today, in the editors' order."""

    name: ClassVar[str] = "editorial"
    family: ClassVar[str] = "editorial"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Editorial shelves, in the order of the catalogue."""
        return [self._shelf(view, *view.catalog.editorial[place]) for place in view.editorial]

    def _shelf(self, view: View, edited: EditorialShelf, rows: Rows) -> Shelf:
        return shelf(
            self.name,
            edited.title,
            edited.reason,
            rows,
            np.linspace(1, 0, len(rows), endpoint=False, dtype=np.float32),
            allowed=view.eligible,
            key=edited.id,
            attributes={"sponsor": edited.sponsor or ""},
        )
