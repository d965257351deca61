"""Logged pages as slate rounds, with all that estimators can ask of a page.

What shelves do in a slot whatever is above them, a reward model's means over the target's choices, and the
pseudo-inverse need the whole distributions of both policies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from bandits.ope.cascade_model import SlotFeatures
from bandits.ope.rounds import Column
from bandits.ope.slates import SlateRounds, Table
from bandits.rewards import ShelfOutcome
from home.records import DecisionRecord
from home.replay.laws import Laws
from home.replay.tables import slates_of


@dataclass(frozen=True, slots=True, eq=False)
class LoggedPage:
    """A decision with an exact propensity, and what became of each of its shelves, top slot first."""

    record: DecisionRecord
    outcomes: tuple[ShelfOutcome, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Studied:
    """Slate rounds with everything that page estimators can ask for.

    `features` are for `bandits.ope.cascade_model.fit`, `weights` (m,) those of the pseudo-inverse. `missing`
    (m,): the share of the target that the log's pages cannot express (see `PseudoInverseWeights`). `exact`
    (m,): whether every page was listed; where not, slot probabilities and `weights` are estimates.
    """

    rounds: SlateRounds
    features: SlotFeatures
    weights: Column
    missing: Column
    exact: NDArray[np.bool_]


def studied(pages: Iterable[tuple[LoggedPage, Laws]], rng: np.random.Generator) -> Studied:
    """The pages with the distributions that they came from, and that a target would have drawn from.

    Raises ValueError without a page.
    """
    columns, target = _Columns(), _Ragged()
    slots = _Ragged(), _Ragged()
    shown, expected = _Ragged(), _Ragged()
    weights, missing, exact = [], [], []
    for page, laws in pages:
        record = page.record
        columns.add(page)
        target.add(laws.target.prefixes(record.page))
        listing = laws.listing(record.page, rng)
        for column, p in zip(slots, (listing.support.logging, listing.support.target), strict=True):
            column.add(listing.in_slots(p, record.page))
        weights.append(listing.weight(record.page))
        missing.append(listing.weighed.missing)
        exact.append(listing.support.exact)
        shown.add(slot_features(record, np.eye(len(record.options))[list(record.page)]))
        expected.add(slot_features(record, laws.target.choices(record.page)))
    return Studied(
        rounds=columns.rounds(target, slots),
        features=SlotFeatures(shown.table(), expected.table()),
        weights=np.array(weights),
        missing=np.array(missing),
        exact=np.array(exact),
    )


def slot_features(record: DecisionRecord, choices: Table) -> Table:
    """(K, d) for shelves that are in the slots with these probabilities (K, n), below those of the page.

    A constant; the predicted reward of the shelf, if examined and as it stands; the same summed over the
    shelves above; over those of the anchor below; and whether the shelves above are the anchor's.
    """
    slots = np.arange(len(record.page))
    values = record.values if record.values.ndim == 2 else np.repeat(record.values[:, None], len(slots), 1)
    examined = np.array(record.examination)
    mine, anchors = (examined * values[list(page), slots] for page in (record.page, record.anchor))
    here = np.einsum("kn,nk->k", choices, values[:, : len(slots)])
    above = np.concatenate(([0.0], np.cumsum(mine)[:-1]))
    below = anchors[::-1].cumsum()[::-1] - anchors
    agrees = np.logical_and.accumulate(np.equal(record.page, record.anchor))
    known = np.concatenate(([1.0], agrees[:-1]))
    return np.column_stack((np.ones(len(slots)), here, examined * here, above, below, known))


@dataclass(slots=True, eq=False)
class _Ragged:
    """Rows of different lengths, padded to a table in the end."""

    rows: list[NDArray[np.float64]] = field(default_factory=list)

    def add(self, row: NDArray[np.float64]) -> None:
        self.rows.append(row)

    def table(self) -> NDArray[np.float64]:
        longest = max(map(len, self.rows))
        padded = np.zeros((len(self.rows), longest, *self.rows[0].shape[1:]))
        for at, row in enumerate(self.rows):
            padded[at, : len(row)] = row
        return padded


@dataclass(slots=True, eq=False)
class _Columns:
    """What is the same for every target."""

    reward: _Ragged = field(default_factory=_Ragged)
    examined: _Ragged = field(default_factory=_Ragged)
    prefixes: _Ragged = field(default_factory=_Ragged)
    group: list[int] = field(default_factory=list)
    listeners: dict[str, int] = field(default_factory=dict)

    def add(self, page: LoggedPage) -> None:
        record = page.record
        self.reward.add(np.array([one.reward if one.examined else 0.0 for one in page.outcomes]))
        self.examined.add(np.array([float(one.examined) for one in page.outcomes]))
        self.prefixes.add(np.cumprod(np.array(record.conditionals)))
        self.group.append(self.listeners.setdefault(record.listener_id, len(self.listeners)))

    def rounds(self, target: _Ragged, slots: tuple[_Ragged, _Ragged]) -> SlateRounds:
        group = np.array(self.group, dtype=np.int64)
        plain = slates_of(self.reward.rows, self.prefixes.rows, target.rows, group)
        return replace(
            plain,
            slot_propensity=slots[0].table(),
            slot_target=slots[1].table(),
            examined=self.examined.table() > 0.0,
        )
