"""Targets as people write them, such as epsilon=0.1, model:7 or policy:uniform."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bandits.policies import FixedPolicy, UniformPolicy, build
from bandits.policy import Policy
from home.configuration import Setup
from home.errors import ConfigurationError
from home.records import DecisionRecord
from home.replay.row_targets import Given, Greedy, Logged, RowTarget, Uniform
from home.replay.targets import PageTarget, Target
from home.replay.what_if import Model, WhatIf
from home.rules.book import load_rulebook

LOGGED, EPSILON, MODEL, POLICY, UNIFORM, GIVEN = "logged", "epsilon", "model", "policy", "uniform", "column"
STATELESS = (UniformPolicy.name, FixedPolicy.name)
PAGE_HELP = (
    "logged; epsilon=SHARE of exploration; model:VERSION of a stored model; policy:NAME, one that does not"
    f" learn ({', '.join(STATELESS)}); joined by commas where they go together, as in model:7,epsilon=0.1"
)
ROW_HELP = (
    "logged; uniform; epsilon=SHARE, what the logging policy preferred with so much exploration; column:NAME,"
    " a policy whose probabilities are in the log"
)


@dataclass(frozen=True, slots=True)
class Context:
    """What page targets are made with: how to find a decision's setup, and a model by its version."""

    setup_of: Callable[[DecisionRecord], Setup]
    model: Callable[[int], Policy]
    draws: int = 4
    seed: int = 0


def page_targets(specs: Sequence[str], rulebooks: Sequence[Path], context: Context) -> list[PageTarget]:
    """Targets over pages: each of `specs`, and the logged decisions under each of `rulebooks`.

    Raises ConfigurationError naming the target and the fix, and for a rulebook that cannot be read.
    """
    found: list[PageTarget] = [_page_target(spec, context) for spec in specs]
    for path in rulebooks:
        rules = load_rulebook(path).rules
        base = WhatIf(f"rules:{path.name}", context.setup_of, draws=context.draws, seed=context.seed)
        found.append(replace(base, rules=rules))
    return found


def row_targets(specs: Sequence[str], given: Sequence[str]) -> list[RowTarget]:
    """Targets over actions, by default those that are `given` in the log, or else the uniform policy.

    Raises ConfigurationError naming the target and the fix.
    """
    if not specs:
        return [Given(name) for name in given] or [Uniform()]
    return [_row_target(spec) for spec in specs]


def _page_target(spec: str, context: Context) -> PageTarget:
    parts = dict(_part(spec, part) for part in spec.split(","))
    if len(parts) == 1:
        if LOGGED in parts:
            return Target(None)
        if EPSILON in parts:
            return Target(_share(spec, parts[EPSILON]))
    if {MODEL, POLICY} <= parts.keys() or parts.keys() & {LOGGED, UNIFORM, GIVEN}:
        raise _unknown(spec, PAGE_HELP)
    return WhatIf(
        spec,
        context.setup_of,
        model=_model(spec, parts, context),
        epsilon=_share(spec, parts[EPSILON]) if EPSILON in parts else None,
        draws=context.draws,
        seed=context.seed,
    )


def _row_target(spec: str) -> RowTarget:
    name, value = _part(spec, spec)
    if name == LOGGED:
        return Logged()
    if name == UNIFORM:
        return Uniform()
    if name == GIVEN:
        return Given(value)
    if name == EPSILON:
        return Greedy(_share(spec, value))
    raise _unknown(spec, ROW_HELP)


def _part(spec: str, part: str) -> tuple[str, str]:
    for separator, names in (("=", (EPSILON,)), (":", (MODEL, POLICY, GIVEN)), ("", (LOGGED, UNIFORM))):
        name, found, value = part.strip().partition(separator) if separator else (part.strip(), "", "")
        if name in names and bool(value) == bool(separator) and found == separator:
            return name, value
    raise _unknown(spec, f"{PAGE_HELP}; on logs of other systems {ROW_HELP}")


def _model(spec: str, parts: dict[str, str], context: Context) -> Model | None:
    if MODEL in parts:
        try:
            version = int(parts[MODEL])
        except ValueError as error:
            raise ConfigurationError(
                f"target {spec!r}: {parts[MODEL]!r} is no version; `home models list` shows them"
            ) from error
        return Model(context.model(version), version)
    if POLICY in parts:
        name = parts[POLICY]
        if name not in STATELESS:
            raise ConfigurationError(
                f"target {spec!r}: a fresh {name!r} has learned nothing; judge a stored model with"
                f" model:VERSION, how a policy learns with `home replay validate`, or one of"
                f" {', '.join(STATELESS)}"
            )
        return Model(build(name))
    return None


def _share(spec: str, text: str) -> float:
    try:
        return Target(float(text)).epsilon or 0.0
    except ValueError as error:
        raise ConfigurationError(
            f"target {spec!r}: epsilon is {text!r}; give a share between 0 and 1"
        ) from error


def _unknown(spec: str, known: str) -> ConfigurationError:
    return ConfigurationError(f"target {spec!r} is not known here; give {known}")
