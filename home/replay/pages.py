"""Logged pages as slate rounds, for estimators that look into a page.

`slate_rounds` needs the records alone: the probabilities of pages and of their beginnings are exact. What
shelves do in a slot whatever is above them, a reward model's means over the target's choices, and the
pseudo-inverse need the whole distributions of both policies, so `studied` puts each decision together again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bandits.ope.cascade_model import SlotFeatures
from bandits.ope.page_support import PageSupport, chance_of_listing, sampled_support
from bandits.ope.pseudo_inverse import pseudo_inverse_weights
from bandits.ope.rounds import Column
from bandits.ope.slates import SlateRounds, Table
from bandits.rewards import ShelfOutcome
from bandits.types import Page, Probabilities
from home.records import DecisionRecord
from home.replay.page_law import PageLaw, TooManyPagesError
from home.replay.targets import PageTarget


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


def slate_rounds(pages: Iterable[LoggedPage], targets: Sequence[PageTarget]) -> tuple[SlateRounds, ...]:
    """The pages for each target, with exact probabilities of their beginnings; streamed, a few numbers each.

    Raises ValueError without a page, and NotExplainableError where a target cannot be known.
    """
    columns, prefixes = _Columns(), [_Ragged() for _ in targets]
    for page in pages:
        columns.add(page)
        for target, column in zip(targets, prefixes, strict=True):
            column.add(target.likelihood(page.record).prefixes)
    return tuple(columns.rounds(each) for each in prefixes)


def studied(
    pages: Iterable[tuple[LoggedPage, PageLaw, PageLaw]],
    rng: np.random.Generator,
    limit: int = 5000,
    draws: int = 1000,
) -> Studied:
    """The pages with the distributions that they came from, and that a target would have drawn from.

    Up to `limit` pages of each decision are listed and everything is exact; beyond it, `draws` pages from
    each distribution's exploration stand for all. Raises ValueError without a page.
    """
    columns, target = _Columns(), _Ragged()
    slots = _Ragged(), _Ragged()
    shown, expected = _Ragged(), _Ragged()
    weights, missing, exact = [], [], []
    for page, logging_law, target_law in pages:
        record = page.record
        columns.add(page)
        target.add(target_law.prefixes(record.page))
        support = support_of(record.page, logging_law, target_law, rng, limit, draws)
        for column, p in zip(slots, (support.logging, support.target), strict=True):
            column.add(_in_slots(support.pages, p, record.page))
        found = pseudo_inverse_weights(support)
        weights.append(found.weights[support.pages.index(record.page)])
        missing.append(found.missing)
        exact.append(support.exact)
        shown.add(_features(record, np.eye(len(record.options))[list(record.page)]))
        expected.add(_features(record, target_law.choices(record.page)))
    return Studied(
        rounds=columns.rounds(target, slots),
        features=SlotFeatures(shown.table(), expected.table()),
        weights=np.array(weights),
        missing=np.array(missing),
        exact=np.array(exact),
    )


def support_of(
    page: Page, logging: PageLaw, target: PageLaw, rng: np.random.Generator, limit: int, draws: int
) -> PageSupport:
    """The pages that both may show, the logged `page` among them: all, or those of so many draws."""
    try:
        listed = logging.listed(limit), target.listed(limit)
    except TooManyPagesError:
        return _sampled(page, logging, target, rng, draws)
    every = tuple(sorted(listed[0].keys() | listed[1].keys()))
    p, t = (np.array([each.get(one, 0.0) for one in every]) for each in listed)
    return PageSupport(every, p, t)


def _sampled(
    page: Page, logging: PageLaw, target: PageLaw, rng: np.random.Generator, draws: int
) -> PageSupport:
    certain = {page, logging.anchor, target.anchor}
    drawn = {law.explore(rng) for law in (logging, target) for _ in range(draws)}
    pages = tuple(sorted(certain | drawn))
    p, t = (np.array([law.probability(one) for one in pages]) for law in (logging, target))
    explored = [[law.exploration_probability(one) for one in pages] for law in (logging, target)]
    listed = chance_of_listing(np.array(explored), draws)
    listed[[one in certain for one in pages]] = 1.0
    return sampled_support(pages, p, t, listed)


def _in_slots(pages: Sequence[Page], probabilities: Probabilities, page: Page) -> Probabilities:
    """The probability (K,) that each of a page's shelves is in its slot."""
    same = np.array([[own == other for own, other in zip(page, one, strict=False)] for one in pages])
    return np.asarray(np.minimum(probabilities @ same, 1.0), dtype=np.float64)


def _features(record: DecisionRecord, choices: Table) -> Table:
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

    def filled(self) -> NDArray[np.bool_]:
        lengths = np.array(list(map(len, self.rows)))
        return np.arange(lengths.max()) < lengths[:, None]


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

    def rounds(self, target: _Ragged, slots: tuple[_Ragged, _Ragged] | None = None) -> SlateRounds:
        if not self.group:
            raise ValueError("no pages: nothing can be estimated from an empty log")
        filled, empty = self.prefixes.filled(), np.empty((0, 0))
        prefixes, targets = self.prefixes.table(), target.table()
        last = filled.sum(axis=1) - 1
        rows = np.arange(len(filled))
        return SlateRounds(
            slot_reward=self.reward.table(),
            propensity=prefixes[rows, last],
            prefix_propensity=prefixes,
            target=targets[rows, last],
            prefix_target=targets,
            slot_propensity=empty if slots is None else slots[0].table(),
            slot_target=empty if slots is None else slots[1].table(),
            filled=filled,
            examined=self.examined.table() > 0.0,
            group=np.array(self.group, dtype=np.int64),
        )
