"""What a page brings in expectation, exactly: no draws, no Monte Carlo error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from bandits.rewards import RewardFormula, shelf_rewards
from bandits.types import EventKind, RewardEvent
from home.simulate.encounter import Encounter, patience
from home.simulate.parameters import Dismissal, ListenerParameters, Response
from home.simulate.truth import Probabilities
from layout.types import Grid

_PLAYED = (EventKind.IMPRESSION, EventKind.CLICK, EventKind.PLAY)
_LISTENED = (*_PLAYED, EventKind.PLAY_30S)
_OUTCOMES: tuple[tuple[EventKind, ...], ...] = (
    (EventKind.IMPRESSION, EventKind.CLICK),
    (*_PLAYED, EventKind.SKIP),
    _LISTENED,
    (*_LISTENED, EventKind.SAVE),
    (EventKind.IMPRESSION, EventKind.DISMISS),
    (EventKind.IMPRESSION,),
)
"""Everything that can happen to a shelf which is looked at."""

_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Expectation:
    """Expected numbers of one page: shelves clicked, page reward, and shelves looked at."""

    clicks: float
    reward: float
    looked_at: float


def expectation(
    met: Encounter, grid: Grid, parameters: ListenerParameters, worth: tuple[float, ...]
) -> Expectation:
    """Exact expectation of a page met slot by slot, over intents, patience and every response.

    With e_k the examination of slot k, a_k the probability that its shelf attracts and s_k the probability
    that a click there ends in 30 seconds of play, slot k is looked at with probability r_k: r_1 = e_1 and
    r_{k+1} = r_k · e_{k+1} / e_k · (1 − a_k · s_k · leave). The clicks are Σ r_k a_k, the reward the same sum
    with each outcome's `worth`.
    """
    response = parameters.response
    leaves = response.leave * response.play * met.listens_if_played
    stays = np.ones_like(met.attraction)
    stays[:, 1:] = np.cumprod(1.0 - met.attraction * leaves, axis=1)[:, :-1]
    looks = patience(grid)[: stays.shape[1]] * stays
    return Expectation(
        clicks=_total(met, looks * met.attraction),
        reward=_total(met, looks * _rewards(met, parameters, worth)),
        looked_at=_total(met, looks),
    )


def reward_if_seen(met: Encounter, parameters: ListenerParameters, worth: tuple[float, ...]) -> Probabilities:
    """The expected reward (n,) of each shelf given that it is looked at, over all intents; exact."""
    expected: Probabilities = met.intents @ _rewards(met, parameters, worth)
    return expected


def outcome_worth(formula: RewardFormula) -> tuple[float, ...]:
    """What each outcome is worth, by the very function that rewards real feedback."""
    return tuple(_worth(formula, kinds) for kinds in _OUTCOMES)


def _worth(formula: RewardFormula, kinds: tuple[EventKind, ...]) -> float:
    events = [
        RewardEvent(kind, "", kind, "shelf", _ANY_TIME + timedelta(microseconds=order))
        for order, kind in enumerate(kinds)
    ]
    return shelf_rewards(formula, _ANY_TIME, ["shelf"], events)[0].reward


def _rewards(met: Encounter, parameters: ListenerParameters, worth: tuple[float, ...]) -> Probabilities:
    """The expected reward (I, n) under each intent, given that the shelf is looked at."""
    outcomes = _outcomes(met, parameters.response, parameters.dismissal)
    total: Probabilities = np.sum([p * value for p, value in zip(outcomes, worth, strict=True)], axis=0)
    return total


def _outcomes(met: Encounter, response: Response, dismissal: Dismissal) -> Iterator[Probabilities]:
    """Probabilities (I, n) of each of `_OUTCOMES`, given that the shelf is looked at."""
    a, listens = met.attraction, response.play * met.listens_if_played
    dismissed = (1.0 - a) * np.where(a < dismissal.below, dismissal.rate, 0.0)
    yield a * (1.0 - response.play)
    yield a * (response.play - listens)
    yield a * listens * (1.0 - response.save)
    yield a * listens * response.save
    yield dismissed
    yield 1.0 - a - dismissed


def _total(met: Encounter, by_slot: Probabilities) -> float:
    return float(met.intents @ by_slot.sum(axis=1))
