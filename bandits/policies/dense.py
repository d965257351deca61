"""Features as short dense vectors: hashed, signed, with the context crossed with the shelf.

For linear policies that keep a matrix over features. Source: Weinberger, Dasgupta, Langford, Smola and
Attenberg, "Feature Hashing for Large Scale Multitask Learning", ICML 2009. With few dimensions features
collide often; the sign makes collisions cancel in expectation, not in any one model.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from bandits.policies.encoding import SHARED
from bandits.types import Features

Matrix = NDArray[np.float64]
_Hashes = NDArray[np.uint64]

_CROSSED = ("context",)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SHIFT, _SIGN_BIT = np.uint64(29), np.uint64(63)
_SEPARATOR = "\x1f"


def design(context: Features, actions: Sequence[Features], dimension: int) -> Matrix:
    """Vectors (n, dimension) of n actions in a context, each of length 1 at most.

    An action's own features, and each of them crossed with each feature of the namespace "context". What is
    known of the listener is left out but for what the action's features say of them ("responses"): crossed,
    it needs far more dimensions than these.
    """
    shared_hashes, shared_values = _hashed(context, _CROSSED)
    return np.array([_vector(shared_hashes, shared_values, action, dimension) for action in actions])


def _vector(hashes: _Hashes, values: Matrix, action: Features, dimension: int) -> Matrix:
    own, amounts = _hashed(action, tuple(name for name in action if name not in SHARED))
    crossed = (_mixed(hashes)[:, None] ^ own[None, :]).ravel()
    every = _mixed(np.concatenate([own, crossed]))
    weights = np.concatenate([amounts, np.outer(values, amounts).ravel()])
    signs = np.where(every >> _SIGN_BIT, 1.0, -1.0)
    cells = (every % np.uint64(dimension)).astype(np.intp)
    vector = np.bincount(cells, signs * weights, dimension).astype(np.float64)
    scaled: Matrix = vector / max(1.0, float(np.linalg.norm(vector)))
    return scaled


def _hashed(features: Features, namespaces: Sequence[str]) -> tuple[_Hashes, Matrix]:
    """Hashes and amounts of all features; a category counts 1, a number as it is."""
    pairs = [
        (_category(namespace, name, value), 1.0)
        if isinstance(value, str)
        else (_category(namespace, name, ""), float(value))
        for namespace in namespaces
        for name, value in features.get(namespace, {}).items()
    ]
    hashes = np.array([found for found, _ in pairs], dtype=np.uint64)
    return hashes, np.array([amount for _, amount in pairs], dtype=np.float64)


def _mixed(hashes: _Hashes) -> _Hashes:
    mixed: _Hashes = (hashes ^ (hashes >> _SHIFT)) * _MIX
    return mixed ^ (mixed >> _SHIFT)


@lru_cache(maxsize=65536)
def _category(namespace: str, name: str, value: str) -> int:
    text = _SEPARATOR.join((namespace, name, value)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")
