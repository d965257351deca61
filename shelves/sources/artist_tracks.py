"""Best of an artist: the tracks and albums of the listener's top artists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from shelves.sources.base import shelf
from shelves.types import Shelf
from shelves.view import View


@dataclass(frozen=True, slots=True)
class ArtistTracks:
    """One shelf for each of the top artists with at least `min_works` works, most popular work first."""

    max_shelves: int = 6
    min_works: int = 4
    name: ClassVar[str] = "artist_tracks"
    family: ClassVar[str] = "artist"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Shelves by artist, strongest artist first."""
        works, eligible = view.catalog.columns.works, view.eligible
        enough = (
            artist
            for artist in view.top_artists
            if eligible[artist] and len(works.row(artist)) >= self.min_works
        )
        return [
            self._best_of(view, artist) for artist, _ in zip(enough, range(self.max_shelves), strict=False)
        ]

    def _best_of(self, view: View, artist: int) -> Shelf:
        item, works = view.catalog.items[artist], view.catalog.columns.works
        return shelf(
            self.name,
            f"Best of {item.title}",
            f"{item.title} is one of your top artists",
            works.row(artist),
            works.row_weights(artist),
            allowed=view.eligible,
            key=item.id,
            seed=item.id,
        )
