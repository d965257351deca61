"""A world whose policies' values are known exactly: listeners of eight kinds, six shelves in three genres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, softmax

from bandits.ope.actions import ActionRounds, Indices, Table
from bandits.ope.multi_logger import LoggedBySeveral

KINDS, ACTIONS, GENRES = 8, 6, 3


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """`rates` (kinds, actions): click rates. `loggers` (K, kinds, actions) and `target` (kinds, actions):
    policies. `genre` (actions,): what shelves have in common. `features` (kinds, 3): what a log shows of a
    kind."""

    rates: Table
    loggers: Table
    target: Table
    genre: Indices
    features: Table

    @property
    def truth(self) -> float:
        """The value of the target policy; kinds are equally frequent."""
        return float((self.target * self.rates).sum(axis=1).mean())

    def log(
        self, m: int, rng: np.random.Generator, loggers: int = 1
    ) -> tuple[ActionRounds, Table, LoggedBySeveral]:
        """m rounds by the first `loggers` policies in turn, with the distribution (m, n) that drew each."""
        kind, rows = rng.integers(KINDS, size=m), np.arange(m)
        logger = rows % loggers
        logging = self.loggers[logger, kind]
        action = (rng.random((m, 1)) > logging.cumsum(axis=1)).sum(axis=1).clip(max=ACTIONS - 1)
        rounds = ActionRounds(
            reward=(rng.random(m) < self.rates[kind, action]).astype(np.float64),
            action=action,
            propensity=logging[rows, action],
            target=self.target[kind],
            context=self.features[kind],
        )
        shown = self.loggers[:loggers, kind, action].T
        return rounds, logging, LoggedBySeveral(logger, shown)


def make_world(seed: int, by_genre: bool = False) -> World:
    """A seeded world; with `by_genre` shelves of one genre earn the same."""
    rng = np.random.default_rng(seed)
    genre = np.arange(ACTIONS) % GENRES
    features = rng.normal(size=(KINDS, 3))
    effects = rng.normal(size=(3, ACTIONS))
    taste = effects[:, genre] if by_genre else effects
    rates = expit(features @ taste - 0.5 + 0.5 * rng.normal(size=ACTIONS)[genre if by_genre else ...])
    return World(
        rates,
        softmax(0.6 * rng.normal(size=(2, KINDS, ACTIONS)), axis=2),
        softmax(2.0 * rates + 0.5 * rng.normal(size=(KINDS, ACTIONS)), axis=1),
        genre,
        features,
    )
