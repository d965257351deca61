"""Rounds of the carousel: who visits, what they stream, and what a policy gets to know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from home.simulate.carousel.streams import Purpose, luck, stream
from home.simulate.carousel.world import SLOTS, VISIBLE, Features, Floats, World, reward_of

Lists = NDArray[np.int32]

_CHUNK = 100
"""Visits whose gathered weights fit a core's cache."""


class Feedback(StrEnum):
    """Which slots count as seen when a carousel is over.

    In all readings, slots after a stream are unseen. Without any stream, `PAPER` takes the visible slots as
    seen, and `CODE` all slots: the published code means to do as the paper says, but measures the length of a
    tuple that is never empty. `ALL` has no cascade: every slot is seen, always.
    """

    PAPER = "paper"
    CODE = "code"
    ALL = "all"


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Visits of one round, in the order of their users' segments.

    `users`, `segments` (n,), `features` (n, d + 1), `draws` (n,): the position at which each was drawn;
    `runs` says where each segment that visits begins and ends.
    """

    users: NDArray[np.int64]
    segments: NDArray[np.int32]
    features: Features
    draws: NDArray[np.int64]
    runs: tuple[tuple[int, slice], ...]

    def __len__(self) -> int:
        return len(self.users)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What visitors of `segments` (n,) with `features` (n, d + 1) did when shown `lists` (n, slots).

    `streamed` (n,) is the slot of the stream, or `SLOTS` for none; the first `seen` (n,) slots count as seen.
    """

    segments: NDArray[np.int32]
    features: Features
    lists: Lists
    streamed: NDArray[np.int64]
    seen: NDArray[np.int64]

    @property
    def rewards(self) -> NDArray[np.bool_]:
        """Whether each visitor streamed anything (n,)."""
        return self.streamed < SLOTS


def draw_batch(world: World, seed: int, key: tuple[int, int], size: int) -> Batch:
    """Draw visitors uniformly with replacement, for a key (round, shard): the same ones for every policy."""
    drawn = stream(seed, Purpose.USERS, *key).integers(world.users, size=size)
    order = np.argsort(world.segments[drawn], kind="stable")
    users = drawn[order]
    segments = np.asarray(world.segments[users])
    present, starts = np.unique(segments, return_index=True)
    ends = np.append(starts[1:], size)
    runs = zip(present.tolist(), map(slice, starts.tolist(), ends.tolist()), strict=True)
    return Batch(users, segments, np.asarray(world.features[users]), order, tuple(runs))


def present(batch: Batch, lists: Lists, feedback: Feedback, rng: np.random.Generator) -> Lists:
    """Lists (n, slots) as they are shown: the visible slots have no order of their own and are shuffled.

    The published code permutes the first three visitors' whole lists instead, which `CODE` repeats.
    """
    if feedback is Feedback.CODE:
        first = np.flatnonzero(batch.draws < VISIBLE)
        shown = lists.copy()
        shown[first] = lists[rng.permutation(first)]
        return shown
    return np.hstack([rng.permuted(lists[:, :VISIBLE], axis=1), lists[:, VISIBLE:]])


def answer(
    world: World, batch: Batch, lists: Lists, feedback: Feedback, seed: int, key: tuple[int, int]
) -> tuple[Outcome, Floats]:
    """What visitors of `lists` (n, slots) do, and the exact expected reward (n,) of those lists.

    Each slot is streamed independently with its probability; only the first stream counts.
    """
    probabilities = shown_probabilities(world, batch, lists)
    counters = batch.draws[:, None] * world.playlists + lists
    streams = luck(seed, key, counters) < probabilities
    streamed = np.where(streams.any(axis=1), streams.argmax(axis=1), SLOTS)
    outcome = Outcome(batch.segments, batch.features, lists, streamed, seen_slots(streamed, feedback))
    return outcome, reward_of(probabilities)


def shown_probabilities(world: World, batch: Batch, lists: Lists) -> Features:
    """Probabilities (n, slots) that each slot of `lists` is streamed if reached."""
    logits = np.empty(lists.shape, dtype=np.float32)
    for start in range(0, len(lists), _CHUNK):
        part = slice(start, start + _CHUNK)
        np.einsum("nd,nkd->nk", batch.features[part], world.weights[lists[part]], out=logits[part])
    return np.asarray(expit(logits))


def seen_slots(streamed: NDArray[np.int64], feedback: Feedback) -> NDArray[np.int64]:
    """How many leading slots count as seen (n,), given the slot of the stream or `SLOTS` (n,)."""
    if feedback is Feedback.ALL:
        return np.full_like(streamed, SLOTS)
    without = VISIBLE if feedback is Feedback.PAPER else SLOTS
    return np.where(streamed < SLOTS, streamed + 1, without)
