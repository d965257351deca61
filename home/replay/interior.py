"""Looking into logged pages: what estimators need of a page beyond its own probability and its beginnings'.

What shelves do in a slot whatever is above them, a reward model's means over the target's choices, and the
pseudo-inverse need the whole distributions of both policies, so each decision is put together again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bandits.ope.cascade_model import SlotFeatures
from bandits.ope.rounds import Column
from bandits.ope.slates import SlateRounds, Table
from bandits.types import Probabilities
from home.configuration import Setup
from home.errors import NotExplainableError
from home.records import DecisionRecord
from home.replay.laws import Laws, laws_of
from home.replay.targets import PageTarget, Target
from home.replay.what_if import WhatIf


@dataclass(frozen=True, slots=True, eq=False)
class Inside:
    """One page of k slots under one target.

    `slot_propensity`, `slot_target` (k,): probability of each shelf in its slot. `shown`, `expected` (k, d):
    features of the shelves, and their mean over the target's choices below the shelves above. `weight`: of
    the pseudo-inverse; `missing`: the share of the target that it cannot express. `exact`: whether every page
    was listed; where not, slot probabilities and the weight are estimates.
    """

    slot_propensity: Probabilities
    slot_target: Probabilities
    shown: Table
    expected: Table
    weight: float
    missing: float
    exact: bool


@dataclass(frozen=True, slots=True, eq=False)
class Interior:
    """The insides of m pages of up to K slots, as columns: (m, K), (m, K, d), and (m,) from `weights` on."""

    slot_propensity: Table
    slot_target: Table
    features: SlotFeatures
    weights: Column
    missing: Column
    exact: NDArray[np.bool_]

    def within(self, rounds: SlateRounds) -> SlateRounds:
        """The pages with the probabilities of shelves in slots as well."""
        return replace(rounds, slot_propensity=self.slot_propensity, slot_target=self.slot_target)


def look(record: DecisionRecord, laws: Laws, rng: np.random.Generator) -> Inside:
    """Look into a logged page; `rng` draws pages where there are too many to list."""
    page, listing = record.page, laws.listing(record.page, rng)
    return Inside(
        slot_propensity=listing.in_slots(listing.support.logging, page),
        slot_target=listing.in_slots(listing.support.target, page),
        shown=_features(record, np.eye(len(record.options))[list(page)]),
        expected=_features(record, laws.target.choices(page)),
        weight=listing.weight(page),
        missing=listing.weighed.missing,
        exact=listing.support.exact,
    )


@dataclass(frozen=True, slots=True)
class Looking:
    """Looks into a page for a target; `setup_of` gives the rulebook and grid of a decision.

    Where there are more than `limit` pages, `draws` of them from each distribution stand for all, seeded by
    `seed` and the decision. Raises NotExplainableError where a decision cannot be put together again.
    """

    setup_of: Callable[[DecisionRecord], Setup]
    limit: int = 5000
    draws: int = 1000
    seed: int = 0

    def __call__(self, record: DecisionRecord, target: PageTarget) -> Inside:
        """The inside of the record's page."""
        if isinstance(target, Target):
            target = WhatIf(target.name, self.setup_of, epsilon=target.epsilon)
        if not isinstance(target, WhatIf):
            raise NotExplainableError(record.id, f"target {target.name} gives no distribution over pages")
        laws = replace(laws_of(record, target), limit=self.limit, draws=self.draws)
        return look(record, laws, np.random.default_rng([self.seed, record.seed]))


def interior_of(pages: Sequence[Inside], slots: int) -> Interior:
    """The columns of at least one page, padded to `slots`."""
    return Interior(
        slot_propensity=padded([page.slot_propensity for page in pages], slots),
        slot_target=padded([page.slot_target for page in pages], slots),
        features=SlotFeatures(
            padded([page.shown for page in pages], slots), padded([page.expected for page in pages], slots)
        ),
        weights=np.array([page.weight for page in pages]),
        missing=np.array([page.missing for page in pages]),
        exact=np.array([page.exact for page in pages], dtype=np.bool_),
    )


def padded(rows: Sequence[NDArray[np.float64]], slots: int) -> NDArray[np.float64]:
    """Rows of different lengths as a table (m, slots, …) that ends in 0."""
    table = np.zeros((len(rows), slots, *rows[0].shape[1:]))
    for at, row in enumerate(rows):
        table[at, : len(row)] = row
    return table


def _features(record: DecisionRecord, choices: Table) -> Table:
    """(K, d) for shelves that are in the slots with these probabilities (K, n), below those of the page.

    A constant; the predicted reward of the shelf, if examined and as it stands; the same summed over the
    shelves above; over those of the anchor below; and whether the shelves above are the anchor's.
    """
    slots = np.arange(len(record.page))
    values = record.values if record.values.ndim == 2 else np.repeat(record.values[:, None], len(slots), 1)
    examined = np.array(record.examination[: len(slots)])
    mine, anchors = (examined * values[list(page), slots] for page in (record.page, record.anchor))
    here = np.einsum("kn,nk->k", choices, values[:, : len(slots)])
    above = np.concatenate(([0.0], np.cumsum(mine)[:-1]))
    below = anchors[::-1].cumsum()[::-1] - anchors
    agrees = np.logical_and.accumulate(np.equal(record.page, record.anchor))
    known = np.concatenate(([1.0], agrees[:-1]))
    return np.column_stack((np.ones(len(slots)), here, examined * here, above, below, known))
