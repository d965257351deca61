"""Who listens and what can be shown: the truth of the environment, which policies do not see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray
from scipy.special import expit

SLOTS = 12
VISIBLE = 3
"""Slots that a user sees before swiping."""

_CHUNK = 20_000

Floats = NDArray[np.float64]
Features = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Users and playlists.

    `features` (users, d + 1) are the users' embeddings and a constant 1; `segments` (users,) number their
    segments from 0; `weights` (playlists, d + 1) are the true weights, whose last column is a bias.
    `optimal` (users,) is the expected reward of each user's best list. `origin` says in a sentence where the
    users come from, and `synthetic` whether anything in them is invented.
    """

    features: Features
    segments: NDArray[np.int32]
    weights: Features
    optimal: Floats
    origin: str
    synthetic: bool

    @property
    def users(self) -> int:
        """How many users there are."""
        return len(self.features)

    @property
    def playlists(self) -> int:
        """How many playlists there are."""
        return len(self.weights)

    @property
    def segment_count(self) -> int:
        """How many segments the users fall into."""
        return int(self.segments.max()) + 1


def make_world(
    embeddings: NDArray[np.floating],
    segments: NDArray[np.integer],
    weights: NDArray[np.floating],
    origin: str,
    *,
    synthetic: bool,
) -> World:
    """A world of users with embeddings (users, d) and segments (users,), and of weights (k, d + 1)."""
    features = np.ones((len(embeddings), embeddings.shape[1] + 1), dtype=np.float32)
    features[:, :-1] = embeddings
    best = optimal_rewards(features, weights)
    return World(features, segments.astype(np.int32), weights.astype(np.float32), best, origin, synthetic)


def streams_of(features: NDArray[np.floating], weights: NDArray[np.floating]) -> Floats:
    """Display-to-stream probabilities (users, playlists): sigmoid(x · θ), section 3.2 of the paper."""
    return np.asarray(expit(features.astype(np.float64) @ weights.astype(np.float64).T))


def reward_of(probabilities: NDArray[np.floating]) -> Floats:
    """The chance (…,) that any slot of a list is streamed, from independent probabilities (…, slots)."""
    return np.asarray(1.0 - np.prod(1.0 - probabilities, axis=-1, dtype=np.float64))


def optimal_rewards(features: NDArray[np.floating], weights: NDArray[np.floating]) -> Floats:
    """The expected reward (users,) of each user's `SLOTS` most probable playlists."""
    found = np.empty(len(features))
    for start in range(0, len(features), _CHUNK):
        part = slice(start, start + _CHUNK)
        found[part] = reward_of(_best(streams_of(features[part], weights), SLOTS))
    return found


def random_rewards(probabilities: Floats) -> Floats:
    """The expected reward (users,) of a uniformly random list of distinct playlists.

    Its expectation is 1 − e/C(k, 12), where e is the elementary symmetric polynomial of degree 12 in the
    probabilities of no stream. Each step below divides by the count of subsets, so that nothing overflows.
    """
    missed = 1.0 - probabilities
    users, playlists = missed.shape
    means = np.zeros((SLOTS + 1, users))
    means[0] = 1.0
    for seen in range(1, playlists + 1):
        for size in range(min(seen, SLOTS), 0, -1):
            share = size / seen
            means[size] = (1.0 - share) * means[size] + share * missed[:, seen - 1] * means[size - 1]
    return np.asarray(1.0 - means[SLOTS])


def save_world(world: World, directory: Path) -> None:
    """Write a world as arrays that other processes can map into memory."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in _ARRAYS:
        np.save(directory / f"{name}.npy", getattr(world, name))
    about = {"origin": world.origin, "synthetic": world.synthetic}
    (directory / "about.json").write_bytes(orjson.dumps(about))


def load_world(directory: Path) -> World:
    """Map a written world into memory; processes that do so share it."""
    arrays = {name: np.asarray(np.load(directory / f"{name}.npy", mmap_mode="r")) for name in _ARRAYS}
    about = orjson.loads((directory / "about.json").read_bytes())
    return World(**arrays, origin=about["origin"], synthetic=about["synthetic"])


_ARRAYS = ("features", "segments", "weights", "optimal")


def _best(probabilities: Floats, count: int) -> Floats:
    return np.partition(probabilities, probabilities.shape[1] - count, axis=1)[:, -count:]
