"""Moving a model towards live, with the evidence that the last step needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.policy import Policy
from home.db import writing
from home.errors import HomeError
from home.evidence import Evidence, beats
from home.lifecycle import LifecycleError, Step, model_of, next_state
from home.lifecycle import promote as take
from home.registry import LiveModel, NoModelError, restore
from home.store import models
from home.store.models import State

Judge = Callable[[LiveModel, LiveModel], tuple[Evidence, ...]]
"""What the log says of a candidate against the live model."""


class PromotionRefusedError(HomeError):
    """The evidence does not carry a model to live."""

    def __init__(self, version: int, evidence: tuple[Evidence, ...]) -> None:
        super().__init__(
            f"model {version} does not go live: the log does not show that it is better. "
            f"{'. '.join(map(in_words, evidence))}. Let it serve longer as a canary, or promote it with "
            "--force --reason TEXT, which is recorded"
        )
        self.evidence = evidence


@dataclass(frozen=True, slots=True)
class Promotion:
    """What was done: the move, the evidence it rests on, and whether it was `forced` against it."""

    version: int
    before: State
    after: State
    evidence: tuple[Evidence, ...]
    forced: bool


def promote(
    engine: Engine,
    version: int,
    *,
    load: Callable[[bytes], Policy],
    judge: Judge,
    now: datetime,
    who: str,
    why: str = "",
    share: float = 0.1,
    force: bool = False,
) -> Promotion:
    """Take a model one state on: from candidate to shadow, canary (with `share` of listeners), and live.

    A model that cannot be loaded goes nowhere. The last step needs evidence that `beats` accepts, or `force`
    with a reason `why`. Raises PromotionRefusedError, LifecycleError, and what loading raises.
    """
    candidate, before, live = _loaded(engine, version, load)
    after = next_state(before)
    if force and not why.strip():
        raise LifecycleError("reason is empty: a forced promotion says why, with --reason TEXT")
    evidence = judge(candidate, live) if after is State.LIVE else ()
    convinced = after is not State.LIVE or beats(evidence)
    if not convinced and not force:
        raise PromotionRefusedError(version, evidence)
    told = ". ".join([why or "promoted", *map(in_words, evidence)])
    reason = told if convinced else f"forced: {told}"
    with writing(engine) as session:
        take(session, version, after, Step(who, reason, now), share)
    return Promotion(version, before, after, evidence, forced=not convinced)


def in_words(evidence: Evidence) -> str:
    """One piece of evidence as a sentence without its full stop."""
    if evidence.difference is None:
        return f"By {evidence.kind}: {evidence.why}"
    one = evidence.difference
    trust = "" if evidence.trusted else ", which is not to be trusted"
    return (
        f"By {evidence.kind}: {one.value:+.4f} reward per page [{one.low:+.4f}, {one.high:+.4f}] on "
        f"{evidence.decisions} decisions{trust} ({evidence.why})"
    )


def _loaded(
    engine: Engine, version: int, load: Callable[[bytes], Policy]
) -> tuple[LiveModel, State, LiveModel]:
    with Session(engine) as session:
        state = model_of(session, version).state
        next_state(state)
        model, live = models.get(session, version), models.live(session)
    if model is None or live is None:
        raise NoModelError
    return (
        LiveModel(version, restore(model, load)),
        state,
        LiveModel(live.version, restore(live, load)),
    )
