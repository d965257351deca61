"""Both distributions over the pages of a decision, listed: what looking into a page needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bandits.ope.page_support import PageSupport, chance_of_listing, sampled_support
from bandits.ope.pseudo_inverse import PseudoInverseWeights, pseudo_inverse_weights
from bandits.types import Page, Probabilities
from home.records import DecisionRecord
from home.replay.page_law import PageLaw, TooManyPagesError
from home.replay.what_if import WhatIf


@dataclass(frozen=True, eq=False)
class Listing:
    """A support with what estimators ask of it."""

    support: PageSupport

    @cached_property
    def weighed(self) -> PseudoInverseWeights:
        """The pseudo-inverse weights of its pages."""
        return pseudo_inverse_weights(self.support)

    def weight(self, page: Page) -> float:
        """The pseudo-inverse weight of a page."""
        return float(self.weighed.weights[self._rows[page]])

    def in_slots(self, probabilities: Probabilities, page: Page) -> Probabilities:
        """The probability (K,) that each of a page's shelves is in its slot, from those of pages (S,)."""
        same = self._table[:, : len(page)] == np.array(page, dtype=np.int64)
        return np.asarray(np.minimum(probabilities @ same, 1.0), dtype=np.float64)

    @cached_property
    def _rows(self) -> dict[Page, int]:
        return {page: row for row, page in enumerate(self.support.pages)}

    @cached_property
    def _table(self) -> NDArray[np.int64]:
        """(S, slots): the option in each slot, −1 where a page has none."""
        pages = self.support.pages
        table = np.full((len(pages), max(map(len, pages))), -1, dtype=np.int64)
        for row, page in enumerate(pages):
            table[row, : len(page)] = page
        return table


@dataclass(frozen=True, eq=False)
class Laws:
    """What a decision's page was drawn from, and what a target would have drawn from.

    Up to `limit` pages are listed, and everything is exact; beyond it, pages from `draws` of each
    distribution's exploration stand for all.
    """

    logging: PageLaw
    target: PageLaw
    limit: int = 5000
    draws: int = 1000

    def listing(self, page: Page, rng: np.random.Generator) -> Listing:
        """The pages that both may show, the logged `page` among them."""
        found = self._whole
        return Listing(self._sampled(page, rng)) if isinstance(found, TooManyPagesError) else found

    def whole(self) -> Listing:
        """Every page that either may show. Raises TooManyPagesError for more than `limit` of one law."""
        if isinstance(self._whole, TooManyPagesError):
            raise self._whole
        return self._whole

    @cached_property
    def _whole(self) -> Listing | TooManyPagesError:
        try:
            listed = self.logging.listed(self.limit), self.target.listed(self.limit)
        except TooManyPagesError as error:
            return error
        every = tuple(sorted(listed[0].keys() | listed[1].keys()))
        p, t = (np.array([each.get(one, 0.0) for one in every]) for each in listed)
        return Listing(PageSupport(every, p, t))

    def _sampled(self, page: Page, rng: np.random.Generator) -> PageSupport:
        shared = self.logging.source is self.target.source
        laws = (self.logging,) if shared else (self.logging, self.target)
        certain = {page, self.logging.anchor, self.target.anchor}
        pages = tuple(sorted(certain | {law.explore(rng) for law in laws for _ in range(self.draws)}))
        explored = np.array([[law.exploration_probability(one) for one in pages] for law in laws])
        listed = chance_of_listing(explored, self.draws)
        listed[[one in certain for one in pages]] = 1.0
        p, t = (
            (1.0 - law.epsilon) * np.array([one == law.anchor for one in pages]) + law.epsilon * each
            for law, each in zip((self.logging, self.target), (explored[0], explored[-1]), strict=True)
        )
        return sampled_support(pages, p, t, listed)


def laws_of(record: DecisionRecord, target: WhatIf) -> Laws:
    """A logged decision's laws, for a target that may differ in model, rules or exploration.

    Raises NotExplainableError where the decision cannot be put together again.
    """
    logged = WhatIf("logged", target.setup_of).law(record)
    if target.same_but_for_epsilon(record):
        # One source for both, so that a sample of its pages serves both.
        return Laws(logged, logged if target.epsilon is None else replace(logged, epsilon=target.epsilon))
    return Laws(logged, target.law(record))
