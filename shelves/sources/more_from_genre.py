"""More from a genre: popular and fitting music with one of the listener's tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from shelves.columns import TYPE_CODE
from shelves.sources.base import heading, shelf, tag_rows
from shelves.types import ContentType, Shelf
from shelves.view import View


@dataclass(frozen=True, slots=True)
class MoreFromGenre:
    """One shelf for each of the listener's strongest music tags; the biggest tags for a new listener."""

    max_shelves: int = 6
    starters: int = 4
    name: ClassVar[str] = "more_from_genre"
    family: ClassVar[str] = "similar"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Shelves by tag, strongest tag first."""
        if view.top_tags:
            tags = view.top_tags[: self.max_shelves]
            return [self._tagged(view, tag, "More", "you listen to {} a lot") for tag in tags]
        tags = view.catalog.tags.biggest(TYPE_CODE[ContentType.MUSIC])[: self.starters]
        return [self._tagged(view, tag, "Explore", "{} is big here") for tag in tags]

    def _tagged(self, view: View, tag: int, verb: str, reason: str) -> Shelf:
        name = view.catalog.tags.names[tag]
        rows = tag_rows(view, ContentType.MUSIC, tag)
        return shelf(
            self.name,
            f"{verb} {name}",
            heading(reason.format(name)),
            rows,
            view.appeal[rows],
            allowed=view.novel,
            key=name.casefold(),
        )
