"""Jump back in: what the listener plays most and last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shelves.columns import CONTENT_TYPES, TYPE_CODE
from shelves.sources.base import shelf, turns
from shelves.types import ContentType, Floats, Mask, Shelf
from shelves.view import View

_CONTINUE = {
    ContentType.MUSIC: "On repeat",
    ContentType.PODCAST: "Your podcasts",
    ContentType.AUDIOBOOK: "Continue listening",
    ContentType.VIDEO: "Continue watching",
}
_REASON = {
    ContentType.MUSIC: "The music you play most",
    ContentType.PODCAST: "The podcasts you come back to",
    ContentType.AUDIOBOOK: "Audiobooks you picked up",
    ContentType.VIDEO: "What you have been watching",
}


_STRENGTH_ALONE = 0.25


@dataclass(frozen=True, slots=True)
class JumpBackIn:
    """What was played by strength and recency, by strength for each content type, old loves, and saves.

    An item's score is its strength × (0.25 + 0.75 · recency), where recency halves every `half_life` days
    and is 0 where no day is known: without dates, strength decides. Content types take turns, each score
    divided by its place within its type. Old loves are strong items not played for `away_days`.
    """

    half_life: float = 45.0
    away_days: int = 180
    name: ClassVar[str] = "jump_back_in"
    family: ClassVar[str] = "habit"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Shelves from the history."""
        if len(view.history_rows) == 0:
            return ()
        return [self._recent(view), *self._by_type(view), self._rediscover(view), self._saved(view)]

    def _recent(self, view: View) -> Shelf:
        played = np.flatnonzero(~view.history_saved & view.eligible[view.history_rows])
        scores = self._pull(view)[played]
        order = np.argsort(-scores, kind="stable")
        rows, scores = view.history_rows[played[order]], scores[order]
        scores /= turns(view.catalog.columns.content_type[rows])
        reason = "What you played lately and most"
        return shelf(self.name, "Jump back in", reason, rows, scores, allowed=view.eligible)

    def _pull(self, view: View) -> Floats:
        """How much each item of the history (h,) pulls the listener back."""
        halved = np.exp2(-view.history_ages / self.half_life)
        recency = np.where(view.history_ages >= 0, halved, 0)
        pull = view.history_weights * (_STRENGTH_ALONE + (1 - _STRENGTH_ALONE) * recency)
        return pull.astype(np.float32)

    def _by_type(self, view: View) -> list[Shelf]:
        codes = view.catalog.columns.content_type[view.history_rows]
        return [
            self._of(
                view,
                ~view.history_saved & (codes == TYPE_CODE[content_type]),
                _CONTINUE[content_type],
                _REASON[content_type],
                content_type.value,
            )
            for content_type in CONTENT_TYPES
        ]

    def _rediscover(self, view: View) -> Shelf:
        reason = f"You have not played these for {self.away_days // 30} months"
        return self._of(view, view.history_ages > self.away_days, "Rediscover", reason, "rediscover")

    def _saved(self, view: View) -> Shelf:
        """Saves of anything but music: an undated single play of a song says nothing about saving it."""
        music = view.catalog.columns.content_type[view.history_rows] == TYPE_CODE[ContentType.MUSIC]
        rows = view.history_rows[view.history_saved & ~music]
        reason = "You saved these for later"
        scores = view.appeal[rows]
        return shelf(self.name, "Your list", reason, rows, scores, allowed=view.eligible, key="saved")

    def _of(self, view: View, chosen: Mask, title: str, reason: str, key: str) -> Shelf:
        """The chosen part of the history (h,) by strength."""
        rows, weights = view.history_rows[chosen], view.history_weights[chosen]
        return shelf(self.name, title, reason, rows, weights, allowed=view.eligible, key=key)
