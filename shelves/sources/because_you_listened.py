"""Because you listened to X: the neighbours of one item in the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shelves.sources.base import LISTENED, shelf, turns
from shelves.types import Shelf
from shelves.view import View


@dataclass(frozen=True, slots=True)
class BecauseYouListened:
    """One shelf for each of the strongest eligible items, which is the shelf's seed.

    Content types take turns; what was saved and never played seeds nothing.
    """

    max_shelves: int = 8
    name: ClassVar[str] = "because_you_listened"
    family: ClassVar[str] = "similar"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Shelves seeded by the history, strongest seed first."""
        played = view.history_rows[~view.history_saved]
        usable = played[view.eligible[played]]
        order = np.argsort(turns(view.catalog.columns.content_type[usable]), kind="stable")
        return [self._around(view, int(seed)) for seed in usable[order[: self.max_shelves]]]

    def _around(self, view: View, seed: int) -> Shelf:
        item = view.catalog.items[seed]
        rows, scores = view.catalog.neighbours.of(seed)
        return shelf(
            self.name,
            f"Because you {LISTENED[item.content_type]} {item.title}",
            f"Listeners of {item.title} like these too",
            rows,
            scores,
            allowed=view.novel,
            key=item.id,
            seed=item.id,
        )
