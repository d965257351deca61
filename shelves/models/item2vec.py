"""Item embeddings from listening histories: skip-gram with negative sampling over sets of items.

Barkan and Koenigstein, "Item2Vec: neural item embedding for collaborative filtering", 2016 (arXiv
1603.04259): two items of one history are each other's context wherever they stand in it. This module is for
training; nothing on the request path imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

Histories = Sequence[NDArray[np.int32]]
"""One array of item rows for each listener, in any order, without repeats."""

Progress = Callable[[int, int, float], None]
"""Called after each epoch with its number from 1, the number of epochs, and its mean loss."""


@dataclass(frozen=True, slots=True)
class Config:
    """How to train.

    Each epoch draws `pairs` contexts for every item of every history. A batch shares `negatives` items
    drawn by (listeners of the item)^0.75, weighted as `negative_weight` negatives per pair. Items with
    fewer than `min_count` listeners are left out; their vectors are zero.
    """

    dim: int = 32
    epochs: int = 10
    pairs: int = 4
    batch: int = 4096
    negatives: int = 64
    negative_weight: float = 5.0
    learning_rate: float = 0.03
    min_count: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("dim", "epochs", "pairs", "batch", "negatives", "min_count"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)}: give at least 1")


class Item2Vec(nn.Module):
    """Two embedding tables (n_items, dim): `item`, which is kept, and `context`, which only trains."""

    def __init__(self, n_items: int, dim: int, generator: torch.Generator) -> None:
        super().__init__()
        self.item = nn.Parameter(torch.randn(n_items, dim, generator=generator) / dim**0.5)
        self.context = nn.Parameter(torch.zeros(n_items, dim))

    def forward(self, centre: Tensor, context: Tensor, negative: Tensor, negative_weight: float) -> Tensor:
        """Mean loss of pairs `centre` (b,), `context` (b,) against the shared `negative` (k,)."""
        vectors = functional.embedding(centre, self.item)  # (b, dim)
        partners = functional.embedding(context, self.context)  # (b, dim)
        strangers = functional.embedding(negative, self.context)  # (k, dim)
        attraction = functional.softplus(-(vectors * partners).sum(-1))  # (b,)
        repulsion = functional.softplus(vectors @ strangers.T).mean(-1)  # (b,)
        return (attraction + negative_weight * repulsion).mean()


def train(
    histories: Histories, n_items: int, config: Config | None = None, progress: Progress | None = None
) -> NDArray[np.float32]:
    """Vectors (n_items, dim) of the items in `histories`, the same for the same input and seed.

    Raises ValueError when a row is outside [0, n_items). Without two trained items in any history there is
    nothing to learn, and every vector is zero.
    """
    config = config or Config()
    flat, starts, counts = _flatten(histories, n_items, config.min_count)
    trained = np.flatnonzero(counts >= config.min_count)
    vectors = np.zeros((n_items, config.dim), dtype=np.float32)
    if len(flat) == 0:
        return vectors
    code = np.full(n_items, -1, dtype=np.int64)
    code[trained] = np.arange(len(trained))
    with _one_thread():
        learned = _fit(code[flat], starts, counts[trained].astype(np.float64), config, progress)
    present = np.unique(flat)
    vectors[present] = learned[code[present]]
    return vectors


@contextmanager
def _one_thread() -> Iterator[None]:
    """Batches are too small to share: one thread is several times faster, and the same on every machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _flatten(
    histories: Histories, n_items: int, min_count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Histories end to end without rare items and without histories that leave no pair, with their bounds."""
    rows = np.concatenate([np.zeros(0, dtype=np.int64), *histories]).astype(np.int64)
    if len(rows) and not (rows.min() >= 0 and rows.max() < n_items):
        raise ValueError(f"histories: rows span {rows.min()}..{rows.max()}; they must lie in [0, {n_items})")
    counts = np.bincount(rows, minlength=n_items)
    kept = [history[counts[history] >= min_count] for history in histories]
    kept = [history for history in kept if len(history) > 1]
    starts = np.cumsum([0, *(len(history) for history in kept)])
    return np.concatenate([np.zeros(0, dtype=np.int64), *kept]).astype(np.int64), starts, counts


def _fit(
    items: NDArray[np.int64],
    starts: NDArray[np.int64],
    counts: NDArray[np.float64],
    config: Config,
    progress: Progress | None,
) -> NDArray[np.float32]:
    """Train on `items`, whose histories are bounded by `starts`; `counts` are listeners by item."""
    rng = np.random.default_rng(config.seed)
    model = Item2Vec(len(counts), config.dim, torch.Generator().manual_seed(config.seed))
    optimiser = torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    noise = np.cumsum(counts**0.75 / (counts**0.75).sum())
    for epoch in range(config.epochs):
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * (1 - epoch / config.epochs)
        losses = []
        for centre, context in _batches(items, starts, config, rng):
            drawn = np.searchsorted(noise, rng.random(config.negatives)).clip(max=len(counts) - 1)
            losses.append(_step(model, optimiser, centre, context, torch.from_numpy(drawn), config))
        if progress is not None:
            progress(epoch + 1, config.epochs, float(np.mean(losses)))
    weights: NDArray[np.float32] = model.item.detach().numpy()
    return weights


def _step(
    model: Item2Vec,
    optimiser: torch.optim.Optimizer,
    centre: Tensor,
    context: Tensor,
    negative: Tensor,
    config: Config,
) -> float:
    optimiser.zero_grad()
    loss = model(centre, context, negative, config.negative_weight)
    loss.backward()
    optimiser.step()
    return float(loss.detach())


def _batches(
    items: NDArray[np.int64], starts: NDArray[np.int64], config: Config, rng: np.random.Generator
) -> list[tuple[Tensor, Tensor]]:
    """One epoch of (centre, context) pairs of different places in one history, shuffled."""
    sizes = np.diff(starts)
    place = np.tile(np.arange(len(items)), config.pairs)
    length = np.tile(np.repeat(sizes, sizes), config.pairs)
    begin = np.tile(np.repeat(starts[:-1], sizes), config.pairs)
    other = begin + (place - begin + rng.integers(1, length)) % length
    order = rng.permutation(len(place))
    centre, context = torch.from_numpy(items[place[order]]), torch.from_numpy(items[other[order]])
    cuts = range(0, len(place), config.batch)
    return [(centre[at : at + config.batch], context[at : at + config.batch]) for at in cuts]
