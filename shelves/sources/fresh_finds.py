"""Fresh finds: exploration among little-known items near the taste, drawn anew every day."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shelves.columns import CONTENT_TYPES, TYPE_CODE
from shelves.ragged import ranked, union
from shelves.sources.base import shelf
from shelves.types import ContentType, Rows, Shelf
from shelves.view import View

_TITLE = {
    ContentType.MUSIC: "Fresh finds",
    ContentType.PODCAST: "Podcasts to discover",
    ContentType.AUDIOBOOK: "Books to discover",
    ContentType.VIDEO: "Films to discover",
}
_TEMPERATURE = 0.15


@dataclass(frozen=True, slots=True)
class FreshFinds:
    """One shelf for each content type, sampled without replacement from the `pool` nearest tail items.

    The tail is the less popular half. Sampling is Gumbel top-k over affinity / 0.15 (Kool et al., 2019,
    "Stochastic beams and where to find them"), seeded by the listener's id and the date, so that a page
    reloaded on the same day stays the same.
    """

    pool: int = 100
    tags: int = 3
    name: ClassVar[str] = "fresh_finds"
    family: ClassVar[str] = "explore"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Exploratory shelves, by content type."""
        rng = _generator(view)
        return [self._of_type(view, content_type, rng) for content_type in CONTENT_TYPES]

    def _of_type(self, view: View, content_type: ContentType, rng: np.random.Generator) -> Shelf:
        tail = self._tail(view, content_type)
        rows, affinity = ranked(tail, view.affinity[tail], self.pool)
        noise = rng.gumbel(size=self.pool)[: len(rows)].astype(np.float32)
        return shelf(
            self.name,
            _TITLE[content_type],
            "New to you and little known: a different pick every day",
            rows,
            affinity / np.float32(_TEMPERATURE) + noise,
            allowed=view.novel,
            key=content_type.value,
            attributes={"exploratory": True},
        )

    def _tail(self, view: View, content_type: ContentType) -> Rows:
        """Novel tail items with one of the strongest tags, and the most popular ones of the tail."""
        tags, code = view.catalog.tags, TYPE_CODE[content_type]
        liked = view.top_tags_of(content_type, self.tags) or view.top_tags[: self.tags]
        near = [tags.tail_rows(code, tag) for tag in liked]
        found = union(len(view.catalog), [*near, view.catalog.tail.row(code)[: self.pool]])
        return found[view.novel[found]]


def _generator(view: View) -> np.random.Generator:
    text = f"{view.listener_id}|{view.today.isoformat()}"
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return np.random.default_rng(int.from_bytes(digest, "little"))
