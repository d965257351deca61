"""What can happen to a simulated world; scenario files name them by `kind`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated

import numpy as np
from pydantic import Field

from home.compose import Tools
from home.errors import ConfigurationError
from home.simulate.timeline import Happening
from home.simulate.truth import Truth
from home.simulate.uniforms import uniforms
from shelves.catalog import Catalog, EditorialShelf
from shelves.columns import TYPE_CODE
from shelves.recall import recalling
from shelves.sources.base import Source
from shelves.types import ContentType, Context, Shelf
from shelves.view import View

Share = Annotated[float, Field(ge=0.0, le=1.0)]
"""A share of listeners."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage(Happening):
    """A source fails: it raises whenever it is asked."""

    source: str

    def tools(self, tools: Tools) -> Tools:
        """The tools with the source broken. Raises ConfigurationError for one that is not asked."""
        builder = tools.builder
        names = [source.name for source in builder.sources]
        if self.source not in names:
            raise ConfigurationError(f"source = {self.source!r}: choose one of {', '.join(names)}")
        sources = [_Broken(s.name, s.family) if s.name == self.source else s for s in builder.sources]
        return _rebuilt(tools, builder.catalog, sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDay(Happening):
    """So many items of a content type come out, those that fewest know, and shelves of new things draw more.

    `draw` is in log-odds.
    """

    items: Annotated[int, Field(ge=1)]
    content_type: ContentType = ContentType.MUSIC
    draw: Annotated[float, Field(allow_inf_nan=False)] = 0.0

    def tools(self, tools: Tools) -> Tools:
        """The tools with the releases in the catalogue."""
        catalog = tools.builder.catalog
        least_known = catalog.columns.by_type.row(TYPE_CODE[self.content_type])[::-1][: self.items]
        return _rebuilt(tools, catalog.with_releases(least_known))

    def truth(self, truth: Truth) -> Truth:
        """The listener, more drawn to what is new."""
        families = {**truth.persona.families, "new": truth.persona.families.get("new", 0.0) + self.draw}
        return replace(truth, persona=replace(truth.persona, families=families))


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdStart(Happening):
    """A share of listeners, others for every seed, is new here: Home knows nothing of who they are."""

    share: Share

    def context(self, context: Context, seed: int) -> Context:
        """The context, without what is known of the listener if they are new."""
        if uniforms(seed, "cold", context.listener.id)[0] >= self.share:
            return context
        return replace(context, history=(), follows=frozenset(), friends=())


@dataclass(frozen=True, slots=True, kw_only=True)
class TasteDrift(Happening):
    """A share of listeners, others for every seed, changes.

    What they liked of one half of the tags, they now like of the other.
    """

    share: Share

    def truth(self, truth: Truth) -> Truth:
        """The listener, changed or not."""
        if uniforms(truth.seed, "drift", truth.id)[0] >= self.share:
            return truth
        return replace(truth, taste=np.roll(truth.taste, len(truth.taste) // 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign(Happening):
    """A sponsor books editorial shelves of the most popular items of a content type, one below the other."""

    sponsor: str
    shelves: Annotated[int, Field(ge=1)] = 1
    size: Annotated[int, Field(ge=1)] = 12
    content_type: ContentType = ContentType.MUSIC

    def tools(self, tools: Tools) -> Tools:
        """The tools with the campaign among the editors' shelves."""
        catalog = tools.builder.catalog
        best = catalog.columns.by_type.row(TYPE_CODE[self.content_type])
        for number in range(self.shelves):
            rows = best[number * self.size : (number + 1) * self.size]
            booked = EditorialShelf(
                id=f"campaign-{number + 1}",
                title=f"{self.sponsor} presents, part {number + 1}",
                reason=f"Presented by {self.sponsor}",
                item_ids=tuple(catalog.ids[row] for row in rows.tolist()),
                sponsor=self.sponsor,
            )
            catalog = catalog.with_editorial(booked)
        return _rebuilt(tools, catalog)


KINDS: Mapping[str, type[Happening]] = MappingProxyType(
    {
        "outage": Outage,
        "release_day": ReleaseDay,
        "cold_start": ColdStart,
        "taste_drift": TasteDrift,
        "campaign": Campaign,
    }
)
"""Kind → what happens."""


@dataclass(frozen=True, slots=True)
class _Broken:
    name: str
    family: str

    def propose(self, view: View) -> Sequence[Shelf]:
        raise RuntimeError(f"{self.name} is out, as the scenario says; {view.today}")


def _rebuilt(tools: Tools, catalog: Catalog, sources: Sequence[Source] | None = None) -> Tools:
    return replace(tools, builder=recalling(tools.builder, catalog, sources))
