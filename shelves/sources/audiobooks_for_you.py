"""Audiobooks for you: audiobooks near the listener's taste, overall and by genre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from shelves.sources.base import for_you
from shelves.types import ContentType, Shelf
from shelves.view import View


@dataclass(frozen=True, slots=True)
class AudiobooksForYou:
    """One shelf over all audiobooks by appeal, and one for each of the strongest tags."""

    max_tags: int = 3
    name: ClassVar[str] = "audiobooks_for_you"
    family: ClassVar[str] = "spoken"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Shelves of what the listener does not know yet."""
        return for_you(
            view, self.name, ContentType.AUDIOBOOK, "Audiobooks for you", "{} audiobooks", self.max_tags
        )
