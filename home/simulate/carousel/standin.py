"""Invented playlists and users in the shape of the published ones, for a checkout without the data."""

from __future__ import annotations

import numpy as np

from home.simulate.carousel.data import Published
from home.simulate.carousel.streams import Purpose, stream

_SEED = 862
_GENRES = 30


def made_up(playlists: int = 862, dimensions: int = 96) -> Published:
    """Playlists of `_GENRES` genres and nine users of one segment, with moments like the published ones.

    Biases are normal with mean −5.4 and deviation 0.8; a playlist's other weights point where its genre does,
    with norms that are log-normal around 0.1; the nine users lie around a point of norm 11.
    """
    rng = stream(_SEED, Purpose.POPULATION, 0)
    genres = _unit(rng.standard_normal((_GENRES, dimensions)) + 0.6)
    own = 0.6 * _unit(rng.standard_normal((playlists, dimensions)))
    directions = _unit(genres[rng.integers(_GENRES, size=playlists)] + own)
    norms = 0.1 * np.exp(0.6 * rng.standard_normal((playlists, 1)))
    biases = rng.normal(-5.4, 0.8, size=(playlists, 1))
    centre = 11.0 * _unit(rng.standard_normal(dimensions) + 0.6)
    nine = centre + 0.67 * rng.standard_normal((9, dimensions))
    return Published(np.hstack([norms * directions, biases]), nine, "INVENTED playlists", made=True)


def _unit(vectors: np.typing.NDArray[np.float64]) -> np.typing.NDArray[np.float64]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))
