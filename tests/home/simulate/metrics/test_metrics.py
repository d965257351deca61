"""Whole-page measures on pages small enough to work out by hand."""

from __future__ import annotations

from itertools import pairwise
from math import isnan, log, log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from home.simulate.metrics.calibration import miscalibration
from home.simulate.metrics.diversity import inter_shelf, intra_shelf
from home.simulate.metrics.exposure import coverage, effective_catalogue, gini
from home.simulate.metrics.ndcg import ndcg_2d
from home.simulate.metrics.novelty import novelty, self_information, serendipity
from home.simulate.metrics.stability import rank_biased_overlap
from shelves.catalog import Catalog, CatalogData
from shelves.types import Item, Kind
from tests.shelves.synthetic import AS_OF


def rows(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int32)


def floats(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def tagged(*tags: tuple[str, ...]) -> Catalog:
    """A catalogue whose rows have these tags; five more items of each make them part of the vocabulary."""
    names = sorted({name for some in tags for name in some})
    more = [(name,) for name in names for _ in range(5)]
    items = [Item(f"i{i}", Kind.ARTIST, f"I{i}", tags=some) for i, some in enumerate((*tags, *more))]
    return Catalog(CatalogData(items, AS_OF))


def test_gain_counts_rows_and_columns_alike() -> None:
    # Discounts 1/log2(i + j): 1 in the corner, 1/log2(3) beside and below it, 1/2 on the diagonal.
    relevance = [floats(0.0, 1.0), floats(1.0, 0.0)]
    beside = 1 / log2(3)
    got = ndcg_2d([rows(1, 2), rows(3, 4)], relevance, floats(1.0, 1.0, 0.0, 0.0))
    assert got == pytest.approx(2 * beside / (1 + beside))


def test_grades_gain_exponentially_and_the_axes_can_weigh_differently() -> None:
    got = ndcg_2d([rows(1), rows(2)], [floats(1.0), floats(3.0)], floats(1.0, 3.0), alpha=2.0, beta=1.0)
    corner, below = 1 / log2(3), 1 / log2(5)
    assert got == pytest.approx((1 * corner + 7 * below) / (7 * corner + 1 * below))


def test_an_item_shown_twice_counts_once_in_its_best_cell() -> None:
    got = ndcg_2d([rows(9, 8), rows(9, 7)], [floats(1.0, 0.0), floats(1.0, 0.0)], floats(1.0, 0.0, 0.0))
    assert got == pytest.approx(1.0)


def test_the_best_page_gains_everything_and_nothing_relevant_says_nothing() -> None:
    relevance = [floats(0.9, 0.5), floats(0.5, 0.1)]
    assert ndcg_2d([rows(1, 2), rows(3, 4)], relevance, floats(0.1, 0.5, 0.9, 0.5)) == pytest.approx(1.0)
    assert isnan(ndcg_2d([rows(1)], [floats(0.0)], floats(0.0)))
    assert isnan(ndcg_2d([], [], floats(1.0)))


@given(st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=4), min_size=1, max_size=4))
def test_no_page_gains_more_than_the_best(grades: list[list[float]]) -> None:
    relevance = [floats(*row) for row in grades]
    starts = np.cumsum([0, *map(len, grades)])
    shown = [np.arange(a, b, dtype=np.int32) for a, b in pairwise(starts)]
    got = ndcg_2d(shown, relevance, np.concatenate(relevance))
    assert isnan(got) or -1e-9 <= got <= 1 + 1e-9


def test_concentration_of_exposure() -> None:
    assert gini(floats(1, 1, 1, 1)) == pytest.approx(0.0)
    assert gini(floats(0, 0, 0, 1)) == pytest.approx(0.75)
    assert gini(floats(1, 2, 3, 4)) == pytest.approx(0.25)
    assert isnan(gini(floats(0, 0)))
    assert effective_catalogue(floats(1, 1, 1, 1)) == pytest.approx(4.0)
    assert effective_catalogue(floats(5, 0, 0, 0)) == pytest.approx(1.0)
    assert effective_catalogue(floats(3, 1)) == pytest.approx(2 * (0.75 + 2 * 0.25) - 1)
    assert coverage(floats(0, 2, 0, 1)) == 0.5


def test_distances_within_and_between_shelves() -> None:
    here = tagged(("a",), ("a",), ("b",), (), ("b",))
    tags = here.tags
    # Same tag: 0. Different tags: 1. Without tags: 1.
    assert intra_shelf(tags, [rows(0, 1)]) == pytest.approx(0.0, abs=1e-6)
    assert intra_shelf(tags, [rows(0, 2)]) == pytest.approx(1.0)
    assert intra_shelf(tags, [rows(0, 1, 2)]) == pytest.approx(2 / 3, abs=1e-6)
    assert intra_shelf(tags, [rows(0, 3), rows(0, 1), rows(2)]) == pytest.approx(0.5, abs=1e-6)
    assert inter_shelf(tags, [rows(0), rows(1), rows(2)]) == pytest.approx(2 / 3, abs=1e-6)
    assert inter_shelf(tags, [rows(0, 1), rows(3)]) == pytest.approx(1.0)
    # A shelf of both tags is at cos 45° from a shelf of one, since a and b are equally frequent.
    assert inter_shelf(tags, [rows(0, 2), rows(4)]) == pytest.approx(1 - 2**-0.5, abs=1e-6)
    assert isnan(intra_shelf(tags, [rows(0)]))
    assert isnan(inter_shelf(tags, [rows(0)]))


def test_novelty_is_how_few_know_an_item() -> None:
    bits = self_information(np.array([8, 4, 1, 0]), 8)
    assert bits.tolist() == [0.0, 1.0, 3.0, 3.0]
    assert novelty(bits[:3], floats(1.0, 1.0, 0.0)) == 0.5
    with pytest.raises(ValueError, match="listeners = 0"):
        self_information(np.array([1]), 0)


def test_serendipity_needs_what_is_liked_unexpected_and_unknown() -> None:
    relevance, expected = floats(0.8, 0.8, 0.8, 0.0), floats(0.0, 1.0, 0.0, 0.0)
    known = np.array([False, False, True, False])
    assert serendipity(relevance, expected, known, np.ones(4)) == pytest.approx(0.8 / 4)


def test_a_mix_like_the_listeners_is_calibrated() -> None:
    assert miscalibration(floats(7, 3), floats(70, 30)) == pytest.approx(0.0)
    # All of p's mass on a genre the page lacks: q̃ = 0.01 · p, so ln 100.
    assert miscalibration(floats(1, 0), floats(0, 1)) == pytest.approx(log(100))
    q = 0.99 * 0.25 + 0.01 * 0.5, 0.99 * 0.75 + 0.01 * 0.5
    assert miscalibration(floats(1, 1), floats(1, 3)) == pytest.approx(
        0.5 * log(0.5 / q[0]) + 0.5 * log(0.5 / q[1])
    )
    assert isnan(miscalibration(floats(0, 0), floats(1, 0)))


def test_stability_weighs_the_top_of_the_page_most() -> None:
    assert rank_biased_overlap("abcd", "abcd") == pytest.approx(1.0)
    assert rank_biased_overlap("ab", "cd") == 0.0
    # Agreement 0 at depth 1 and 1 at depth 2: p² + (1 − p)/p · p².
    assert rank_biased_overlap("ab", "ba", 0.9) == pytest.approx(0.81 + 0.1 / 0.9 * 0.81)
    top, bottom = rank_biased_overlap("abcd", "axyz"), rank_biased_overlap("abcd", "xyzd")
    assert top > bottom
    assert isnan(rank_biased_overlap("", "a"))
