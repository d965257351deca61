"""Looking into logged pages, for estimators that need more of a page than the probability of its beginnings.

Cascade-DR needs what the target would choose in each slot; the pseudo-inverse, and whatever weighs a slot on
its own, need every page that either policy could have shown. Both put the decision together again, and the
latter is possible only where few pages could be shown, as from a portfolio or on a short page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from bandits.ope.cascade_model import SlotFeatures
from bandits.ope.rounds import Column
from home.configuration import Setup
from home.errors import NotExplainableError
from home.records import DecisionRecord
from home.replay.laws import Laws, laws_of
from home.replay.page_law import TooManyPagesError
from home.replay.pages import slot_features
from home.replay.targets import PageTarget, Target
from home.replay.what_if import WhatIf


@dataclass(frozen=True, slots=True)
class Study:
    """What to look into: the target's `choices` in every slot, and the `listing` of all pages.

    `setup_of` gives the rulebook and grid of a decision.
    """

    setup_of: Callable[[DecisionRecord], Setup]
    choices: bool = False
    listing: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What was found in m pages of up to K slots.

    `features` for cascade-DR; `slot_propensity` and `slot_target` (m, K), and the pseudo-inverse's `weights`
    (m,). Each is None where it was not asked for, or cannot be known, as `why` says.
    """

    features: SlotFeatures | None = None
    slot_propensity: Column | None = None
    slot_target: Column | None = None
    weights: Column | None = None
    why: str = ""


@dataclass(slots=True, eq=False)
class Looking:
    """Looks into one page after the other for one target, until something cannot be known, as `why` says."""

    study: Study
    target: PageTarget
    choices: list[tuple[Column, Column]] = field(default_factory=list)
    slots: list[tuple[Column, Column]] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    why: str = ""

    def add(self, record: DecisionRecord) -> None:
        """Look into the page of one decision."""
        if not (self.study.choices or self.study.listing):
            return
        try:
            laws = laws_of(record, self._what_if())
        except (NotExplainableError, ValueError) as error:
            self.why, self.study = str(error), Study(self.study.setup_of)
            return
        if self.study.choices:
            shown = slot_features(record, np.eye(len(record.options))[list(record.page)])
            self.choices.append((shown, slot_features(record, laws.target.choices(record.page))))
        if self.study.listing:
            self._list(record, laws)

    def found(self, slots: int) -> Looked:
        """What was found, for pages of up to `slots` slots."""
        features = None
        if self.study.choices:
            shown, expected = (np.stack([_padded(one[i], slots) for one in self.choices]) for i in (0, 1))
            features = SlotFeatures(shown, expected)
        if not self.study.listing:
            return Looked(features, why=self.why)
        p, t = (np.stack([_padded(one[i], slots) for one in self.slots]) for i in (0, 1))
        return Looked(features, p, t, np.array(self.weights), self.why)

    def _list(self, record: DecisionRecord, laws: Laws) -> None:
        try:
            listing = laws.whole()
        except TooManyPagesError as error:
            self.why = f"needs every page that could be shown listed, but {error} at decision {record.id!r}"
            self.study = replace(self.study, listing=False)
            return
        support, page = listing.support, record.page
        self.slots.append((listing.in_slots(support.logging, page), listing.in_slots(support.target, page)))
        self.weights.append(listing.weight(record.page))

    def _what_if(self) -> WhatIf:
        if isinstance(self.target, WhatIf):
            return self.target
        if isinstance(self.target, Target):
            return WhatIf(self.target.name, self.study.setup_of, epsilon=self.target.epsilon)
        raise ValueError(f"target {self.target.name} has no distribution to look into")


def _padded(rows: NDArray[np.float64], slots: int) -> NDArray[np.float64]:
    padded = np.zeros((slots, *rows.shape[1:]))
    padded[: len(rows)] = rows
    return padded
