"""Asks every source, isolates failures, enforces eligibility, and completes the shelves' attributes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from shelves.attributes import ATTRIBUTES, complete
from shelves.catalog import Catalog
from shelves.relay import Drop, DroppedSource, Outcome, Relay, Stuck
from shelves.sources.base import Source
from shelves.types import Context, Mask, Rows, Shelf
from shelves.view import View

__all__ = ["ATTRIBUTES", "Builder", "Built", "Drop", "DroppedSource"]

Proposal = tuple[Source, Shelf]
"""A shelf with the source that proposes it."""


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """The candidate shelves of one request, and how they came about.

    Every row of every shelf is eligible in `view`; ids and titles are unique; every shelf carries all of
    `ATTRIBUTES`. `dropped` names the sources left out. `seconds` is wall-clock by source, for people.
    """

    shelves: tuple[Shelf, ...]
    dropped: tuple[DroppedSource, ...]
    seconds: Mapping[str, float]
    view: View


class Builder:
    """Builds the candidate shelves of a request. Safe to use from several threads.

    Sources are asked in order, each for at most `budget_s` seconds of wall time (see `shelves.relay`).
    Shelves shorter than `min_items` after filtering are left out; longer ones are cut to `max_items`. Of more
    than `max_shelves` shelves, every source's first one stays, then every source's second, and so on.

    Raises ValueError when two sources share a name, or the limits contradict each other.
    """

    def __init__(
        self,
        sources: Iterable[Source],
        catalog: Catalog,
        min_items: int = 4,
        max_items: int = 20,
        budget_s: float = 0.05,
        max_shelves: int = 200,
    ) -> None:
        self.sources = tuple(sources)
        self.catalog = catalog
        self.min_items = min_items
        self.max_items = max_items
        self.budget_s = budget_s
        self.max_shelves = max_shelves
        self._stuck = Stuck()
        _check(self.sources, min_items, max_items, budget_s)
        if max_shelves < 1:
            raise ValueError(f"max_shelves={max_shelves}: allow at least one shelf")

    def build(self, context: Context) -> Built:
        """The shelves for one context."""
        view = View(self.catalog, context)
        outcome = Relay(self.sources, view, self._stuck).run(self.budget_s)
        drop_malformed(outcome, len(self.catalog))
        proposals = [(source, shelf) for source, shelves in outcome.shelves for shelf in shelves]
        wanted = [proposals[place] for place in distinct(proposals, context)]
        finished = self._finish(wanted, view, self.max_shelves)
        shelves = tuple(shelf for shelf in finished if shelf is not None)
        return Built(shelves, tuple(outcome.dropped), MappingProxyType(outcome.seconds), view)

    def _finish(self, proposals: Sequence[Proposal], view: View, limit: int) -> list[Shelf | None]:
        """Each proposal filtered, cut and completed, or None where it is too short or over the limit."""
        finished: list[Shelf | None] = [None] * len(proposals)
        if not proposals:
            return finished
        rows = np.concatenate([shelf.rows for _, shelf in proposals])
        scores = np.concatenate([shelf.scores for _, shelf in proposals])
        lengths = np.array([len(shelf) for _, shelf in proposals])
        keep, alive = self._keep(rows, lengths, view.eligible)
        alive = fair(proposals, alive, limit)
        keep &= np.repeat(alive, lengths)
        rows, scores = rows[keep].astype(np.int32), scores[keep].astype(np.float32)
        kept = [proposal for proposal, good in zip(proposals, alive, strict=True) if good]
        sizes = np.bincount(np.repeat(np.arange(len(lengths)), lengths)[keep], minlength=len(lengths))[alive]
        if not kept:
            return finished
        starts = np.cumsum(sizes) - sizes
        families = [source.family for source, _ in kept]
        attributes = complete([shelf for _, shelf in kept], families, rows, starts, view)
        ends = starts + sizes
        for place, (_, shelf), a, b, values in zip(
            np.flatnonzero(alive).tolist(), kept, starts.tolist(), ends.tolist(), attributes, strict=True
        ):
            finished[place] = Shelf(
                shelf.id, shelf.title, rows[a:b], scores[a:b], shelf.provenance, MappingProxyType(values)
            )
        return finished

    def _keep(self, rows: Rows, lengths: NDArray[np.int64], eligible: Mask) -> tuple[Mask, Mask]:
        """Which entries stay, and which shelves: eligible, first of its kind in the shelf, within limits."""
        owner = np.repeat(np.arange(len(lengths)), lengths)
        keep = eligible[rows] & _first(owner * len(eligible) + rows)
        seen = np.cumsum(keep)
        before = np.concatenate(([0], seen))[np.cumsum(lengths) - lengths]
        keep &= seen - before[owner] <= self.max_items
        alive = np.bincount(owner[keep], minlength=len(lengths)) >= self.min_items
        return keep & alive[owner], alive


def _check(sources: tuple[Source, ...], min_items: int, max_items: int, budget_s: float) -> None:
    names = [source.name for source in sources]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"sources: {', '.join(twice)} given more than once; source names must be unique")
    if not 1 <= min_items <= max_items:
        raise ValueError(f"min_items={min_items}, max_items={max_items}: need 1 <= min_items <= max_items")
    if not budget_s > 0:
        raise ValueError(f"budget_s={budget_s}: give a positive number of seconds")


def drop_malformed(outcome: Outcome, n_items: int) -> None:
    """Drop the sources whose rows are outside the catalogue or whose scores are not finite."""
    proposed = [shelf for _, shelves in outcome.shelves for shelf in shelves]
    if not proposed or _sound(proposed, n_items):
        return
    for source, shelves in outcome.shelves.copy():
        if shelves and not _sound(list(shelves), n_items):
            detail = f"rows outside the catalogue of {n_items} items, or scores that are not finite"
            outcome.dropped.append(DroppedSource(source.name, Drop.RAISED, detail))
            outcome.shelves.remove((source, shelves))


def _sound(shelves: list[Shelf], n_items: int) -> bool:
    rows = np.concatenate([shelf.rows for shelf in shelves])
    scores = np.concatenate([shelf.scores for shelf in shelves])
    return bool(((rows >= 0) & (rows < n_items)).all() and np.isfinite(scores).all())


def distinct(proposals: Sequence[Proposal], context: Context) -> list[int]:
    """Which proposals are not dismissed, and are the first of their id and of their title.

    A dismissed shelf keeps its title from others, so that it does not seem to come back under another id.
    """
    ids, titles = set[str](), set[str]()
    kept = []
    for place, (_, shelf) in enumerate(proposals):
        title = shelf.title.casefold()
        if shelf.id not in ids and title not in titles:
            ids.add(shelf.id)
            titles.add(title)
            if shelf.id not in context.dismissed_shelves:
                kept.append(place)
    return kept


def fair(proposals: Sequence[Proposal], alive: Mask, limit: int) -> Mask:
    """At most `limit` of the `alive` proposals (n,), taken from the sources in turns."""
    if int(np.count_nonzero(alive)) <= limit:
        return alive
    turn: Counter[str] = Counter()
    turns = []
    for index in np.flatnonzero(alive).tolist():
        source = proposals[index][0].name
        turns.append((turn[source], index))
        turn[source] += 1
    kept = np.zeros_like(alive)
    kept[[index for _, index in sorted(turns)[:limit]]] = True
    return kept


def _first(keys: NDArray[np.int64]) -> Mask:
    """Which entries are the first with their key."""
    ordered = np.sort(keys)
    if not (ordered[1:] == ordered[:-1]).any():
        return np.ones(len(keys), dtype=np.bool_)
    first = np.zeros(len(keys), dtype=np.bool_)
    first[np.unique(keys, return_index=True)[1]] = True
    return first
