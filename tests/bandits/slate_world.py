"""Pages few enough to list, drawn by anchored mixtures, with rewards of a known structure.

Three contexts, each with its own feasible pages and policies. The target is another model: another anchor,
other probabilities and less exploration. So every probability, and the target's value, is known exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import permutations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bandits.ope.cascade_model import SlotFeatures
from bandits.ope.page_support import PageSupport
from bandits.ope.pseudo_inverse import pseudo_inverse_weights
from bandits.ope.rounds import Column
from bandits.ope.slates import SlateRounds, Table
from bandits.page import AnchoredMixture
from bandits.types import Page, Probabilities
from tests.bandits.listed import ListedPages

SHELVES, SLOTS, CONTEXTS = 6, 3, 3
Structure = Literal["independent", "cascade", "interacting"]
"""What a slot's reward depends on: its own shelf; also those above; the whole page."""

STRUCTURES: tuple[Structure, ...] = ("independent", "cascade", "interacting")


@dataclass(frozen=True, slots=True, eq=False)
class SlateWorld:
    """P pages over all contexts; `logging` and `target` (P,) are probabilities given the context.

    `pages` (P, K), `context` (P,), prefix and slot probabilities and `mean_reward` (P, K).
    """

    pages: NDArray[np.int64]
    context: NDArray[np.int64]
    logging: Probabilities
    target: Probabilities
    prefix_logging: Table
    prefix_target: Table
    slot_logging: Table
    slot_target: Table
    mean_reward: Table

    @property
    def visits(self) -> Probabilities:
        """How often each page is logged (P,), summing to 1."""
        return self.logging / CONTEXTS

    @property
    def truth(self) -> float:
        """The target's true value."""
        return float(self.target @ self.mean_reward.sum(axis=1)) / CONTEXTS

    def rounds(self, rows: NDArray[np.int64], slot_reward: Table) -> SlateRounds:
        """The pages in these rows with these rewards."""
        return SlateRounds(
            slot_reward=slot_reward,
            propensity=self.logging[rows],
            prefix_propensity=self.prefix_logging[rows],
            target=self.target[rows],
            prefix_target=self.prefix_target[rows],
            slot_propensity=self.slot_logging[rows],
            slot_target=self.slot_target[rows],
        )

    def every_page(self) -> SlateRounds:
        """Each page once, with its mean reward: weigh with `visits` for exact expectations."""
        return self.rounds(np.arange(len(self.pages)), self.mean_reward)

    def log(self, m: int, rng: np.random.Generator) -> Log:
        """m logged pages with clicks."""
        rows = rng.choice(len(self.pages), size=m, p=self.visits)
        clicks = rng.random((m, SLOTS)) < self.mean_reward[rows]
        return Log(self, rows, self.rounds(rows, clicks.astype(np.float64)))


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """Logged pages: their `rows` in the world (m,), and the rounds."""

    world: SlateWorld
    rows: NDArray[np.int64]
    rounds: SlateRounds


@cache
def world(structure: Structure, seed: int = 0) -> SlateWorld:
    """The world of this structure: pages and policies of a seed are the same in each."""
    rng = np.random.default_rng(seed)
    parts = [_context(structure, index, rng) for index in range(CONTEXTS)]
    return SlateWorld(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _context(structure: Structure, index: int, rng: np.random.Generator) -> tuple[NDArray[np.generic], ...]:
    listed = list(permutations(range(SHELVES), SLOTS))
    feasible = tuple(listed[i] for i in np.sort(rng.choice(len(listed), 30, replace=False)))
    logging = _probabilities(_policy(feasible, 0.9, 0.5, rng), feasible)
    target = _probabilities(_policy(feasible, 0.6, 0.3, rng), feasible)
    pages = np.array(feasible, dtype=np.int64)
    return (
        pages,
        np.full(len(pages), index),
        logging,
        target,
        *(_totals(pages, each, _same_prefix) for each in (logging, target)),
        *(_totals(pages, each, _same_shelf) for each in (logging, target)),
        _mean_reward(pages, structure, rng),
    )


def _policy(
    feasible: tuple[Page, ...], epsilon: float, floor: float, rng: np.random.Generator
) -> AnchoredMixture:
    anchor = feasible[int(rng.integers(len(feasible)))]
    return AnchoredMixture(
        anchor, rng.dirichlet(np.full(SHELVES, 3.0)), ListedPages(feasible, SHELVES), epsilon, floor
    )


def _probabilities(policy: AnchoredMixture, feasible: tuple[Page, ...]) -> Probabilities:
    return np.array([policy.probability(page) for page in feasible])


def _same_prefix(pages: NDArray[np.int64]) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = np.logical_and.accumulate(_same_shelf(pages), axis=2)
    return same


def _same_shelf(pages: NDArray[np.int64]) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = pages[:, None, :] == pages[None, :, :]
    return same


def _totals(
    pages: NDArray[np.int64],
    probabilities: Probabilities,
    same: Callable[[NDArray[np.int64]], NDArray[np.bool_]],
) -> Table:
    totals: Table = np.einsum("pqk,q->pk", same(pages).astype(np.float64), probabilities)
    return np.minimum(totals, 1.0)


def _mean_reward(pages: NDArray[np.int64], structure: Structure, rng: np.random.Generator) -> Table:
    """Click rates (P, K): of the shelf and slot alone, then damped by attractive shelves above or around."""
    own, pull = rng.uniform(0.1, 0.9, (SLOTS, SHELVES)), rng.uniform(0.0, 0.9, SHELVES)
    rates: Table = own[np.arange(SLOTS), pages]
    damping = 1.0 - pull[pages]
    if structure == "cascade":
        above = np.concatenate((np.ones((len(pages), 1)), damping[:, :-1].cumprod(axis=1)), axis=1)
        rates = rates * above
    if structure == "interacting":
        rates = rates * damping.prod(axis=1, keepdims=True) / damping
    return rates


def features_of(here: SlateWorld, rows: NDArray[np.int64] | None = None) -> SlotFeatures:
    """Indicators of the shelf and context of each slot, and their exact mean over the target's choice."""
    at = np.arange(len(here.pages)) if rows is None else rows
    shown, expected = _choices(here)
    return SlotFeatures(shown[at], expected[at])


@cache
def _choices(here: SlateWorld) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(P, K, contexts · shelves) each: the shelf of each page's slots, and the target's distribution."""
    shown = np.eye(CONTEXTS * SHELVES)[here.context[:, None] * SHELVES + here.pages]
    likely = np.where(here.context[:, None] == here.context[None, :], here.target, 0.0)
    above = np.concatenate(
        (np.ones((len(here.pages),) * 2 + (1,)), _same_prefix(here.pages)[:, :, :-1]), axis=2
    )
    mass = np.einsum("pq,pqk,qkd->pkd", likely, above, shown)
    total = mass.sum(axis=2, keepdims=True)
    return shown, np.divide(mass, total, out=np.zeros(mass.shape), where=total > 0.0)


def support_of(here: SlateWorld, context: int) -> PageSupport:
    """Every page of a context."""
    rows = here.context == context
    pages = tuple(tuple(page) for page in here.pages[rows].tolist())
    return PageSupport(pages, here.logging[rows], here.target[rows])


@cache
def exact_weights(here: SlateWorld) -> Column:
    """The pseudo-inverse weight of every page (P,)."""
    return np.concatenate(
        [pseudo_inverse_weights(support_of(here, context)).weights for context in range(CONTEXTS)]
    )
