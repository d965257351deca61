"""obp's bootstrap intervals of IPS, SNIPS and DR, timed; runs in obp's environment: ROUNDS SEED RESAMPLES."""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import Any

import numpy as np
from obp import ope

ACTIONS = 10


def rounds(m: int, seed: int) -> dict[str, Any]:
    """The rounds that `bench_ope` makes, in obp's terms."""
    rng = np.random.default_rng(seed)
    weights = rng.exponential(size=(2, m, ACTIONS))
    logging, target = weights / weights.sum(axis=2, keepdims=True)
    action = (rng.random((m, 1)) > logging.cumsum(axis=1)).sum(axis=1).clip(max=ACTIONS - 1)
    return {
        "reward": (rng.random(m) < 0.05).astype(np.float64),
        "action": action,
        "pscore": logging[np.arange(m), action],
        "action_dist": target[:, :, None],
        "estimated_rewards_by_reg_model": np.full((m, ACTIONS, 1), 0.05),
        "position": np.zeros(m, dtype=int),
    }


if __name__ == "__main__":
    m, seed, resamples = (int(argument) for argument in sys.argv[1:])
    log = rounds(m, seed)
    started = time.perf_counter()
    found = {
        name: estimator.estimate_interval(**log, n_bootstrap_samples=resamples, random_state=seed)
        for name, estimator in (
            ("ips", ope.InverseProbabilityWeighting()),
            ("snips", ope.SelfNormalizedInverseProbabilityWeighting()),
            ("dr", ope.DoublyRobust()),
        )
    }
    seconds = time.perf_counter() - started
    bounds = {name: [one["95.0% CI (lower)"], one["95.0% CI (upper)"]] for name, one in found.items()}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    json.dump({"seconds": seconds, "peak_mib": peak, "intervals": bounds}, sys.stdout)
