"""A carousel simulation that goes from user to user, as the published one does: the peer to be faster than.

It follows the protocol as published: batches are scored with one array row per user, and streams, cascades
and counts are worked out in a loop over users. `load_published` takes the published code itself, from a
checkout of https://github.com/deezer/carousel_bandits.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from home.simulate.carousel.world import SLOTS, VISIBLE, World

Array = NDArray[np.float64]


class Peer(Protocol):
    """A policy of the peer, by the names of the published code."""

    def recommend_to_users_batch(self, batch_users: NDArray[np.int64]) -> NDArray[np.int64]:
        """Lists (n, slots) for users (n,)."""

    def update_policy(self, user_ids: NDArray[np.int64], recos: NDArray[np.int64], rewards: Array) -> None:
        """Learn from rewards (n, slots)."""


Answer = Callable[[NDArray[np.int64], NDArray[np.int64]], Array]
"""Rewards (n, slots) of users (n,) and lists (n, slots)."""


@dataclass(frozen=True, slots=True)
class PeerSimulation:
    """The environment's answers and the policies by name."""

    name: str
    answer: Answer
    policies: dict[str, Callable[[], Peer]]


class LoopPolicy:
    """Counts by segment; `scores` (n, playlists) of counts (n, playlists) rank, with random ties."""

    def __init__(self, world: World, scores: Callable[[Array, Array], Array]) -> None:
        self._segments = np.asarray(world.segments)
        self._displays = np.zeros((world.segment_count, world.playlists))
        self._streams = np.zeros((world.segment_count, world.playlists))
        self._scores = scores

    def recommend_to_users_batch(self, batch_users: NDArray[np.int64]) -> NDArray[np.int64]:
        """Lists by score."""
        segments = self._segments[batch_users]
        scores = self._scores(self._displays[segments], self._streams[segments])
        ties = np.random.default_rng().random(scores.shape)
        return np.lexsort((ties, -scores))[:, :SLOTS]

    def update_policy(self, user_ids: NDArray[np.int64], recos: NDArray[np.int64], rewards: Array) -> None:
        """Count what was seen, user by user and slot by slot."""
        for user, playlists, streams in zip(user_ids, recos, rewards, strict=True):
            segment, none = self._segments[user], not streams.any()
            for slot, (playlist, stream) in enumerate(zip(playlists, streams, strict=True), start=1):
                self._displays[segment, playlist] += 1
                self._streams[segment, playlist] += stream
                if stream or (none and slot == VISIBLE):
                    break


def recreated(world: World) -> PeerSimulation:
    """The loop written anew, for the policies whose scores are short."""
    rng = np.random.default_rng(1)

    def answer(users: NDArray[np.int64], lists: NDArray[np.int64]) -> Array:
        rewards = np.zeros(lists.shape)
        for row, (user, playlists) in enumerate(zip(users, lists, strict=True)):
            chances = expit(world.features[user] @ world.weights[playlists].T)
            streamed = np.flatnonzero(rng.random(len(chances)) < chances)
            rewards[row, streamed[:1]] = 1.0
        return rewards

    def rates(displays: Array, streams: Array, unknown: float) -> Array:
        return np.divide(streams, displays, out=np.full_like(streams, unknown), where=displays > 0)

    def greedy(epsilon: float) -> Callable[[Array, Array], Array]:
        return lambda displays, streams: (
            rates(displays, streams, 1.0) * (rng.random((len(displays), 1)) >= epsilon)
        )

    def thompson(beta: float) -> Callable[[Array, Array], Array]:
        return lambda displays, streams: rng.beta(1.0 + streams, beta + displays - streams)

    def explore(enough: int) -> Callable[[Array, Array], Array]:
        return lambda displays, streams: (
            2.0 * np.maximum(0.0, enough - displays) + rates(displays, streams, 0.0)
        )

    scores = {
        "random": greedy(1.0),
        "etc-seg-explore": explore(100),
        "etc-seg-exploit": explore(20),
        "epsilon-greedy-explore": greedy(0.1),
        "epsilon-greedy-exploit": greedy(0.01),
        "ts-seg-naive": thompson(1.0),
        "ts-seg-pessimistic": thompson(99.0),
    }
    policies: dict[str, Callable[[], Peer]] = {
        name: lambda score=score: LoopPolicy(world, score)  # type: ignore[misc]
        for name, score in scores.items()
    }
    return PeerSimulation("a loop over users", answer, policies)


def load_published(checkout: Path, world: World) -> PeerSimulation:
    """The published environment and policies with their published settings, from a checkout of their code."""
    sys.path.insert(0, str(checkout))
    environment, code = importlib.import_module("environment"), importlib.import_module("policies")
    features, segments = np.asarray(world.features, dtype=np.float64), np.asarray(world.segments)
    weights, playlists = np.asarray(world.weights, dtype=np.float64), world.playlists
    answers = environment.ContextualEnvironment(features, weights, segments, SLOTS)
    policies: dict[str, Callable[[], Peer]] = {
        "random": lambda: code.RandomPolicy(playlists),
        "etc-seg-explore": lambda: code.ExploreThenCommitSegmentPolicy(segments, playlists, min_n=100),
        "etc-seg-exploit": lambda: code.ExploreThenCommitSegmentPolicy(segments, playlists, min_n=20),
        "epsilon-greedy-explore": lambda: code.EpsilonGreedySegmentPolicy(segments, playlists, 0.1),
        "epsilon-greedy-exploit": lambda: code.EpsilonGreedySegmentPolicy(segments, playlists, 0.01),
        "kl-ucb-seg": lambda: code.KLUCBSegmentPolicy(segments, playlists),
        "ts-seg-naive": lambda: code.TSSegmentPolicy(segments, playlists, 1, 1),
        "ts-seg-pessimistic": lambda: code.TSSegmentPolicy(segments, playlists, 1, 99),
        "ts-lin-naive": lambda: code.LinearTSPolicy(features, playlists, 0.0),
        "ts-lin-pessimistic": lambda: code.LinearTSPolicy(features, playlists, -5.0),
    }
    return PeerSimulation("the published code", answers.simulate_batch_users_reward, policies)
