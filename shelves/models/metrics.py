"""Leave-one-out quality of item vectors: hide one item of each history and see where it ranks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ranks = NDArray[np.int64]
"""Position of the hidden item among the items its listener has not heard, 0 the best."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """`train[i]` is a history without the hidden item `held_out[i]`."""

    train: tuple[NDArray[np.int32], ...]
    held_out: NDArray[np.int32]


def leave_one_out(histories: Sequence[NDArray[np.int32]], rng: np.random.Generator) -> Split:
    """Hide one item, drawn uniformly, of each history of at least two; shorter histories are left out."""
    usable = [history for history in histories if len(history) > 1]
    hidden = [int(rng.integers(len(history))) for history in usable]
    train = tuple(np.delete(history, at).astype(np.int32) for history, at in zip(usable, hidden, strict=True))
    return Split(train, np.array([h[at] for h, at in zip(usable, hidden, strict=True)], dtype=np.int32))


def embedding_ranks(vectors: NDArray[np.float32], split: Split) -> Ranks:
    """Ranks under the cosine with the mean unit vector of the rest of the history; vectors (n_items, dim)."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(lengths > 0, lengths, 1)
    scores = (unit @ unit[history].mean(axis=0) for history in split.train)
    return _ranks(scores, split)


def popularity_ranks(n_items: int, split: Split) -> Ranks:
    """Ranks under the number of training histories that hold an item, the same order for everyone."""
    flat = np.concatenate([np.zeros(0, dtype=np.int32), *split.train])
    popularity = np.bincount(flat, minlength=n_items).astype(np.float32)
    return _ranks((popularity.copy() for _ in split.train), split)


def recall_at_k(ranks: Ranks, k: int) -> float:
    """Share of hidden items among the first k."""
    return float((ranks < k).mean()) if len(ranks) else 0.0


def ndcg_at_k(ranks: Ranks, k: int) -> float:
    """Mean of 1 / log2(rank + 2) over hidden items, 0 beyond the first k; the best possible is 1."""
    gains = np.where(ranks < k, 1 / np.log2(ranks + 2.0), 0)
    return float(gains.mean()) if len(ranks) else 0.0


def _ranks(scores: Iterable[NDArray[np.float32]], split: Split) -> Ranks:
    """Ties count half against the hidden item, so that a constant score ranks in the middle."""
    ranks = []
    for values, history, hidden in zip(scores, split.train, split.held_out, strict=True):
        rivals = np.delete(values, np.append(history, hidden))
        above, level = (rivals > values[hidden]).sum(), (rivals == values[hidden]).sum()
        ranks.append(int(above + level // 2))
    return np.array(ranks, dtype=np.int64)
