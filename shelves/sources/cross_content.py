"""Cross-content: books, films and podcasts about what the listener's music is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shelves.columns import TYPE_CODE
from shelves.ragged import union
from shelves.sources.base import joined, shelf
from shelves.types import ContentType, Floats, Rows, Shelf
from shelves.view import View

_TITLE = {
    ContentType.PODCAST: "Podcasts about your music",
    ContentType.AUDIOBOOK: "Read what your music is about",
    ContentType.VIDEO: "Watch what your music is about",
}


@dataclass(frozen=True, slots=True)
class CrossContent:
    """One shelf for each other content type: items by the product of their tags with the music taste.

    Candidates are the `per_tag` most popular items of each of the `max_tags` strongest music tags that the
    content type has at all. Few are: people tag music by sound, books by subject. A tag counts from
    `least_share` of the strongest music tag on.
    """

    max_tags: int = 6
    max_named: int = 3
    per_tag: int = 50
    least_share: float = 0.25
    name: ClassVar[str] = "cross_content"
    family: ClassVar[str] = "cross"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Shelves of the content types that share tags with the listener's music."""
        found = (self._of_type(view, content_type) for content_type in _TITLE)
        return [shelf for shelf in found if shelf is not None]

    def _of_type(self, view: View, content_type: ContentType) -> Shelf | None:
        postings, code = view.catalog.tags, TYPE_CODE[content_type]
        shared = [tag for tag in self._strong(view) if len(postings.rows(code, tag))][: self.max_tags]
        if not shared:
            return None
        rows = union(len(view.catalog), [postings.rows(code, tag)[: self.per_tag] for tag in shared])
        names = joined([postings.names[tag] for tag in shared[: self.max_named]])
        return shelf(
            self.name,
            _TITLE[content_type],
            f"Shares {names} with your music",
            rows,
            self._scores(view, rows),
            allowed=view.novel,
            key=content_type.value,
        )

    def _strong(self, view: View) -> list[int]:
        taste = view.music_taste
        return [tag for tag in view.top_tags if taste[tag] >= self.least_share * taste[view.top_tags[0]]]

    def _scores(self, view: View, rows: Rows) -> Floats:
        """Nearness to the music taste first, popularity to break the many ties of short tag lists."""
        near = view.catalog.tags.affinity_of(rows, view.music_taste)
        return near + np.float32(0.1) * view.catalog.columns.popularity[rows]
