"""Shelves for listeners who come again and again, as in a simulation: nothing is worked out twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from math import inf
from types import MappingProxyType

import numpy as np

from shelves.build import Builder, Built, Proposal, distinct, drop_malformed, fair
from shelves.catalog import Catalog
from shelves.relay import DroppedSource, Outcome, ask
from shelves.sources.base import Source
from shelves.types import Context, Shelf
from shelves.view import View

_REMEMBERED_ROWS = 2_000_000
"""Catalogue rows of all remembered views together. Shelves come on top, most of all on small catalogues."""


class RecallingBuilder(Builder):
    """Builds the shelves that `Builder` builds, and remembers what it can of the listeners seen last.

    A source reads its view and nothing else, so it would propose the same again while what it looked at is
    the same: it is asked once for a listener, until something else is known of the listener, or of the
    request if it looked at that. Sources are asked in the caller's thread, however long they take. Not safe
    to use from several threads.
    """

    def __init__(
        self,
        sources: Iterable[Source],
        catalog: Catalog,
        min_items: int = 4,
        max_items: int = 20,
        max_shelves: int = 200,
    ) -> None:
        super().__init__(sources, catalog, min_items, max_items, inf, max_shelves)
        self._capacity = max(1, _REMEMBERED_ROWS // max(1, len(catalog)))
        self._listeners: dict[str, _Remembered] = {}

    def build(self, context: Context) -> Built:
        """The shelves for one context."""
        known = self._recall(context)
        view = known.view.again(context)
        dropped = self._ask(known, view)
        offers = [offer for answer in self._answers(known) for offer in answer.offers]
        wanted = [offers[place] for place in distinct([offer.proposal for offer in offers], context)]
        alive = np.array([offer.finished is not None for offer in wanted], dtype=np.bool_)
        chosen = fair([offer.proposal for offer in wanted], alive, self.max_shelves)
        found = [wanted[place].finished for place in np.flatnonzero(chosen).tolist()]
        shelves = tuple(shelf for shelf in found if shelf is not None)
        return Built(shelves, dropped, MappingProxyType({}), view)

    def _answers(self, known: _Remembered) -> Iterator[_Answer]:
        """What the sources answered last, in their order."""
        return (known.answers[s.name] for s in self.sources if s.name in known.answers)

    def _recall(self, context: Context) -> _Remembered:
        """What is remembered of a listener: nothing, once something else is known of them."""
        name, about = context.listener.id, _about(context)
        known = self._listeners.pop(name, None)
        if known is None or known.about != about:
            known = _Remembered(about, View(self.catalog, context))
        self._listeners[name] = known
        if len(self._listeners) > self._capacity:
            del self._listeners[next(iter(self._listeners))]
        return known

    def _ask(self, known: _Remembered, view: View) -> tuple[DroppedSource, ...]:
        """Ask the sources whose answers are not remembered; returns those that are left out."""
        outcome, looked = Outcome(), dict[str, Mapping[str, object]]()
        for source in self.sources:
            if source.name in known.answers and known.answers[source.name].holds(view):
                continue
            known.answers.pop(source.name, None)
            watched = _WatchedView(view)
            shelves = ask(source, watched)
            if isinstance(shelves, DroppedSource):
                outcome.dropped.append(shelves)
            else:
                outcome.shelves.append((source, shelves))
                looked[source.name] = watched.looked_at
        drop_malformed(outcome, len(self.catalog))
        for source, offers in self._offers(outcome, view):
            known.answers[source.name] = _Answer(looked[source.name], offers)
        return tuple(outcome.dropped)

    def _offers(self, outcome: Outcome, view: View) -> Iterator[tuple[Source, tuple[_Offer, ...]]]:
        """What each source offers, all finished at once."""
        proposals = [(source, shelf) for source, shelves in outcome.shelves for shelf in shelves]
        finished = self._finish(proposals, view, len(proposals))
        offers = map(_Offer, proposals, finished)
        for source, shelves in outcome.shelves:
            yield source, tuple(islice(offers, len(shelves)))


def recalling(
    given: Builder, catalog: Catalog | None = None, sources: Iterable[Source] | None = None
) -> Builder:
    """A builder that recalls, with the limits of another, and its catalogue and sources unless given."""
    return RecallingBuilder(
        given.sources if sources is None else sources,
        catalog or given.catalog,
        given.min_items,
        given.max_items,
        given.max_shelves,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Offer:
    """A proposal, and the shelf that it makes unless it is too short."""

    proposal: Proposal
    finished: Shelf | None


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """What a source offered, and what of the request it `looked_at`: name in the view → value."""

    looked_at: Mapping[str, object]
    offers: tuple[_Offer, ...]

    def holds(self, view: View) -> bool:
        """Whether the source would see the same in a view of the same listener."""
        return all(getattr(view, name) == value for name, value in self.looked_at.items())


@dataclass(frozen=True, slots=True, eq=False)
class _Remembered:
    """A listener: what was known `about` them, their view, and the sources' answers by name."""

    about: tuple[object, ...]
    view: View
    answers: dict[str, _Answer] = field(default_factory=dict)


class _WatchedView(View):
    """A view that notes what it was asked about the request; all else in it is about the listener."""

    def __init__(self, view: View) -> None:
        vars(self).update(vars(view))
        self.looked_at: dict[str, object] = {}

    @property
    def context(self) -> Context:
        """The request."""
        self.looked_at["context"] = super().context
        return super().context

    @property
    def today(self) -> date:
        """The date of the request."""
        self.looked_at["today"] = super().today
        return super().today

    @property
    def editorial(self) -> tuple[int, ...]:
        """Which editorial shelves run."""
        found = super().editorial
        self.looked_at["editorial"] = found
        return found


def _about(context: Context) -> tuple[object, ...]:
    """All that a view is made from, but for the request."""
    return context.listener, context.history, context.follows, context.friends, context.dismissed_items
