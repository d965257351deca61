"""What a source is, and the few steps that all of them share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shelves.columns import TYPE_CODE
from shelves.ragged import ranked, union
from shelves.types import (
    NO_ATTRIBUTES,
    Attribute,
    ContentType,
    Floats,
    Mask,
    Provenance,
    Rows,
    Shelf,
)
from shelves.view import View

ROW_LIMIT = 24
"""Rows a source proposes; more than a surface shows, so that layout can give shared items to one shelf."""

_MOST_POPULAR = 400

NOUN: Mapping[ContentType, str] = {
    ContentType.MUSIC: "music",
    ContentType.PODCAST: "podcasts",
    ContentType.AUDIOBOOK: "audiobooks",
    ContentType.VIDEO: "on screen",
}
LISTENED: Mapping[ContentType, str] = {
    ContentType.MUSIC: "listened to",
    ContentType.PODCAST: "followed",
    ContentType.AUDIOBOOK: "read",
    ContentType.VIDEO: "watched",
}


class Source(Protocol):
    """A shelf generator. It reads the view and nothing else, and keeps no state between calls.

    `name` is unique among sources and the prefix of its shelves' ids; `family` groups sources that feel
    alike on a page.
    """

    @property
    def name(self) -> str:
        """Unique name."""
        ...

    @property
    def family(self) -> str:
        """Kind of shelf, for diversity rules."""
        ...

    def propose(self, view: View) -> Sequence[Shelf]:
        """The shelves this source has for a request, possibly none, best first."""
        ...


def shelf(
    source: str,
    title: str,
    reason: str,
    rows: Rows,
    scores: Floats,
    *,
    allowed: Mask,
    key: str = "",
    seed: str | None = None,
    attributes: Mapping[str, Attribute] = NO_ATTRIBUTES,
) -> Shelf:
    """The best allowed `rows` as a shelf with id `source` or `source:key`. `scores` match `rows`."""
    keep = allowed.take(rows).nonzero()[0]
    best, values = ranked(rows.take(keep), scores.take(keep), ROW_LIMIT)
    shelf_id = f"{source}:{key}" if key else source
    return Shelf(shelf_id, title, best, values, Provenance(source, reason, seed), attributes)


def for_you(
    view: View, source: str, content_type: ContentType, title: str, tag_title: str, max_tags: int
) -> list[Shelf]:
    """New items of one content type by appeal: one shelf over all, one for each of the strongest tags.

    The shelf over all draws from the strongest tags and the most popular items. Without a taste in that
    content type the strongest tags are the most used ones. `tag_title` has a place for the tag.
    """
    tags = view.catalog.tags
    liked = view.top_tags_of(content_type, max_tags)
    strongest = liked or tags.biggest(TYPE_CODE[content_type])[:max_tags]
    tagged = [tag_rows(view, content_type, tag) for tag in strongest]
    rows = union(len(view.catalog), [*tagged, type_rows(view, content_type)[:_MOST_POPULAR]])
    reason = "Close to your taste" if len(view.history_rows) else "Popular with many listeners"
    shelves = [shelf(source, title, reason, rows, view.appeal[rows], allowed=view.novel)]
    for tag, rows in zip(strongest, tagged, strict=True):
        name = tags.names[tag]
        why = f"You like {name}" if liked else f"{heading(name)} is big here"
        heard = heading(tag_title.format(name))
        key = name.casefold()
        shelves.append(shelf(source, heard, why, rows, view.appeal[rows], allowed=view.novel, key=key))
    return shelves


def tag_rows(view: View, content_type: ContentType, tag: int) -> Rows:
    """The most popular items of a content type with a tag."""
    return view.catalog.tags.rows(TYPE_CODE[content_type], tag)


def type_rows(view: View, content_type: ContentType) -> Rows:
    """Every item of a content type, most popular first."""
    return view.catalog.columns.by_type.row(TYPE_CODE[content_type])


def heading(name: str) -> str:
    """The name with its first letter raised, the rest as written."""
    return name[:1].upper() + name[1:]


def joined(names: Sequence[str]) -> str:
    """Names as a phrase: "a", "a and b", "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def release_recency(view: View, days: Rows, half_life: float) -> Floats:
    """0.5 to the age over `half_life` of releases; unknown dates count as one half-life ago."""
    age = np.where(days > 0, np.maximum(view.day - days, 0), half_life)
    return np.exp2(-age / half_life).astype(np.float32)


def turns(codes: NDArray[np.int8]) -> NDArray[np.int64]:
    """The place (n,), from 1, of each entry among those of its own content type (n,), which run best first.

    Strengths compare within a content type only, so a choice across them takes the types in turns.
    """
    order = np.argsort(codes, kind="stable")
    grouped = codes[order]
    starts = np.searchsorted(grouped, grouped, side="left")
    place = np.empty(len(codes), dtype=np.int64)
    place[order] = np.arange(1, len(codes) + 1) - starts
    return place
