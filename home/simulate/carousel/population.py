"""Whom the carousel is shown to: the published users, or a synthetic population around nine of them.

The full file of 974,960 users is public but large. Without it, users are drawn like this:

- Each of 100 tastes is a direction: that of the nine users' mean plus `own_taste` times that of one playlist,
  drawn with a chance that grows with the norm of its weights. All tastes have the same norm, the radius.
- A user is one taste plus normal noise, with the standard deviation that the nine users, who are all of one
  published segment, have in each dimension.
- The radius is found by bisection so that a uniformly random list has an expected regret of 0.656 per user
  and round, which the paper's 1,312,000 over 100 rounds of 20,000 users amounts to.
- Segments are found by k-means, as in the paper, on the users alone.

How much tastes differ, `own_taste`, follows from published results: at 3 the pessimistic segment Thompson
sampling, the best published policy, has the cumulative regret at round 50 that the paper's figure 2 shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.cluster.vq import kmeans2
from scipy.optimize import brentq

from home.errors import ConfigurationError
from home.simulate.carousel.data import Published, read_users
from home.simulate.carousel.streams import Purpose, stream
from home.simulate.carousel.world import (
    Floats,
    World,
    make_world,
    optimal_rewards,
    random_rewards,
    streams_of,
)

RANDOM_REGRET = 1_312_000 / (100 * 20_000)
"""Expected regret of a random list per user and round, from figure 2 of the paper."""

_RADII = (1.0, 20.0)
_PROBES = 3_000
_KMEANS_SAMPLE = 20_000
_SEED = 2020
"""The population is one and the same for all seeds of a simulation."""


@dataclass(frozen=True, slots=True)
class PopulationModel:
    """How synthetic users are drawn; see the module for what each means."""

    users: int = 100_000
    segments: int = 100
    own_taste: float = 3.0
    random_regret: float = RANDOM_REGRET


def full_world(published: Published, path: Path) -> World:
    """The published users of a file. Raises ConfigurationError naming what is wrong with it."""
    users = read_users(path)
    if users.embeddings.shape[1] != published.nine.shape[1]:
        raise ConfigurationError(
            f"{path} has {users.embeddings.shape[1]} dimensions but the playlists have "
            f"{published.nine.shape[1]}: take both from one release"
        )
    origin = f"{len(users.embeddings):,} users of {path.name}, {published.name}"
    return make_world(users.embeddings, users.segments, published.weights, origin, synthetic=published.made)


def synthetic_world(published: Published, model: PopulationModel | None = None) -> World:
    """A synthetic population around the nine users; the same arguments give the same one.

    Raises ConfigurationError when no radius gives random lists the stated regret, and ValueError for fewer
    users than segments.
    """
    model = model or PopulationModel()
    if model.users < model.segments:
        raise ValueError(f"users = {model.users}: k-means needs at least {model.segments}")
    directions = _directions(published, model)
    radius = calibrated_radius(published, directions, model.random_regret)
    embeddings = _around(published, radius * directions, model.users, 1)
    origin = (
        f"SYNTHETIC population of {model.users:,} users in {model.segments} segments around nine published "
        f"ones (own taste {model.own_taste:g}, radius {radius:.2f} calibrated to a random list's regret of "
        f"{model.random_regret:.3f}), {published.name}"
    )
    segments = _segments(embeddings, model.segments)
    return make_world(embeddings, segments, published.weights, origin, synthetic=True)


def calibrated_radius(published: Published, directions: Floats, random_regret: float) -> float:
    """The norm of tastes at which random lists have the stated expected regret per user.

    Regret first grows with the norm, as favourites stand out more, and falls again where everything becomes
    either certain or hopeless; the smaller root is the one near the nine users. The same noise is used at
    every radius, so the function is smooth. Raises ConfigurationError without a root.
    """

    def excess(radius: float) -> float:
        users = _around(published, radius * directions, _PROBES, 2)
        features = np.hstack([users, np.ones((_PROBES, 1))])
        regret = optimal_rewards(features, published.weights) - random_rewards(
            streams_of(features, published.weights)
        )
        return float(regret.mean()) - random_regret

    if excess(_RADII[0]) > 0.0 or excess(_RADII[1]) < 0.0:
        raise ConfigurationError(
            f"no population of these playlists gives random lists a regret of {random_regret:.3f}: "
            "choose another own taste"
        )
    return float(brentq(excess, *_RADII, xtol=1e-3))


def _directions(published: Published, model: PopulationModel) -> Floats:
    rng = stream(_SEED, Purpose.POPULATION, 0)
    shared = published.nine.mean(axis=0)
    weights = published.weights[:, :-1]
    norms = np.linalg.norm(weights, axis=1)
    chosen = rng.choice(len(weights), size=model.segments, p=norms / norms.sum())
    own = weights[chosen] / norms[chosen, None]
    mixed = shared / np.linalg.norm(shared) + model.own_taste * own
    return np.asarray(mixed / np.linalg.norm(mixed, axis=1, keepdims=True))


def _around(published: Published, tastes: Floats, count: int, key: int) -> Floats:
    rng = stream(_SEED, Purpose.POPULATION, key)
    spread = published.nine.std(axis=0, ddof=1)
    taste = rng.integers(len(tastes), size=count)
    return np.asarray(tastes[taste] + rng.standard_normal((count, tastes.shape[1])) * spread)


def _segments(embeddings: Floats, count: int) -> np.typing.NDArray[np.int32]:
    rng = stream(_SEED, Purpose.POPULATION, 3)
    sample = embeddings[:_KMEANS_SAMPLE].astype(np.float32)
    centres, _ = kmeans2(sample, count, minit="++", rng=rng, missing="raise")
    distances = (centres**2).sum(axis=1) - 2.0 * embeddings.astype(np.float32) @ centres.T
    found = np.unique(distances.argmin(axis=1), return_inverse=True)[1]
    return found.astype(np.int32)
