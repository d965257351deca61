"""Decades: music from the years that fit the listener."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from shelves.sources.base import shelf
from shelves.types import Shelf
from shelves.view import View


@dataclass(frozen=True, slots=True)
class Decades:
    """One shelf for each of the decades whose best items appeal most, measured by the mean of the shelf."""

    max_shelves: int = 3
    name: ClassVar[str] = "decades"
    family: ClassVar[str] = "mix"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Shelves by decade, most appealing first."""
        shelves = [self._of_decade(view, decade) for decade in view.catalog.decades]
        filled = [shelf for shelf in shelves if len(shelf)]
        filled.sort(key=lambda shelf: (-float(shelf.scores.mean()), shelf.id))
        return filled[: self.max_shelves]

    def _of_decade(self, view: View, decade: int) -> Shelf:
        rows = view.catalog.decades[decade]
        return shelf(
            self.name,
            f"Back to the {_spoken(decade)}",
            f"Music from {decade} to {decade + 9}, close to your taste",
            rows,
            view.appeal[rows],
            allowed=view.eligible,
            key=str(decade),
        )


def _spoken(decade: int) -> str:
    return f"{decade % 100}s" if 1930 <= decade < 2000 else f"{decade}s"
