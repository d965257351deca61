"""Whole distributions over the pages of a decision: the one drawn from, and those of targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from bandits.page import AnchoredMixture
from bandits.portfolio import Portfolio
from bandits.types import Page, Probabilities
from home.records import DecisionRecord
from home.redraw import draw_of
from home.replay.targets import agreement
from layout.types import Problem


class TooManyPagesError(ValueError):
    """A distribution has more pages than are to be listed."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share of pages; where it is estimated, from `drawn` pages, which speak for `reach` of all."""

    value: float
    drawn: int = 0
    reach: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class PageLaw:
    """The `anchor` page, or with probability `epsilon` what exploration draws from `source`.

    Pages have K = len(anchor) slots, filled by n options.
    """

    anchor: Page
    epsilon: float
    source: AnchoredMixture | Portfolio
    n: int

    def prefixes(self, page: Page) -> Probabilities:
        """The probability of each beginning of a page, the shortest first (K,); 0 for one of other length."""
        if len(page) != len(self.anchor):
            return np.zeros(len(page))
        explored = np.cumprod(self.source.exploration_conditionals(page))
        mixed = (1.0 - self.epsilon) * agreement(page, self.anchor) + self.epsilon * explored
        return np.asarray(np.minimum(mixed, 1.0), dtype=np.float64)

    def probability(self, page: Page) -> float:
        """π(page)."""
        return float(self.prefixes(page)[-1])

    def choices(self, page: Page) -> Probabilities:
        """What each slot would show below the shelves that the page has above it: (K, n), rows sum to 1.

        All 0 below a beginning that has no probability, and for a page of another length.
        """
        if len(page) != len(self.anchor):
            return np.zeros((len(page), self.n))
        explored = self._explored_choices(page)
        above = np.concatenate(([1.0], np.cumprod(explored[np.arange(len(page)), list(page)])))[:-1]
        agrees = np.concatenate(([1.0], agreement(page, self.anchor)))[:-1]
        joint = self.epsilon * above[:, None] * explored
        joint[np.arange(len(page)), list(self.anchor)] += (1.0 - self.epsilon) * agrees
        total = joint.sum(axis=1, keepdims=True)
        chosen: Probabilities = np.divide(joint, total, out=np.zeros(joint.shape), where=total > 0.0)
        return chosen

    def listed(self, limit: int) -> dict[Page, float]:
        """Every page with its probability. Raises TooManyPagesError for more than `limit` of them."""
        pages = {self.anchor: 1.0 - self.epsilon}
        if self.epsilon > 0.0:
            for page, probability in self._explored_pages(limit):
                pages[page] = pages.get(page, 0.0) + self.epsilon * probability
        return pages

    def explore(self, rng: np.random.Generator) -> Page:
        """A page of exploration alone."""
        source = self.source
        exploring = source if isinstance(source, Portfolio) else replace(source, epsilon=1.0)
        return exploring.draw(rng).page

    def share(self, wanted: Callable[[Page], bool], draws: int, rng: np.random.Generator) -> Share:
        """The share of pages that are `wanted`: exact for a portfolio, else from `draws` explored pages."""
        on_anchor = (1.0 - self.epsilon) * wanted(self.anchor)
        if self.epsilon == 0.0:
            return Share(on_anchor)
        if isinstance(self.source, Portfolio):
            listed = zip(self.source.pages, self.source.probabilities.tolist(), strict=True)
            return Share(on_anchor + self.epsilon * float(sum(p for page, p in listed if wanted(page))))
        found = sum(wanted(self.explore(rng)) for _ in range(draws))
        return Share(on_anchor + self.epsilon * found / draws, draws, self.epsilon)

    def exploration_probability(self, page: Page) -> float:
        """The probability of a page under exploration alone; 0 for one of another length."""
        return self.source.exploration_probability(page) if len(page) == len(self.anchor) else 0.0

    def _explored_choices(self, page: Page) -> Probabilities:
        """`choices` of exploration alone."""
        rows = np.zeros((len(page), self.n))
        for slot, option in enumerate(page):
            rows[slot] = self._slot(page[:slot])
            if rows[slot, option] == 0.0:
                break
        return rows

    def _slot(self, above: Page) -> Probabilities:
        """Exploration's distribution (n,) below shelves that it can show."""
        if isinstance(self.source, AnchoredMixture):
            return self.source.slot_distribution(above)
        begins = [page[: len(above)] == above for page in self.source.pages]
        options = [page[len(above)] for page in self.source.pages]
        mass = np.bincount(options, self.source.probabilities * begins, self.n)
        return np.asarray(mass / mass.sum(), dtype=np.float64)

    def _explored_pages(self, limit: int) -> Iterator[tuple[Page, float]]:
        found = 0
        prefixes: list[tuple[Page, float]] = [((), 1.0)]
        while prefixes:
            above, probability = prefixes.pop()
            row = self._slot(above)
            below = [((*above, int(option)), probability * float(row[option])) for option in row.nonzero()[0]]
            if len(above) + 1 < len(self.anchor):
                prefixes += below
                continue
            found += len(below)
            if found > limit:
                raise TooManyPagesError(f"more than {limit} pages could be drawn")
            yield from below


def logged_law(record: DecisionRecord, problem: Problem) -> PageLaw:
    """What the record's page was drawn from; `problem` is the one that the decision solved.

    Raises what `home.redraw.draw_of` raises.
    """
    return PageLaw(record.anchor, record.epsilon, draw_of(record, problem), len(record.options))
