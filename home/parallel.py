"""A batch of lessons shared among processes, for learners that can merge what each has learned."""

from __future__ import annotations

from collections.abc import Sequence

from bandits.policies.deltas import learn_in_parallel
from bandits.policies.vw import VwPolicy
from bandits.policy import Policy
from bandits.types import Example
from home.errors import ConfigurationError


def teach_in_parallel(policy: Policy, examples: Sequence[Example], *, workers: int) -> Policy:
    """The policy that has learned a batch on `workers` processes.

    Raises ConfigurationError for a policy whose models cannot be merged.
    """
    if not isinstance(policy, VwPolicy):
        raise ConfigurationError(
            f"--workers {workers}: models of policy {policy.name!r} cannot be merged; use --workers 1"
        )
    return learn_in_parallel(policy, examples, workers)
