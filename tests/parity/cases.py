"""Rounds to compare estimators on, as plain arrays that both sides read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]
LIMITS = (0.5, 1.0, 2.0, 5.0, np.inf)
SMOOTHINGS = (0.0, 0.02, 0.1, 0.5)
LIMIT, SHRINKAGE, SMOOTHING = 1.5, 3.0, 0.1
ROUNDS, ACTIONS, POSITIONS, LOGGERS, CATEGORIES, DIMENSIONS = 400, 6, 2, 3, 3, 2


def synthetic(seed: int) -> Arrays:
    """Rounds of `LOGGERS` logging policies, with predictions, a target, and embeddings of actions.

    `target`, `certain`, `q`, `logging` (m, n, positions); `loggers` (m, n, positions, K); `likelihoods`
    (n, categories, dimensions).
    """
    # A generator whose stream numpy keeps for good: the frozen values belong to exactly these rounds.
    rng = np.random.RandomState(seed)
    loggers = np.stack([_policy(rng) for _ in range(LOGGERS)], axis=3)
    logger = np.arange(ROUNDS) % LOGGERS
    rows = np.arange(ROUNDS)
    position = rng.randint(POSITIONS, size=ROUNDS)
    logging = loggers[rows, :, :, logger]
    action = np.array([rng.choice(ACTIONS, p=logging[i, :, position[i]]) for i in rows])
    truth = rng.uniform(0.05, 0.6, size=(ROUNDS, ACTIONS, POSITIONS))
    best = np.zeros((ROUNDS, ACTIONS, POSITIONS))
    best[rows, truth[:, :, 0].argmax(axis=1), :] = 1.0
    likelihoods = rng.dirichlet(np.ones(CATEGORIES), size=(ACTIONS, DIMENSIONS)).transpose(0, 2, 1)
    codes = [[rng.choice(CATEGORIES, p=likelihoods[a, :, d]) for d in range(DIMENSIONS)] for a in action]
    return {
        "reward": (rng.uniform(size=ROUNDS) < truth[rows, action, position]).astype(np.float64),
        "action": action,
        "position": position,
        "logger": logger,
        "logging": logging,
        "loggers": loggers,
        "target": _policy(rng),
        "certain": best,
        "q": np.clip(truth + rng.normal(scale=0.1, size=truth.shape), 0.0, 1.0),
        "likelihoods": likelihoods,
        "codes": np.array(codes),
    }


def propensity(case: Arrays) -> NDArray[np.float64]:
    """The propensity (m,) of what was shown."""
    found: NDArray[np.float64] = case["logging"][
        np.arange(len(case["action"])), case["action"], case["position"]
    ]
    return found


def _policy(rng: np.random.RandomState) -> NDArray[np.float64]:
    return rng.dirichlet(np.ones(ACTIONS), size=(ROUNDS, POSITIONS)).transpose(0, 2, 1)
