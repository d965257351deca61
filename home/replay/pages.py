"""Logged pages with their insides as slate rounds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bandits.ope.slates import SlateRounds
from bandits.rewards import ShelfOutcome
from bandits.types import Probabilities
from home.records import DecisionRecord
from home.replay.interior import Interior, interior_of, look, padded
from home.replay.laws import Laws


@dataclass(frozen=True, slots=True, eq=False)
class LoggedPage:
    """A decision with an exact propensity, and what became of each of its shelves, top slot first."""

    record: DecisionRecord
    outcomes: tuple[ShelfOutcome, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Studied:
    """Slate rounds with everything that page estimators can ask for."""

    rounds: SlateRounds
    interior: Interior


def studied(pages: Iterable[tuple[LoggedPage, Laws]], rng: np.random.Generator) -> Studied:
    """The pages with the distributions that they came from, and that a target would have drawn from.

    Raises ValueError without a page.
    """
    logged, targets, insides = [], [], []
    for page, laws in pages:
        logged.append(page)
        targets.append(laws.target.prefixes(page.record.page))
        insides.append(look(page.record, laws, rng))
    if not logged:
        raise ValueError("no pages: nothing can be estimated from an empty log")
    interior = interior_of(insides, max(len(page.outcomes) for page in logged))
    return Studied(interior.within(_rounds(logged, targets)), interior)


def _rounds(logged: Sequence[LoggedPage], targets: Sequence[Probabilities]) -> SlateRounds:
    lengths = np.array([len(page.outcomes) for page in logged])
    slots, listeners = int(lengths.max()), [page.record.listener_id for page in logged]
    rewards = [np.array([one.reward * one.examined for one in page.outcomes]) for page in logged]
    examined = [np.array([float(one.examined) for one in page.outcomes]) for page in logged]
    prefixes = [np.cumprod(np.array(page.record.conditionals)) for page in logged]
    return SlateRounds(
        slot_reward=padded(rewards, slots),
        propensity=np.array([each[-1] for each in prefixes]),
        prefix_propensity=padded(prefixes, slots),
        target=np.array([each[-1] for each in targets]),
        prefix_target=padded(targets, slots),
        filled=np.arange(slots) < lengths[:, None],
        examined=padded(examined, slots) > 0.0,
        group=np.unique(listeners, return_inverse=True)[1],
    )
