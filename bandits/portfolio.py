"""Drawing one of a few pages: a distribution over a portfolio, and its conditionals slot by slot.

A portfolio is a list of finished pages with what each is expected to earn. The draw is a plain categorical
one, so its propensity is exact whatever made the pages. It is exact *given the portfolio*: pages outside it
have no support, and estimates from such a log are unbiased only for policies that choose within it. Use it
where every page that may be served should have been seen as a whole; use `bandits.page` where any feasible
page should keep its chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from bandits.page import Draw, ratios
from bandits.types import Page, Probabilities


class Weighting(StrEnum):
    """How gaps in expected reward become probabilities.

    INVERSE_GAP: pᵢ = 1 / (K + sharpness·gapᵢ) for all but the best page, which has the rest (Abe and Long
    1999; Foster and Rakhlin, "Beyond UCB", 2020). Its regret is bounded when the expected rewards are those
    of a regression that keeps learning. SOFTMAX: pᵢ ∝ exp(−sharpness·gapᵢ); drops exponentially, so that
    clearly worse pages are hardly drawn and what is wrong about them is hardly noticed.
    """

    INVERSE_GAP = "inverse_gap"
    SOFTMAX = "softmax"


@dataclass(frozen=True, slots=True, eq=False)
class Portfolio:
    """A distribution over P different pages of K slots each, the first being the anchor.

    `probabilities` (P,) sum to 1. Raises ValueError for pages that repeat or differ in length, or
    probabilities that are none.
    """

    pages: tuple[Page, ...]
    probabilities: Probabilities

    def __post_init__(self) -> None:
        if len({len(page) for page in self.pages}) != 1 or len(set(self.pages)) < len(self.pages):
            raise ValueError(f"pages = {self.pages}: a portfolio holds different pages of the same length")
        given = self.probabilities
        if given.shape != (len(self.pages),) or not (given >= 0.0).all() or abs(given.sum() - 1.0) > 1e-9:
            raise ValueError(
                f"probabilities = {given}: give {len(self.pages)} of them, one per page, that sum to 1"
            )

    def probability(self, page: Page) -> float:
        """π(page): 0 for a page outside the portfolio."""
        return float(self._given(page)[-1])

    def conditionals(self, page: Page) -> Probabilities:
        """P(page_k | page_1 … page_{k−1}): (K,), with product `probability`; 0 once nothing starts so.

        The share, among the pages that agree above the slot, of those that agree in it as well.
        """
        return ratios(self._given(page))

    def exploration_probability(self, page: Page) -> float:
        """`probability`: to explore is to draw from the portfolio, which every page is."""
        return self.probability(page)

    def exploration_conditionals(self, page: Page) -> Probabilities:
        """`conditionals`, for the same reason."""
        return self.conditionals(page)

    def draw(self, rng: np.random.Generator) -> Draw:
        """Draw a page with one uniform number.

        `explored` is whether it is another than the anchor, `support_sizes` how many shelves the portfolio's
        pages have in each slot below what is shown above it.
        """
        cumulative = np.cumsum(self.probabilities)
        at = int(np.searchsorted(cumulative, float(rng.random()) * cumulative[-1], side="right"))
        page = self.pages[min(at, int(np.flatnonzero(self.probabilities)[-1]))]
        conditionals = self.conditionals(page)
        return Draw(
            page=page,
            explored=page != self.pages[0],
            propensity=self.probability(page),
            conditionals=conditionals,
            exploration_conditionals=conditionals,
            anchor_exploration=self.probability(self.pages[0]),
            support_sizes=self._sizes(page),
        )

    def _given(self, page: Page) -> Probabilities:
        """The probability of each beginning of a page, the empty one first: (K + 1,)."""
        if len(page) != len(self.pages[0]):
            raise ValueError(f"page has {len(page)} slots: those of the portfolio have {len(self.pages[0])}")
        agrees = np.logical_and.accumulate(self._table() == np.array(page, dtype=np.int64), axis=1)
        # Summed in one order for every length, so that equal sets of pages give equal numbers.
        return np.concatenate(([1.0], np.where(agrees, self.probabilities[:, None], 0.0).sum(axis=0)))

    def _sizes(self, page: Page) -> tuple[int, ...]:
        return tuple(
            len({other[k] for other in self.pages if other[:k] == page[:k]}) for k in range(len(page))
        )

    def _table(self) -> NDArray[np.int64]:
        return np.array(self.pages, dtype=np.int64)


def weighted(
    pages: tuple[Page, ...],
    expected: NDArray[np.float64],
    weighting: Weighting,
    sharpness: float,
    floor: float,
) -> Portfolio:
    """The portfolio of `pages` that are `expected` (P,) to earn so much, with `floor` uniform mass.

    `sharpness` ≥ 0, in one over the unit of reward, is how much a gap in expected reward counts; at 0 every
    page is as likely. `floor` in [0, 1] guarantees each page floor / P. Raises ValueError naming the field
    that is out of range.
    """
    if not (np.isfinite(sharpness) and sharpness >= 0.0):
        raise ValueError(f"sharpness = {sharpness}: give a finite number of at least 0")
    if not 0.0 <= floor <= 1.0:
        raise ValueError(f"floor = {floor}: must be a share between 0 and 1")
    if expected.shape != (len(pages),) or not np.isfinite(expected).all():
        raise ValueError(f"expected = {expected}: give one finite number per page, {len(pages)} in all")
    gaps = expected.max(initial=-np.inf) - expected
    own = _inverse_gap(gaps, sharpness) if weighting is Weighting.INVERSE_GAP else _softmax(gaps, sharpness)
    return Portfolio(pages, (1.0 - floor) * own + floor / len(pages))


def _inverse_gap(gaps: Probabilities, sharpness: float) -> Probabilities:
    probabilities = 1.0 / (len(gaps) + sharpness * gaps)
    best = int(gaps.argmin())
    probabilities[best] = 0.0
    probabilities[best] = 1.0 - probabilities.sum()
    return probabilities


def _softmax(gaps: Probabilities, sharpness: float) -> Probabilities:
    weights = np.exp(-sharpness * gaps)
    normal: Probabilities = weights / weights.sum()
    return normal
