"""What friends listen to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from shelves.columns import CONTENT_TYPES, TYPE_CODE
from shelves.sources.base import shelf
from shelves.types import ContentType, Shelf
from shelves.view import View

_TITLE = {
    ContentType.MUSIC: "Friends listen to",
    ContentType.PODCAST: "Podcasts your friends follow",
    ContentType.AUDIOBOOK: "Friends are reading",
    ContentType.VIDEO: "Friends are watching",
}


@dataclass(frozen=True, slots=True)
class FriendsListenTo:
    """One shelf for each content type: what most friends share and play most, new to the listener."""

    name: ClassVar[str] = "friends_listen_to"
    family: ClassVar[str] = "social"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Shelves from friends' histories; nothing without friends."""
        if len(view.friend_rows) == 0:
            return ()
        return [self._of_type(view, content_type) for content_type in CONTENT_TYPES]

    def _of_type(self, view: View, content_type: ContentType) -> Shelf:
        of_type = view.catalog.columns.content_type[view.friend_rows] == TYPE_CODE[content_type]
        rows, mass = view.friend_rows[of_type], view.friend_weights[of_type]
        return shelf(
            self.name,
            _TITLE[content_type],
            "Played by people you are friends with",
            rows,
            mass * (1 + view.affinity[rows]),
            allowed=view.novel,
            key=content_type.value,
        )
