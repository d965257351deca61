"""Deep catalogue: the long tail near the listener's taste."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from shelves.columns import TYPE_CODE
from shelves.ragged import union
from shelves.sources.base import heading, shelf
from shelves.types import ContentType, Shelf
from shelves.view import View


@dataclass(frozen=True, slots=True)
class DeepCatalogue:
    """Music of the less popular half by affinity: one shelf over all tastes, one for each strongest tag."""

    max_tags: int = 3
    tags_overall: int = 8
    name: ClassVar[str] = "deep_catalogue"
    family: ClassVar[str] = "deep"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Shelves from the tail; nothing for a listener without music taste."""
        if not view.top_tags:
            return ()
        return [self._overall(view), *(self._tagged(view, tag) for tag in view.top_tags[: self.max_tags])]

    def _overall(self, view: View) -> Shelf:
        tags = view.top_tags[: self.tags_overall]
        tails = [view.catalog.tags.tail_rows(TYPE_CODE[ContentType.MUSIC], tag) for tag in tags]
        rows = union(len(view.catalog), tails)
        reason = "Little played by others, close to your taste"
        scores = view.affinity[rows]
        return shelf(self.name, "Deep cuts for you", reason, rows, scores, allowed=view.novel)

    def _tagged(self, view: View, tag: int) -> Shelf:
        name = view.catalog.tags.names[tag]
        rows = view.catalog.tags.tail_rows(TYPE_CODE[ContentType.MUSIC], tag)
        return shelf(
            self.name,
            f"Hidden gems: {name}",
            heading(f"{name} that few have found yet"),
            rows,
            view.affinity[rows],
            allowed=view.novel,
            key=name.casefold(),
        )
