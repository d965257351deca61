"""How likely a listener is to look at each slot, estimated from logged pages: position bias.

Three estimators, by what a surface reports and what its listeners are taken to do. Examination is identified
relative to the first slot only, and that is how all of them return it: slot 1 is 1. (`by_swaps` starts at the
first slot that exploration could exchange.)

- `by_impressions` counts. It needs surfaces that report what was seen, and no model of the listener.
- `by_cascade` takes listeners to read from the top and perhaps to stop after each shelf. Needs impressions.
- `by_swaps` needs clicks alone, and exploration that showed neighbouring shelves in both orders.

`click_rates` is what not to use: a slot's click rate is examination times how good the shelves there were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
Mask = NDArray[np.bool_]
Groups = NDArray[np.int64]

ENOUGH = 30
"""Evidence that every slot must have: pages, or clicks, that its estimate rests on. A convention for when a
percentile interval of a share can be believed."""

_CHUNK = 2_000_000


class ThinDataError(ValueError):
    """A slot has too little evidence to be estimated. `slot` counts from 1; `have` < `need` = `ENOUGH`."""

    def __init__(self, slot: int, have: float, what: str) -> None:
        super().__init__(
            f"slot {slot} rests on {have:.1f} {what}, and an estimate needs {ENOUGH}: take a longer time"
        )
        self.slot, self.have, self.need = slot, have, ENOUGH


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """m pages of one surface with up to K slots, as they were met.

    `shown`, `seen`, `clicked` (m, K): whether the page had the slot, whether anything says that its shelf was
    seen, and whether it was clicked. `group` (m,): which pages are dependent (one listener's). Raises
    ValueError for shapes that differ, or something seen or clicked in a slot that was not there.
    """

    shown: Mask
    seen: Mask
    clicked: Mask
    group: Groups

    def __post_init__(self) -> None:
        shape = self.shown.shape
        if self.seen.shape != shape or self.clicked.shape != shape or len(self.group) != shape[0]:
            raise ValueError(
                f"shown {shape}, seen {self.seen.shape}, clicked {self.clicked.shape} and group"
                f" {self.group.shape} must describe the same pages and slots"
            )
        if ((self.seen | self.clicked) & ~self.shown).any():
            raise ValueError("seen and clicked hold a slot that shown lacks: a page's own slots only")


@dataclass(frozen=True, slots=True, eq=False)
class Swaps:
    """m neighbouring pairs of shelves, as exploration drew them.

    `slot` (m,) counts the upper slot of the pair from 0. `forward` (m,): the probability of the pair in the
    order shown, given the shelves above; `swapped` (m,): that of the other order, 0 where rules forbid it.
    `upper`, `lower` (m,): whether each was clicked. `group` (m,): which pairs are dependent. Raises
    ValueError for lengths that differ or a `forward` outside (0, 1].
    """

    slot: Groups
    forward: Column
    swapped: Column
    upper: Mask
    lower: Mask
    group: Groups

    def __post_init__(self) -> None:
        lengths = {len(column) for column in (self.slot, self.forward, self.swapped, self.upper, self.lower)}
        if lengths != {len(self.group)}:
            raise ValueError(
                f"columns of lengths {sorted({*lengths, len(self.group)})}: give one row per pair"
            )
        if ((self.forward <= 0.0) | (self.forward > 1.0)).any():
            raise ValueError("forward: what was shown had a probability in (0, 1]; take it from the log")


@dataclass(frozen=True, slots=True, eq=False)
class Examination:
    """Estimates (K,) relative to slot `first`, with percentile intervals from a bootstrap over groups.

    `evidence` (K,): how many pages, or effective clicks, each slot's estimate rests on. `first` counts from
    0, and is 0 but for `by_swaps`; slots above it are not identified and hold NaN.
    """

    value: Column
    low: Column
    high: Column
    evidence: Column
    level: float
    first: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Cascade:
    """The cascade's parameters.

    `examination`: of each slot for a listener who clicks nothing above. `after_click`: the share who go on
    below a click, over all slots; NaN without clicks.
    """

    examination: Examination
    after_click: float


def by_impressions(
    views: Views, *, seed: int = 0, level: float = 0.95, replicates: int = 1000
) -> Examination:
    """The share of looked-at pages on which each slot was seen, relative to slot 1.

    A page of which nothing was seen is not counted: nobody may have opened it. The shares hold for the pages
    as they were: where a listener who found something leaves, better shelves above mean fewer looks below.
    Not for surfaces that report no impressions, or report all of a page at once. Raises ThinDataError.
    """
    looked_at: Mask = np.any(views.seen, axis=1)
    trials = views.shown & looked_at[:, None]
    evidence = trials.sum(axis=0).astype(np.float64)
    _check(evidence, "pages that were looked at")
    _check(views.seen[:, :1].sum(axis=0).astype(np.float64), "pages on which it was seen")
    return _estimate(views.seen, trials, views.group, _relative, evidence, seed, level, replicates)


def by_cascade(views: Views, *, seed: int = 0, level: float = 0.95, replicates: int = 1000) -> Cascade:
    """The chance to read on to each slot while nothing is clicked: Π P(next slot is seen | no click here).

    Source: Craswell, Zoeter, Taylor and Ramsey, "An Experimental Comparison of Click Position-Bias Models",
    WSDM 2008, with the continuation after a click and without one of Guo, Liu and Wang, "Efficient
    Multiple-Click Models in Web Search", WSDM 2009, counted from impressions instead of fitted to clicks.
    What comes after a click is kept apart, so the result does not depend on how good the shelves were. Not
    for listeners who jump over slots. Raises ThinDataError.
    """
    from_here: Groups = np.cumsum(views.seen[:, ::-1], axis=1, dtype=np.int64)[:, ::-1]
    reached: Mask = np.greater(from_here, 0)
    follows = views.shown[:, 1:] & reached[:, :-1]
    quiet = follows & ~views.clicked[:, :-1]
    first = reached[:, :1]
    trials, went_on = np.hstack([first, quiet]), np.hstack([first, quiet & reached[:, 1:]])
    evidence = trials.sum(axis=0).astype(np.float64)
    _check(evidence, "pages read to the slot above and not clicked there")
    clicked = follows & views.clicked[:, :-1]
    count = int(clicked.sum())
    after = float((clicked & reached[:, 1:]).sum() / count) if count else np.nan
    found = _estimate(went_on, trials, views.group, _chained, evidence, seed, level, replicates)
    return Cascade(found, after)


def by_swaps(
    swaps: Swaps, slots: int, *, seed: int = 0, level: float = 0.95, replicates: int = 1000
) -> Examination:
    """Position-based examination of `slots` slots from clicks on neighbours that exploration could exchange.

    With P(click) = examination of the slot × attraction of the shelf, and each pair weighted by
    P(other order) / (P(this order) + P(other order)), both orders of a pair have the same weight in
    expectation. The clicks below divided by the clicks above then estimate e_{k+1} / e_k whatever the
    shelves, listeners and rules; the product down the page is the result, so errors add up downwards.

    Source: the swap intervention of Joachims, Swaminathan and Schnabel, "Unbiased Learning-to-Rank with
    Biased Feedback", WSDM 2017, harvested from randomisation that was there anyway as in Agarwal et al.,
    "Estimating Position Bias without Intrusive Interventions", WSDM 2019, with the overlap weights of Li,
    Morgan and Zaslavsky (JASA 2018), which never exceed 1. Pairs that only one order could show weigh 0;
    where that is so of every pair at the top of the page, as under a rule that pins a shelf there, the result
    is relative to the first slot that was exchanged.

    Not where a shelf's attraction depends on its neighbour or its slot. Where listeners leave after a click,
    the ratio is too low by the share of clicks above that end the visit times the clicks lost below. Raises
    ThinDataError, of a slot's effective number of weighted clicks on it and its upper neighbour.
    """
    if slots < 1 or (len(swaps.slot) and int(swaps.slot.max()) > slots - 2):
        raise ValueError(f"slots = {slots}: every pair needs its lower slot")
    weight = swaps.swapped / (swaps.forward + swaps.swapped)
    above, below = (_spread(weight * clicked, swaps.slot, slots) for clicked in (swaps.upper, swaps.lower))
    evidence = _effective(above, below)
    first = _first(weight, swaps.slot, slots)
    _check(evidence, "clicks on pairs shown in either order", start=first + 1)
    above[:, : first + 1] = below[:, : first + 1] = 1.0
    found = _estimate(below, above, swaps.group, _chained, evidence, seed, level, replicates)
    for column in (found.value, found.low, found.high):
        column[:first] = np.nan
    return replace(found, first=first)


def click_rates(views: Views, *, seed: int = 0, level: float = 0.95, replicates: int = 1000) -> Examination:
    """The click rate of each slot relative to slot 1's: for comparison only.

    It mistakes better shelves for better slots, and a page puts its best shelves on top. Raises ThinDataError
    without enough pages, or clicks on the first slot to divide by.
    """
    evidence = views.shown.sum(axis=0).astype(np.float64)
    _check(evidence, "pages")
    _check(views.clicked[:, :1].sum(axis=0).astype(np.float64), "clicks")
    return _estimate(views.clicked, views.shown, views.group, _relative, evidence, seed, level, replicates)


def _first(weight: Column, slot: Groups, slots: int) -> int:
    """The first slot, counted from 0, that ever changed places with the one below; 0 if none did."""
    exchanged = np.bincount(slot, weight, minlength=slots)[: slots - 1] > 0.0
    return int(exchanged.argmax()) if exchanged.any() else 0


def _spread(values: Column, slot: Groups, slots: int) -> Column:
    """One row per pair, its value in the column of its lower slot: (m, slots)."""
    table = np.zeros((len(values), slots))
    table[np.arange(len(values)), slot + 1] = values
    return table


def _effective(above: Column, below: Column) -> Column:
    """Kish's effective number of the weighted clicks in each column."""
    total = (above + below).sum(axis=0)
    squares = (above**2 + below**2).sum(axis=0)
    counts: Column = np.divide(total**2, squares, out=np.zeros(len(total)), where=squares > 0.0)
    return counts


def _check(evidence: Column, what: str, start: int = 0) -> None:
    for slot, have in enumerate(evidence[start:].tolist(), start=start + 1):
        if have < ENOUGH:
            raise ThinDataError(slot, have, what)


def _relative(numerator: Column, denominator: Column) -> Column:
    rates = numerator / denominator
    return np.asarray(rates / rates[..., :1], np.float64)


def _chained(numerator: Column, denominator: Column) -> Column:
    return np.asarray(np.cumprod(numerator / denominator, axis=-1), np.float64)


def _estimate(
    numerator: NDArray[np.bool_] | Column,
    denominator: NDArray[np.bool_] | Column,
    group: Groups,
    form: Callable[[Column, Column], Column],
    evidence: Column,
    seed: int,
    level: float,
    replicates: int,
) -> Examination:
    """`form` of the column sums, and its percentiles over resampled groups.

    Source: Efron and Tibshirani, "An Introduction to the Bootstrap", chapter 13.
    """
    above, below = _group_sums(numerator, group), _group_sums(denominator, group)
    rng = np.random.default_rng(seed)
    draws = np.concatenate(list(_resampled(above, below, form, rng, replicates)))
    tails = (0.5 - level / 2.0, 0.5 + level / 2.0)
    low, high = (np.asarray(np.nanquantile(draws, tail, axis=0), np.float64) for tail in tails)
    return Examination(form(above.sum(axis=0), below.sum(axis=0)), low, high, evidence, level)


def _group_sums(table: NDArray[np.bool_] | Column, group: Groups) -> Column:
    names, index = np.unique(group, return_inverse=True)
    sums = np.zeros((len(names), table.shape[1]))
    np.add.at(sums, index, table)
    return sums


def _resampled(
    above: Column, below: Column, form: Callable[[Column, Column], Column], rng: np.random.Generator, n: int
) -> Iterator[Column]:
    groups = len(above)
    chunk = max(1, _CHUNK // groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        for start in range(0, n, chunk):
            times = rng.multinomial(groups, np.full(groups, 1.0 / groups), size=min(chunk, n - start))
            yield form(times @ above, times @ below)
