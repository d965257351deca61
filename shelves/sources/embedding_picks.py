"""Made for you: nearest items to the listener in the trained embedding space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from shelves.columns import CONTENT_TYPES, TYPE_CODE
from shelves.sources.base import NOUN, ROW_LIMIT, joined, shelf
from shelves.types import ContentType, Floats, Rows, Shelf
from shelves.view import View

Members = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class EmbeddingPicks:
    """One shelf for each content type, and a mix for each taste cluster of the music history.

    A listener is the weighted mean of the unit vectors of their `considered` strongest items; scores are
    dot products with it. Clusters grow around strong items: each next centre is the strongest item less
    than `apart` similar to all earlier ones, and every item joins its nearest centre.
    """

    max_clusters: int = 3
    apart: float = 0.6
    considered: int = 60
    name: ClassVar[str] = "embedding_picks"
    family: ClassVar[str] = "personal"

    def propose(self, view: View) -> Sequence[Shelf]:
        """Shelves by embedding; nothing where no eligible item of the history is trained."""
        return [shelf for content_type in CONTENT_TYPES for shelf in self._of_type(view, content_type)]

    def _of_type(self, view: View, content_type: ContentType) -> list[Shelf]:
        index, code = view.catalog.embeddings, TYPE_CODE[content_type]
        rows, weights = view.history_of(content_type)
        usable = (index.position[rows] >= 0) & view.eligible[rows]
        trained = np.flatnonzero(usable)[: self.considered]
        if len(trained) == 0:
            return []
        rows, weights = rows[trained], weights[trained]
        vectors = index.vectors_of(rows, code)
        groups = [np.arange(len(rows))]
        groups += self._clusters(vectors) if content_type is ContentType.MUSIC else []
        wanted = np.stack([_mean(vectors[group], weights[group]) for group in groups])
        found = index.search(wanted, code, view.novel, ROW_LIMIT)
        mixes = [self._mix(view, rows[group], *near) for group, near in zip(groups, found, strict=True)]
        return [self._overall(view, content_type, *found[0]), *mixes[1:]]

    def _overall(self, view: View, content_type: ContentType, rows: Rows, scores: Floats) -> Shelf:
        music = content_type is ContentType.MUSIC
        title = "Made for you" if music else f"Made for you: {NOUN[content_type]}"
        reason = "From everything you play, learned from all listeners"
        return shelf(self.name, title, reason, rows, scores, allowed=view.novel, key=content_type.value)

    def _mix(self, view: View, cluster: Rows, rows: Rows, scores: Floats) -> Shelf:
        named = [view.catalog.items[row] for row in cluster[:2]]
        names = joined([item.title for item in named])
        return shelf(
            self.name,
            f"Your mix around {names}",
            f"One side of your taste: {names} and what goes with it",
            rows,
            scores,
            allowed=view.novel,
            key=f"around-{named[0].id}",
            seed=named[0].id,
        )

    def _clusters(self, vectors: Floats) -> list[Members]:
        """Positions of each cluster's members, strongest first; none when the taste is all of one kind."""
        similarity = vectors @ vectors.T
        centres = [0]
        nearest = similarity[0]
        while len(centres) < self.max_clusters and (nearest < self.apart).any():
            centres.append(int(np.argmax(nearest < self.apart)))
            nearest = np.maximum(nearest, similarity[centres[-1]])
        if len(centres) == 1:
            return []
        member = similarity[centres].argmax(axis=0)
        return [np.flatnonzero(member == k) for k in range(len(centres))]


def _mean(vectors: Floats, weights: Floats) -> Floats:
    """Unit weighted mean (d,); the strongest vector when the weights are all zero."""
    total = weights @ vectors
    length = np.linalg.norm(total)
    mean: Floats = total / length if length > 0 else vectors[0]
    return mean
