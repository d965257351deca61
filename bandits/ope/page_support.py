"""The pages that two policies may show in one context, with their probabilities."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandits.types import Page, Probabilities

_SUM_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class PageSupport:
    """S different pages of one context with their probabilities.

    `pages`: shelf indices, top slot first. `logging` and `target` (S,): probabilities under both policies,
    each summing to 1. `exact` is False where some pages are left out and the others stand for them. Raises
    ValueError for probabilities that are none, or pages that repeat.
    """

    pages: tuple[Page, ...]
    logging: Probabilities
    target: Probabilities
    exact: bool = True

    def __post_init__(self) -> None:
        if len(set(self.pages)) < len(self.pages):
            raise ValueError("pages repeat: give each page once, with its whole probability")
        for name in ("logging", "target"):
            given: Probabilities = getattr(self, name)
            if given.shape != (len(self.pages),) or not (given >= 0.0).all():
                raise ValueError(f"{name} = {given}: give a probability for each of {len(self.pages)} pages")
            if abs(float(given.sum()) - 1.0) > _SUM_TOLERANCE:
                raise ValueError(f"{name} sums to {given.sum():g}: list every page, or use sampled_support")

    def indicators(self) -> NDArray[np.float64]:
        """(S, d): whether a page shows a shelf in a slot, for each of the d pairs that occur."""
        pairs = {
            pair: at for at, pair in enumerate(sorted({p for page in self.pages for p in enumerate(page)}))
        }
        shows = np.zeros((len(self.pages), len(pairs)))
        for row, page in enumerate(self.pages):
            shows[row, [pairs[pair] for pair in enumerate(page)]] = 1.0
        return shows


def sampled_support(
    drawn: Iterable[Page],
    certain: Iterable[Page],
    logging: dict[Page, float],
    target: dict[Page, float],
    draws: tuple[int, int],
) -> PageSupport:
    """A support from draws: `draws` independent ones from the logging and from the target policy.

    `drawn` are the pages that came of them, `certain` pages that are listed whatever is drawn, such as
    anchors; `logging` and `target` hold the exact probabilities of all of these. A page counts its
    probability over the probability that it is listed (Horvitz and Thompson, JASA 1952), so sums over the
    listed pages are unbiased for sums over all, but for the normalisation to 1 at the end; they are exact
    once everything has been listed.
    """
    always = set(certain)
    pages = tuple(sorted(always | set(drawn)))
    p, t = (np.array([each[page] for page in pages]) for each in (logging, target))
    listed = 1.0 - (1.0 - p) ** draws[0] * (1.0 - t) ** draws[1]
    listed[[page in always for page in pages]] = 1.0
    whole = bool(np.isclose(p.sum(), 1.0) and np.isclose(t.sum(), 1.0))
    weight = np.ones(len(pages)) if whole else 1.0 / listed
    return PageSupport(pages, p * weight / (p @ weight), t * weight / (t @ weight), exact=whole)
