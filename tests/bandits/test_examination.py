"""Examination against known truth, on logs that the exact mixture drew."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bandits.examination import (
    ENOUGH,
    Swaps,
    ThinDataError,
    Views,
    by_cascade,
    by_impressions,
    by_swaps,
    click_rates,
)
from bandits.page import AnchoredMixture
from bandits.types import Page

SHELVES, SLOTS = 7, 4
EXAMINED = np.array([1.0, 0.75, 0.5, 0.3])
SIGMAS = 4.0  # of a correct estimator's 3 free slots, fewer than 1 in 5000 runs is farther off
BIASED = 3.0  # and this far off, on the same side, is no accident


class _NeverThirdAfterSecond:
    """Any shelf once, but shelf 2 never directly below shelf 1: only one order of the two is allowed."""

    def supported(self, prefix: Page) -> NDArray[np.bool_]:
        mask = np.ones(SHELVES, dtype=np.bool_)
        mask[list(prefix)] = False
        if prefix and prefix[-1] == 1 and mask.sum() > 1:
            mask[2] = False
        return mask

    def along(self, page: Page) -> NDArray[np.bool_]:
        return np.array([self.supported(page[:slot]) for slot in range(len(page))])


@dataclass(frozen=True)
class _Log:
    views: Views
    swaps: Swaps


def _log(pages: int, seed: int, *, cascade: bool = False) -> _Log:
    """Pages of listeners with tastes of their own, which the policy knows: good shelves go on top."""
    rng = np.random.default_rng(seed)
    seen, clicked = np.zeros((pages, SLOTS), np.bool_), np.zeros((pages, SLOTS), np.bool_)
    pairs: list[tuple[float, ...]] = []
    for row in range(pages):
        attraction = rng.uniform(0.02, 0.6, SHELVES)
        pmf = attraction**3 / (attraction**3).sum()
        anchor = tuple(np.argsort(-attraction)[:SLOTS].tolist())
        if (1, 2) in pairwise(anchor):
            anchor = tuple(sorted(anchor, reverse=True))
        mixture = AnchoredMixture(anchor, pmf, _NeverThirdAfterSecond(), epsilon=0.6, floor=0.2)
        draw = mixture.draw(rng)
        seen[row], clicked[row] = _meet(attraction[list(draw.page)], rng, cascade)
        if draw.explored:
            pairs += _pairs(mixture, draw.page, draw.exploration_conditionals, clicked[row], row)
    table = np.array(pairs)
    group = np.arange(pages)
    swaps = Swaps(
        table[:, 0].astype(np.int64), table[:, 1], table[:, 2], table[:, 3] > 0, table[:, 4] > 0,
        table[:, 5].astype(np.int64),
    )  # fmt: skip
    return _Log(Views(np.ones_like(seen), seen, clicked, group), swaps)


def _meet(
    attraction: NDArray[np.float64], rng: np.random.Generator, cascade: bool
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Independent looks, or with `cascade` one patience for the page that half of all clicks end."""
    attracted = rng.random(SLOTS) < attraction
    if not cascade:
        seen = rng.random(SLOTS) < EXAMINED
        return seen, seen & attracted
    seen = rng.random() < EXAMINED
    for slot in np.flatnonzero(seen & attracted).tolist():
        if rng.random() < 0.5:
            seen[slot + 1 :] = False
            break
    return seen, seen & attracted


def _pairs(
    mixture: AnchoredMixture, page: Page, q: NDArray[np.float64], clicked: NDArray[np.bool_], row: int
) -> list[tuple[float, ...]]:
    found: list[tuple[float, ...]] = []
    for k in range(SLOTS - 1):
        above, (s, t) = page[:k], page[k : k + 2]
        other = mixture.slot_distribution(above)[t]
        other *= mixture.slot_distribution((*above, t))[s]
        found.append((k, q[k] * q[k + 1], other, clicked[k], clicked[k + 1], row))
    return found


@pytest.fixture(scope="module")
def position_based() -> _Log:
    return _log(6000, 1)


@pytest.fixture(scope="module")
def reading_down() -> _Log:
    return _log(6000, 2, cascade=True)


def _errors(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard errors, from 95 % intervals."""
    errors: NDArray[np.float64] = (high - low) / (2 * 1.96)
    return errors


def test_swaps_find_position_based_examination_from_clicks(position_based: _Log) -> None:
    found = by_swaps(position_based.swaps, SLOTS)
    errors = _errors(found.low, found.high)
    assert found.value[0] == 1.0
    assert (np.abs(found.value - EXAMINED)[1:] < SIGMAS * errors[1:]).all()
    assert (errors[1:] < 0.1).all()  # and the tolerance is tight enough to tell the slots apart


def test_click_rates_are_biased_on_the_same_log(position_based: _Log) -> None:
    """Good shelves on top make lower slots look worse than they are, by far more than chance."""
    naive = click_rates(position_based.views)
    errors = _errors(naive.low, naive.high)
    assert ((EXAMINED - naive.value)[1:] > BIASED * errors[1:]).all()


def test_weighting_is_what_removes_the_bias(position_based: _Log) -> None:
    """The same pairs unweighted: exploration prefers good shelves too, and prefers them on top."""
    swaps = position_based.swaps
    level = Swaps(swaps.slot, swaps.forward, swaps.forward, swaps.upper, swaps.lower, swaps.group)
    found = by_swaps(level, SLOTS)
    assert EXAMINED[-1] - found.value[-1] > BIASED * _errors(found.low, found.high)[-1]


def test_impressions_find_examination(position_based: _Log) -> None:
    """Given that something was seen at all: relative to slot 1, which is always seen here."""
    found = by_impressions(position_based.views)
    assert (np.abs(found.value - EXAMINED)[1:] < SIGMAS * _errors(found.low, found.high)[1:]).all()


def test_the_cascade_is_found_whatever_clicks_end(reading_down: _Log) -> None:
    found = by_cascade(reading_down.views)
    errors = _errors(found.examination.low, found.examination.high)
    assert (np.abs(found.examination.value - EXAMINED)[1:] < SIGMAS * errors[1:]).all()
    shares = by_impressions(reading_down.views)
    assert shares.value[-1] < EXAMINED[-1] - SIGMAS * _errors(shares.low, shares.high)[-1]
    assert 0.2 < found.after_click < 0.45  # half of e_{k+1} / e_k, which is 0.6 to 0.75


def test_intervals_cover_as_often_as_they_say() -> None:
    """60 logs × 3 slots at 95 %: 171 expected; allow for the spread of 60 (slots are dependent)."""
    hits = 0
    for seed in range(60):
        rng = np.random.default_rng(100 + seed)
        seen = rng.random((300, SLOTS)) < EXAMINED
        views = Views(np.ones_like(seen), seen, np.zeros_like(seen), np.arange(300))
        found = by_impressions(views, replicates=300)
        hits += int(((found.low <= EXAMINED) & (found.high >= EXAMINED))[1:].sum())
    assert hits >= 180 * (0.95 - 4 * np.sqrt(0.95 * 0.05 / 60))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_a_slot_that_is_seen_less_is_estimated_lower(seed: int) -> None:
    """Taking looks away from one slot never raises it, and leaves the others where they were."""
    rng = np.random.default_rng(seed)
    seen = rng.random((200, SLOTS)) < 0.7
    seen[:, 0] = True
    fewer = seen.copy()
    fewer[rng.random(200) < 0.5, 2] = False
    shown, none = np.ones_like(seen), np.zeros_like(seen)
    before = by_impressions(Views(shown, seen, none, np.arange(200)), replicates=100).value
    after = by_impressions(Views(shown, fewer, none, np.arange(200)), replicates=100).value
    assert after[2] <= before[2]
    np.testing.assert_array_equal(after[[0, 1, 3]], before[[0, 1, 3]])


def test_pages_that_depend_widen_the_interval() -> None:
    """Ten identical pages of a listener are one page's worth of evidence."""
    rng = np.random.default_rng(5)
    seen = np.repeat(rng.random((60, SLOTS)) < EXAMINED, 10, axis=0)
    shown, none = np.ones_like(seen), np.zeros_like(seen)
    apart = by_impressions(Views(shown, seen, none, np.arange(600)))
    together = by_impressions(Views(shown, seen, none, np.repeat(np.arange(60), 10)))
    ratio = _errors(together.low, together.high)[1:] / _errors(apart.low, apart.high)[1:]
    assert (np.abs(ratio - np.sqrt(10)) < 0.8).all()


def test_thin_data_name_the_slot() -> None:
    seen = np.ones((ENOUGH + 5, 2), np.bool_)
    shown = seen.copy()
    shown[10:, 1] = seen[10:, 1] = False
    views = Views(shown, seen, np.zeros_like(seen), np.arange(len(seen)))
    for estimate in (by_impressions, by_cascade):
        with pytest.raises(ThinDataError, match="slot 2 rests on 10") as caught:
            estimate(views)
        assert (caught.value.slot, caught.value.have, caught.value.need) == (2, 10, ENOUGH)


def test_pairs_that_no_exploration_could_exchange_are_no_evidence() -> None:
    n = 100
    clicks = np.ones(n, np.bool_)
    swaps = Swaps(np.zeros(n, np.int64), np.full(n, 0.5), np.zeros(n), clicks, clicks, np.arange(n))
    with pytest.raises(ThinDataError, match=r"slot 2 rests on 0\.0 clicks"):
        by_swaps(swaps, 2)


def test_malformed_columns_are_named() -> None:
    yes, no = np.ones((2, 3), np.bool_), np.zeros((2, 3), np.bool_)
    with pytest.raises(ValueError, match="same pages and slots"):
        Views(yes, yes[:, :2], no, np.arange(2))
    with pytest.raises(ValueError, match="shown lacks"):
        Views(no, yes, no, np.arange(2))
    one = np.ones(1)
    with pytest.raises(ValueError, match="probability in"):
        Swaps(np.zeros(1, np.int64), 0 * one, one, yes[0, :1], yes[0, :1], np.arange(1))
    with pytest.raises(ValueError, match="one row per pair"):
        Swaps(np.zeros(1, np.int64), one, one, yes[0], yes[0, :1], np.arange(1))
