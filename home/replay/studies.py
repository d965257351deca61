"""Looking into logged pages, for estimators that need more of a page than the probability of its beginnings.

Cascade-DR needs what the target would choose in each slot; the pseudo-inverse, and whatever weighs a slot on
its own, need every page that either policy could have shown. Both put the decision together again, and the
latter is possible only where few pages could be shown, as from a portfolio or on a short page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from bandits.ope.cascade_model import SlotFeatures
from bandits.ope.rounds import Column
from home.configuration import Setup
from home.errors import NotExplainableError
from home.records import DecisionRecord
from home.replay.found import Found, Listed, Seen
from home.replay.laws import Laws, laws_of
from home.replay.page_law import TooManyPagesError
from home.replay.pages import slot_features
from home.replay.targets import PageTarget, Target
from home.replay.what_if import WhatIf

MOST_LEFT_OUT = 0.05
"""Share of decisions that may be left out of an estimator because they cannot be looked into."""

_PATIENCE = 200
"""Decisions that could not be looked into, from which on it is given up if they are more than half."""

Row = TypeVar("Row")


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
    """What was found in pages of up to K slots: `features` for cascade-DR, and all pages `listed`.

    Each is None where it was not asked for, or cannot be known at too many decisions; then `unknown` says why
    of the choices, and `unlisted` of the pages.
    """

    features: Found[SlotFeatures] | None = None
    listed: Found[Listed] | None = None
    unknown: str = ""
    unlisted: str = ""


@dataclass(slots=True, eq=False)
class _Pages(Generic[Row]):
    """What was found in pages so far: a row for each, None with a reason where there is none."""

    rows: list[Row | None] = field(default_factory=list)
    left_out: dict[str, list[str]] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        self.rows.append(row)

    def skip(self, record: DecisionRecord, why: str) -> None:
        self.rows.append(None)
        self.left_out.setdefault(why, []).append(record.id)

    @property
    def there(self) -> list[Row]:
        return [row for row in self.rows if row is not None]

    @property
    def missing(self) -> int:
        return sum(map(len, self.left_out.values()))

    @property
    def hopeless(self) -> bool:
        return self.missing >= _PATIENCE and 2 * self.missing > len(self.rows)

    def _why(self) -> str:
        """Why there is nothing; "" where enough was found."""
        missing, pages = self.missing, len(self.rows)
        if missing <= MOST_LEFT_OUT * pages:
            return ""
        reason, ids = max(self.left_out.items(), key=lambda entry: len(entry[1]))
        return (
            f"{missing} of {pages} decisions cannot be looked into, more than {MOST_LEFT_OUT:.0%}:"
            f" {reason}, at decision {ids[0]!r}"
        )

    def found(self, value: Callable[[list[Row]], Seen]) -> tuple[Found[Seen] | None, str]:
        """All of it, or None and why."""
        if not self.rows:
            return None, ""
        if why := self._why():
            return None, why
        rows = np.array([row is not None for row in self.rows], dtype=np.bool_)
        return Found(value(self.there), rows, {why: tuple(ids) for why, ids in self.left_out.items()}), ""


@dataclass(slots=True, eq=False)
class Looking:
    """Looks into one page after the other for one target.

    A decision that cannot be looked into is left out, and listed with the reason; where these are more than
    `MOST_LEFT_OUT` of all, nothing is found. Looking stops where hundreds could not, and they are the most.
    """

    study: Study
    target: PageTarget
    choices: _Pages[tuple[Column, Column]] = field(default_factory=_Pages)
    listings: _Pages[tuple[Column, Column, float]] = field(default_factory=_Pages)

    def add(self, record: DecisionRecord) -> None:
        """Look into the page of one decision."""
        choices = self.study.choices and not self.choices.hopeless
        listing = self.study.listing and not self.listings.hopeless
        if not (choices or listing):
            return
        try:
            laws = laws_of(record, self._what_if())
        except (NotExplainableError, ValueError) as error:
            why = error.why if isinstance(error, NotExplainableError) else str(error)
            for wanted, pages in ((choices, self.choices), (listing, self.listings)):
                if wanted:
                    pages.skip(record, why)
            return
        if choices:
            shown = slot_features(record, np.eye(len(record.options))[list(record.page)])
            self.choices.add((shown, slot_features(record, laws.target.choices(record.page))))
        if listing:
            self._list(record, laws)

    def found(self, slots: int) -> Looked:
        """What was found, for pages of up to `slots` slots."""

        def features(rows: list[tuple[Column, Column]]) -> SlotFeatures:
            shown, expected = (np.stack([_padded(row[i], slots) for row in rows]) for i in (0, 1))
            return SlotFeatures(shown, expected)

        def listed(rows: list[tuple[Column, Column, float]]) -> Listed:
            p, t = (
                np.stack([_padded(column, slots) for column in columns])
                for columns in ([row[0] for row in rows], [row[1] for row in rows])
            )
            return Listed(p, t, np.array([row[2] for row in rows]))

        choices, unknown = self.choices.found(features)
        pages, unlisted = self.listings.found(listed)
        return Looked(choices, pages, unknown, unlisted)

    def _list(self, record: DecisionRecord, laws: Laws) -> None:
        try:
            listing = laws.whole()
        except TooManyPagesError as error:
            self.listings.skip(record, f"needs every page that could be shown listed, but {error}")
            return
        support, page = listing.support, record.page
        slots = listing.in_slots(support.logging, page), listing.in_slots(support.target, page)
        self.listings.add((*slots, listing.weight(record.page)))

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
