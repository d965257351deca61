"""The pages that two policies may show in one context, with their probabilities."""

from __future__ import annotations

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


def chance_of_listing(proposals: Probabilities, draws: int) -> Probabilities:
    """The probability (S,) that a page comes up in `draws` from each of J `proposals` (J, S)."""
    # By logarithms: of a page with probability 1e-20, 1 − (1 − p)^draws would leave nothing.
    with np.errstate(divide="ignore"):
        return np.asarray(-np.expm1(draws * np.log1p(-proposals).sum(axis=0)), dtype=np.float64)


def sampled_support(
    pages: tuple[Page, ...], logging: Probabilities, target: Probabilities, listed: Probabilities
) -> PageSupport:
    """Some pages that stand for all: exact probabilities, and those of being `listed` (S,) at all.

    A page counts its probability over the probability that it is listed (Horvitz and Thompson, JASA 1952), so
    sums over the listed pages are unbiased for sums over all, but for the normalisation to 1 at the end; and
    exact once everything has been listed. Pages that are listed whatever is drawn, such as anchors, have 1.
    """
    whole = bool(np.isclose(logging.sum(), 1.0) and np.isclose(target.sum(), 1.0))
    weight = np.ones(len(pages)) if whole else 1.0 / listed
    p, t = logging * weight, target * weight
    return PageSupport(pages, p / p.sum(), t / t.sum(), exact=whole)
