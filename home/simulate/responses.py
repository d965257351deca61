"""One visit acted out: the events that a surface would report."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from bandits.types import EventKind, RewardEvent
from home.compose import ComposedPage
from home.simulate.encounter import Encounter, patience
from home.simulate.parameters import ListenerParameters
from home.simulate.truth import Probabilities
from home.simulate.uniforms import uniforms

_LISTENED_SECONDS = 30.0


def act(
    met: Encounter, page: ComposedPage, parameters: ListenerParameters, seed: int, visit: int
) -> tuple[RewardEvent, ...]:
    """What a listener does with a page that is met slot by slot, oldest event first.

    Luck belongs to the visit and to its shelves, not to the page: see `uniforms`.
    """
    patience_luck, intent_luck, *_ = uniforms(seed, "visit", visit)
    attraction = met.attraction[pick(met.intents, intent_luck)]
    depth = int(np.count_nonzero(patience_luck < patience(page.grid)))
    listener = _Visit(page, parameters, met, seed, visit)
    for slot in range(min(depth, len(met.choice))):
        listener.look(slot)
        if not listener.attracted(slot, float(attraction[slot])):
            continue
        if listener.enjoys(slot):
            break
    return tuple(listener.events)


def pick(probabilities: Probabilities, u: float) -> int:
    """The index at quantile `u` in [0, 1) of probabilities (n,)."""
    cumulative = np.cumsum(probabilities)
    return min(int(np.searchsorted(cumulative, u * cumulative[-1], side="right")), len(cumulative) - 1)


class _Visit:
    """The events of one visit while they happen."""

    def __init__(
        self, page: ComposedPage, parameters: ListenerParameters, met: Encounter, seed: int, visit: int
    ) -> None:
        self.events: list[RewardEvent] = []
        self._page = page
        self._parameters = parameters
        self._met = met
        self._luck = {p.slot: uniforms(seed, "shelf", visit, p.shelf.id) for p in page.placements}
        self._at = page.context.now

    def look(self, slot: int) -> None:
        """Look at a shelf."""
        self._report(EventKind.IMPRESSION, slot, self._parameters.seconds.look)

    def attracted(self, slot: int, attraction: float) -> bool:
        """Whether the shelf attracts; where it has next to no chance to, it may be dismissed."""
        luck, dismiss, *_ = self._luck[slot]
        dismissal = self._parameters.dismissal
        if luck < attraction:
            return True
        if attraction < dismissal.below and dismiss < dismissal.rate:
            self._report(EventKind.DISMISS, slot, 0.0)
        return False

    def enjoys(self, slot: int) -> bool:
        """Click an item and see what comes of it; True when the listener leaves, satisfied."""
        response, seconds = self._parameters.response, self._parameters.seconds
        _, _, choose, play, listen, save, leave, _ = self._luck[slot]
        item = pick(self._met.choice[slot], choose)
        self._report(EventKind.CLICK, slot, 0.0, item)
        if play >= response.play:
            return False
        self._report(EventKind.PLAY, slot, seconds.start, item)
        if listen >= self._met.listens[slot][item]:
            self._report(EventKind.SKIP, slot, seconds.skip, item)
            return False
        self._report(EventKind.PLAY_30S, slot, _LISTENED_SECONDS, item)
        if save < response.save:
            self._report(EventKind.SAVE, slot, seconds.start, item)
        return leave < response.leave

    def _report(self, kind: EventKind, slot: int, after: float, item: int | None = None) -> None:
        self._at += timedelta(seconds=after)
        decision_id, placement = self._page.decision_id, self._page.placements[slot]
        item_id = None if item is None else placement.items[item].id
        name = f"{decision_id}/{placement.shelf.id}/{kind}"
        self.events.append(RewardEvent(name, decision_id, kind, placement.shelf.id, self._at, item_id))
