"""Top slots of many score rows at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from home.simulate.carousel.environment import Lists
from home.simulate.carousel.world import SLOTS

_MANY = SLOTS**2
"""From here on, two in three lists of independent draws are without a repeat."""


def best_lists(scores: NDArray[np.float32]) -> Lists:
    """The columns (n, slots) of each row's highest scores (n, k), best first.

    Partitioning values and looking up who reaches the threshold is several times faster than `argpartition`.
    """
    rows, playlists = scores.shape
    threshold = np.partition(scores, playlists - SLOTS, axis=1)[:, -SLOTS, None]
    chosen = scores >= threshold
    if np.count_nonzero(chosen) > rows * SLOTS:
        _drop_extra(chosen, scores, threshold)
    cells = np.flatnonzero(chosen)
    order = np.argsort(-scores.reshape(-1)[cells].reshape(rows, SLOTS), axis=1)
    order += np.arange(0, rows * SLOTS, SLOTS)[:, None]
    lists: Lists = (cells % playlists)[order].astype(np.int32)
    return lists


def tied_lists(scores: NDArray[np.float64], rows: int, rng: np.random.Generator) -> Lists:
    """`rows` lists (rows, slots) by one row of scores (k,), each with its own random order among equals."""
    ranks = np.unique(-scores, return_inverse=True)[1]
    candidates = np.flatnonzero(ranks <= np.partition(ranks, SLOTS - 1)[SLOTS - 1])
    keys = rng.random((rows, len(candidates)), dtype=np.float32) - ranks[candidates].astype(np.float32)
    return candidates[best_lists(keys)].astype(np.int32)


def random_lists(playlists: int, rows: int, rng: np.random.Generator) -> Lists:
    """Uniformly random lists (rows, slots) of distinct playlists.

    Of many playlists, lists rarely repeat one, and those that do are drawn again.
    """
    if playlists < _MANY:
        return best_lists(rng.random((rows, playlists), dtype=np.float32))
    lists = rng.integers(playlists, size=(rows, SLOTS), dtype=np.int32)
    again = np.arange(rows)
    while len(again):
        ordered = np.sort(lists[again], axis=1)
        again = again[(ordered[:, 1:] == ordered[:, :-1]).any(axis=1)]
        lists[again] = rng.integers(playlists, size=(len(again), SLOTS), dtype=np.int32)
    return lists


def _drop_extra(
    chosen: NDArray[np.bool_], scores: NDArray[np.float32], threshold: NDArray[np.float32]
) -> None:
    """Where scores tie at the threshold, keep the leftmost of the tied."""
    for row in np.flatnonzero(chosen.sum(axis=1) > SLOTS):
        tied = np.flatnonzero(scores[row] == threshold[row])
        chosen[row, tied[SLOTS - chosen[row].sum() :]] = False
