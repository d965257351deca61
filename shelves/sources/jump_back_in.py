"""Jump back in: what the listener plays most and last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shelves.columns import CONTENT_TYPES
from shelves.sources.base import recency, shelf
from shelves.types import ContentType, Shelf
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


@dataclass(frozen=True, slots=True)
class JumpBackIn:
    """One shelf by strength × recency, one by strength for each content type, one of old loves.

    Old loves are strong items not played for `away_days`.
    """

    half_life: float = 45.0
    away_days: int = 180
    name: ClassVar[str] = "jump_back_in"
    family: ClassVar[str] = "habit"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Shelves from the history."""
        if len(view.history_rows) == 0:
            return ()
        return [self._recent(view), *self._by_type(view), self._rediscover(view)]

    def _recent(self, view: View) -> Shelf:
        scores = view.history_weights * recency(view, view.history_days, self.half_life)
        reason = "What you played lately and most"
        rows = view.history_rows
        return shelf(self.name, "Jump back in", reason, rows, scores, allowed=view.eligible)

    def _by_type(self, view: View) -> list[Shelf]:
        found = []
        for content_type in CONTENT_TYPES:
            rows, weights = view.history_of(content_type)
            title, reason = _CONTINUE[content_type], _REASON[content_type]
            found.append(
                shelf(self.name, title, reason, rows, weights, allowed=view.eligible, key=content_type.value)
            )
        return found

    def _rediscover(self, view: View) -> Shelf:
        away = (view.history_days > 0) & (view.day - view.history_days > self.away_days)
        rows, scores = view.history_rows[away], view.history_weights[away]
        reason = f"You have not played these for {self.away_days // 30} months"
        scores = scores.astype(np.float32)
        return shelf(self.name, "Rediscover", reason, rows, scores, allowed=view.eligible, key="rediscover")
