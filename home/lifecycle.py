"""The life of a model after it was published: candidate, shadow, canary, live, retired.

    candidate ──► shadow ──► canary ──► live ──► retired ──► live (rollback)
        └───────────┴──────────┴────────────────────▲

A step may skip states. One model at a time is shadow, one canary, one live; the one that goes live retires
the one before. Every step is recorded with who took it and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.orm import Session

from home.errors import HomeError
from home.store import models
from home.store.models import ModelSummary, State, Transition

STEPS: Mapping[State, tuple[State, ...]] = MappingProxyType(
    {
        State.CANDIDATE: (State.SHADOW, State.CANARY, State.LIVE),
        State.SHADOW: (State.CANARY, State.LIVE),
        State.CANARY: (State.CANARY, State.LIVE),
        State.LIVE: (),
        State.RETIRED: (),
    }
)
"""Where `promote` may take a model from each state. A canary may become one of another share."""


class LifecycleError(HomeError):
    """A step that a model cannot take."""


@dataclass(frozen=True, slots=True)
class Step:
    """Who takes a step, when and why."""

    actor: str
    reason: str
    at: datetime


def model_of(session: Session, version: int) -> ModelSummary:
    """A model by version. Raises LifecycleError for an unknown one."""
    found = models.summary(session, version)
    if found is None:
        known = models.newest_version(session)
        raise LifecycleError(f"model {version} does not exist; versions run from 1 to {known or 0}")
    return found


def next_state(state: State) -> State:
    """The state that follows in the usual order. Raises LifecycleError where `promote` leads nowhere."""
    if not STEPS[state]:
        way = "roll back to it with `home models rollback`" if state is State.RETIRED else "it serves already"
        raise LifecycleError(f"a {state} model cannot be promoted: {way}")
    return STEPS[state][0] if state is not State.CANARY else State.LIVE


def promote(session: Session, version: int, to: State, step: Step, share: float = 0.0) -> None:
    """Take a model to another state; the caller commits.

    `share` in (0, 1) is that of a canary. Raises LifecycleError for an unknown model, a step that it cannot
    take, or a state that another model is in.
    """
    models.lock(session)
    model = model_of(session, version)
    if to not in STEPS[model.state]:
        possible = ", ".join(STEPS[model.state]) or "no other state"
        raise LifecycleError(f"model {version} is {model.state}: it can become {possible}, not {to}")
    if to is State.CANARY and not 0.0 < share < 1.0:
        raise LifecycleError(f"share = {share}: a canary serves a share of the listeners between 0 and 1")
    if to is State.LIVE:
        _make_way(session, step, f"model {version} took its place")
    elif others := [v for v in models.in_state(session, to) if v != version]:
        raise LifecycleError(f"model {others[0]} is the {to}: retire it first with `home models retire`")
    _move(session, model, to, step, share if to is State.CANARY else 0.0)


def retire(session: Session, version: int, step: Step) -> None:
    """Give up a model that is not live; the caller commits. Raises LifecycleError for any other."""
    models.lock(session)
    model = model_of(session, version)
    if model.state in (State.LIVE, State.RETIRED):
        way = "promote or roll back to another one first" if model.state is State.LIVE else "nothing to do"
        raise LifecycleError(f"model {version} is {model.state}: {way}")
    _move(session, model, State.RETIRED, step, 0.0)


def rollback(session: Session, step: Step, version: int | None = None) -> int:
    """Make a retired model live again and return its version; the caller commits.

    By default it is the last one before the live model that has been live. Raises LifecycleError when there
    is none, when `version` is not retired, or when its data is no longer kept.
    """
    models.lock(session)
    target = _target(session) if version is None else model_of(session, version)
    if target.state is not State.RETIRED:
        raise LifecycleError(
            f"model {target.version} is {target.state}: only retired models are rolled back to"
        )
    if not target.stored:
        raise LifecycleError(
            f"the data of model {target.version} is no longer kept: choose a newer one, and raise"
            " HOME_KEEP_MODELS to keep more"
        )
    _make_way(session, step, f"rolled back to model {target.version}")
    _move(session, target, State.LIVE, step, 0.0)
    return target.version


def _target(session: Session) -> ModelSummary:
    live = models.in_state(session, State.LIVE)
    found = models.last_live(session, before=live[0] if live else None)
    if found is None:
        raise LifecycleError("no earlier model that has been live is kept: there is nothing to roll back to")
    return model_of(session, found)


def _make_way(session: Session, step: Step, reason: str) -> None:
    for version in models.in_state(session, State.LIVE):
        retired = Transition(version, step.at, State.LIVE, State.RETIRED, 0.0, step.actor, reason)
        models.move(session, retired)


def _move(session: Session, model: ModelSummary, to: State, step: Step, share: float) -> None:
    taken = Transition(model.version, step.at, model.state, to, share, step.actor, step.reason)
    if not models.move(session, taken):
        raise LifecycleError(f"model {model.version} changed its state meanwhile: look and try again")
