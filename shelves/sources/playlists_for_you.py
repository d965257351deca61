"""Playlists and albums near the listener's taste."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from shelves.columns import KIND_CODE
from shelves.sources.base import shelf
from shelves.types import Kind, Shelf
from shelves.view import View

_SHELVES = (
    (Kind.PLAYLIST, "Playlists for you", "Playlists that fit what you play"),
    (Kind.ALBUM, "Albums for you", "Albums that fit what you play"),
    (Kind.TRACK, "Songs for you", "Songs that fit what you play"),
)


@dataclass(frozen=True, slots=True)
class PlaylistsForYou:
    """One shelf each of playlists, albums and tracks, by appeal."""

    name: ClassVar[str] = "playlists_for_you"
    family: ClassVar[str] = "personal"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Shelves of one kind of music item each."""
        return [self._of_kind(view, kind, title, reason) for kind, title, reason in _SHELVES]

    def _of_kind(self, view: View, kind: Kind, title: str, reason: str) -> Shelf:
        rows = view.catalog.columns.by_kind.row(KIND_CODE[kind])
        scores = view.appeal[rows]
        return shelf(self.name, title, reason, rows, scores, allowed=view.novel, key=kind.value)
