"""A world small enough to check by hand."""

from __future__ import annotations

import numpy as np

from home.simulate.carousel.environment import Batch, draw_batch
from home.simulate.carousel.policies import Task
from home.simulate.carousel.world import World, make_world

SEGMENTS = 5
PLAYLISTS = 40


def small_world(users: int = 600, segments: int = SEGMENTS, playlists: int = PLAYLISTS) -> World:
    """Users in segments with tastes of their own, and playlists of which a few are popular."""
    rng = np.random.default_rng(0)
    segment = rng.permutation(np.arange(users) % segments)
    centres = rng.normal(0.0, 2.0, size=(segments, 6))
    embeddings = centres[segment] + rng.normal(0.0, 0.3, size=(users, 6))
    weights = np.hstack([rng.normal(0.0, 0.2, size=(playlists, 6)), rng.normal(-4.5, 1.0, (playlists, 1))])
    return make_world(embeddings, segment, weights, "a small world", synthetic=True)


def task_of(world: World) -> Task:
    """What policies may know of a world."""
    return Task(world.playlists, world.segment_count, world.features.shape[1])


def batch_of(world: World, size: int = 400, number: int = 0) -> Batch:
    """A batch of a world."""
    return draw_batch(world, 1, (number, 0), size)
