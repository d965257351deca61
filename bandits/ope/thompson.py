"""The action distribution of Thompson sampling with Beta posteriors, by simulation."""

from __future__ import annotations

import numpy as np

from bandits.ope.actions import Table
from bandits.ope.rounds import Column

_CHUNK = 10_000


def bernoulli_thompson(
    alpha: Column, beta: Column, positions: int, simulations: int = 100_000, seed: int = 12345
) -> Table:
    """How often each of n actions lands in each position, (n, positions): columns sum to 1.

    A draw ranks actions by θ ~ Beta(`alpha`, `beta`), both (n,), and fills the positions from the largest.
    Probabilities are multiples of 1 / `simulations`, with a standard error of √(p (1 − p) / simulations):
    actions that hardly ever win get 0. Source: Saito, Aihara, Matsutani and Narita, "Open Bandit Dataset and
    Pipeline", NeurIPS 2021, with whose defaults it gives the published digits. Raises ValueError for
    parameters that are not positive, or more positions than actions.
    """
    n = len(alpha)
    if not ((alpha > 0.0).all() and (beta > 0.0).all() and alpha.shape == beta.shape):
        raise ValueError("alpha, beta: must be positive, one of each per action")
    if not 1 <= positions <= n:
        raise ValueError(f"positions = {positions}: must lie between 1 and the {n} actions")
    # The published digits come from this generator, whose stream numpy keeps for good.
    generator = np.random.RandomState(seed)
    counts = np.zeros((n, positions))
    for start in range(0, simulations, _CHUNK):
        theta = generator.beta(alpha, beta, size=(min(_CHUNK, simulations - start), n))
        ranked = np.argsort(-theta, axis=1)[:, :positions]
        for position in range(positions):
            counts[:, position] += np.bincount(ranked[:, position], minlength=n)
    return counts / simulations
