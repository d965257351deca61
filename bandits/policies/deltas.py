"""Learning in parallel: what workers learned from one base model, merged into one model.

Each worker learns its share of a batch from the same base; the difference between its model and the base is
a delta, deltas are merged and the merged one is applied to the base (Vowpal Wabbit's model deltas). Workers
do not see each other's steps, so a merged model differs from one that learned everything in order. It suits
catching up on many decisions; do not use it for small batches, where starting the workers costs more than
learning.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from typing import Any

import vowpal_wabbit_next as vw

from bandits.policies.vw import VwConfig, VwPolicy
from bandits.snapshot import pack, unpack
from bandits.types import Example

_MERGEABLE_BITS = 18
"""vowpal_wabbit_next 0.7 merges deltas in a workspace of the default size."""


def learn_in_parallel(policy: VwPolicy, examples: Sequence[Example], workers: int) -> VwPolicy:
    """A policy that has learned `examples`, dealt in turn to `workers` processes; `policy` stays as it is.

    The answer is the same for the same examples, order and number of workers. ValueError for fewer than one
    worker; an error in a worker is raised here and nothing is learned.
    """
    if workers < 1:
        raise ValueError(f"workers = {workers}: must be at least 1")
    base = policy.snapshot()
    shares = [share for share in (list(examples[i::workers]) for i in range(workers)) if share]
    if not shares:
        return VwPolicy(policy.config, base)
    with ProcessPoolExecutor(len(shares), mp_context=get_context("forkserver")) as pool:
        jobs = [pool.submit(_learn_share, policy.config, base, share) for share in shares]
        derived = [job.result() for job in jobs]
    return VwPolicy(policy.config, merge(policy.config, base, derived))


def merge(config: VwConfig, base: bytes, derived: Sequence[bytes]) -> bytes:
    """The snapshot that has learned what each of the `derived` snapshots learned since `base`.

    ValueError without derived snapshots, for one of another configuration, and for `bits` other than 18.
    """
    if not derived:
        raise ValueError("derived = []: give at least one snapshot learned from the base")
    if len(derived) == 1:
        return derived[0]
    if config.bits != _MERGEABLE_BITS:
        raise ValueError(
            f"bits = {config.bits}: models merge with {_MERGEABLE_BITS} bits only; learn with one worker"
        )
    origin = _workspace(config, base)
    deltas = [vw.calculate_delta(origin, _workspace(config, snapshot)) for snapshot in derived]
    merged = vw.apply_delta(origin, vw.merge_deltas(deltas))
    return pack(VwPolicy.name, asdict(config), merged.serialize())


def _learn_share(config: VwConfig, base: bytes, examples: Sequence[Example]) -> bytes:
    policy = VwPolicy(config, base)
    policy.learn(examples)
    return policy.snapshot()


def _workspace(config: VwConfig, snapshot: bytes) -> vw.Workspace[Any]:
    state = unpack(snapshot, VwPolicy.name, asdict(config))
    return vw.Workspace(config.arguments(), model_data=state)
