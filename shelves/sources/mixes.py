"""Mixes: favourites and new music of one tag together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shelves.columns import TYPE_CODE
from shelves.sources.base import heading, shelf
from shelves.types import ContentType, Shelf
from shelves.view import View


@dataclass(frozen=True, slots=True)
class Mixes:
    """One shelf for each of the strongest music tags: known items get `familiar` on top of their appeal."""

    max_shelves: int = 4
    familiar: float = 0.15
    name: ClassVar[str] = "mixes"
    family: ClassVar[str] = "mix"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Shelves by tag, strongest tag first; nothing without music taste."""
        return [self._mix(view, tag) for tag in view.top_tags[: self.max_shelves]]

    def _mix(self, view: View, tag: int) -> Shelf:
        name = view.catalog.tags.names[tag]
        rows = view.catalog.tags.rows(TYPE_CODE[ContentType.MUSIC], tag)
        bonus = np.float32(self.familiar) * view.known[rows].astype(np.float32)
        scores = view.appeal[rows] + bonus
        title, reason = heading(f"{name} mix"), f"What you play of {name}, and what goes with it"
        return shelf(self.name, title, reason, rows, scores, allowed=view.eligible, key=name.casefold())
