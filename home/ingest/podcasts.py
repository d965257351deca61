"""Podcast shows of the awesome-podcasts list."""

from __future__ import annotations

import re

from home.ingest.rows import Line
from home.ingest.run import Run
from home.ingest.sources import PODCAST_LIST, PODCASTS
from home.ingest.tags import distinct
from shelves.types import Item, Kind


def load(run: Run) -> None:
    """Load every show. The list knows no audience, so popularity is 0; its category is the genre."""
    for _, show in run.unique(PODCASTS, "podcast_id", _item):
        run.item(show, PODCAST_LIST)


def _item(line: Line) -> Item:
    tags = distinct((_tag(line.text("category")), _tag(line.optional("subcategory")), "technology"))
    return Item(
        id=f"podcast-{line.integer('podcast_id')}",
        kind=Kind.PODCAST,
        title=line.text("title"),
        creator=_hosts(line.optional("host")),
        genre=tags[0],
        tags=tags,
    )


def _tag(category: str) -> str:
    return " ".join(category.lower().replace("/", " / ").split())


def _hosts(text: str) -> str:
    return re.sub(r"\s*@[^\s,]+", "", text).strip(" ,")
