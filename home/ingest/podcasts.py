"""Podcast shows of the awesome-podcasts list."""

from __future__ import annotations

import re

from home.ingest.rows import Line, RowError
from home.ingest.run import Run
from home.ingest.sources import PODCAST_LIST, PODCASTS
from home.ingest.tags import distinct
from shelves.types import Item, Kind


def load(run: Run) -> None:
    """Load every show. The list knows no audience, so popularity is 0; its category is the genre."""
    seen: set[int] = set()

    def parse(line: Line) -> Item:
        identity = line.integer("podcast_id")
        if identity in seen:
            raise RowError("podcast_id", identity, "repeats an earlier row")
        seen.add(identity)
        return _item(identity, line)

    for show in run.parsed(PODCASTS, parse):
        run.item(show, PODCAST_LIST)


def _item(identity: int, line: Line) -> Item:
    tags = distinct((_tag(line.text("category")), _tag(line.optional("subcategory")), "technology"))
    return Item(
        id=f"podcast-{identity}",
        kind=Kind.PODCAST,
        title=line.text("title"),
        creator=_hosts(line.optional("host")),
        genre=tags[0],
        tags=tags,
    )


def _tag(category: str) -> str:
    return " ".join(category.lower().replace("/", " / ").split())


def _hosts(text: str) -> str:
    return re.sub(r"\s*@\w+", "", text).strip(" ,")
