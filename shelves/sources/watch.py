"""Watch: films, series and videos near the listener's taste, overall and by genre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from shelves.sources.base import for_you
from shelves.types import ContentType, Shelf
from shelves.view import View


@dataclass(frozen=True, slots=True)
class Watch:
    """One shelf over all video by appeal, and one for each of the strongest tags."""

    max_tags: int = 3
    name: ClassVar[str] = "watch"
    family: ClassVar[str] = "video"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Shelves of what the listener does not know yet."""
        return for_you(view, self.name, ContentType.VIDEO, "Watch next", "Watch {}", self.max_tags)
