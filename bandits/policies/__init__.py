"""Policies, one per file, and the registry that builds them by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from bandits.policies.epsilon_greedy import EpsilonGreedyConfig, EpsilonGreedyPolicy
from bandits.policies.fixed import FixedPolicy
from bandits.policies.linear import LinearConfig
from bandits.policies.lints import LinTsPolicy
from bandits.policies.linucb import LinUcbPolicy
from bandits.policies.uniform import UniformPolicy
from bandits.policies.vw import VwConfig, VwPolicy
from bandits.policies.vw_bag import VwBagConfig, VwBagPolicy
from bandits.policies.vw_ccb import VwCcbConfig, VwCcbPolicy
from bandits.policies.vw_cover import VwCoverConfig, VwCoverPolicy
from bandits.policies.vw_epsilon import VwEpsilonConfig, VwEpsilonPolicy
from bandits.policies.vw_regcb import VwRegCbConfig, VwRegCbPolicy
from bandits.policies.vw_squarecb import VwSquareCbConfig, VwSquareCbPolicy
from bandits.policy import Policy
from bandits.snapshot import unpack

__all__ = ["POLICIES", "FixedPolicy", "PolicyFactory", "UniformPolicy", "VwConfig", "VwPolicy", "build"]

Options = Mapping[str, Any]
PolicyFactory = Callable[[Options, bytes | None], Policy]
"""Options by name, and a snapshot or None, to a policy."""

PolicyEntry = tuple[str, PolicyFactory]

_NO_OPTIONS: Options = MappingProxyType({})


def _uniform(options: Options, snapshot: bytes | None) -> Policy:
    _check_options(UniformPolicy, options)
    if snapshot is not None:
        unpack(snapshot, UniformPolicy.name, {})
    return UniformPolicy()


def _fixed(options: Options, snapshot: bytes | None) -> Policy:
    _check_options(FixedPolicy, options)
    policy = FixedPolicy(**options)
    if snapshot is not None:
        unpack(snapshot, policy.name, {"by": policy.by})
    return policy


def _configured(name: str, config: type[Any], make: Callable[[Any, bytes | None], Policy]) -> PolicyEntry:
    """A policy that is made from a config dataclass and a snapshot."""

    def factory(options: Options, snapshot: bytes | None) -> Policy:
        _check_options(config, options)
        try:
            chosen = config(**options)
        except TypeError as error:
            raise ValueError(f"options of {name}: {error}; give each the type of its default") from error
        return make(chosen, snapshot)

    return name, factory


POLICIES: Mapping[str, PolicyFactory] = MappingProxyType(
    dict(
        [
            (UniformPolicy.name, _uniform),
            (FixedPolicy.name, _fixed),
            _configured(EpsilonGreedyPolicy.name, EpsilonGreedyConfig, EpsilonGreedyPolicy),
            _configured(VwPolicy.name, VwConfig, VwPolicy),
            _configured(VwEpsilonPolicy.name, VwEpsilonConfig, VwEpsilonPolicy),
            _configured(VwBagPolicy.name, VwBagConfig, VwBagPolicy),
            _configured(VwCoverPolicy.name, VwCoverConfig, VwCoverPolicy),
            _configured(VwSquareCbPolicy.name, VwSquareCbConfig, VwSquareCbPolicy),
            _configured(VwRegCbPolicy.name, VwRegCbConfig, VwRegCbPolicy),
            _configured(VwCcbPolicy.name, VwCcbConfig, VwCcbPolicy),
            _configured(LinUcbPolicy.name, LinearConfig, LinUcbPolicy),
            _configured(LinTsPolicy.name, LinearConfig, LinTsPolicy),
        ]
    )
)
"""Every policy by name. A policy that is added here must pass the contract battery."""


def build(name: str, options: Options = _NO_OPTIONS, snapshot: bytes | None = None) -> Policy:
    """The policy `name` with these options, fresh or read back from a snapshot.

    Raises ValueError for an unknown name or option, an option out of range, or a snapshot that was made by
    another policy or with other options.
    """
    if name not in POLICIES:
        raise ValueError(f"policy {name!r} is not known; use one of {', '.join(POLICIES)}")
    return POLICIES[name](options, snapshot)


def _check_options(config: type[Any], options: Options) -> None:
    known = [field.name for field in fields(config)]
    for name in options:
        if name not in known:
            raise ValueError(f"option {name!r} is not known; use one of {', '.join(known) or 'none'}")
