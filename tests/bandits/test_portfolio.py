"""A draw among a few pages: exact within the portfolio, silent about everything outside it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy import stats

from bandits.portfolio import Portfolio, Weighting, weighted
from bandits.types import Page

EXACT = 1e-12
LAW = settings(max_examples=100, deadline=None, derandomize=True)
PAGES: tuple[Page, ...] = ((0, 1, 2), (0, 1, 3), (0, 2, 1), (4, 1, 2))

shares = st.floats(0.0, 1.0)
sharpness = st.floats(0.0, 1e6)
weightings = st.sampled_from(Weighting)
expected = hnp.arrays(np.float64, 4, elements=st.floats(-10.0, 10.0))


@LAW
@given(expected, weightings, sharpness, shares)
def test_probabilities_sum_to_one_and_favour_what_is_worth_more(
    worth: NDArray[np.float64], weighting: Weighting, sharp: float, floor: float
) -> None:
    made = weighted(PAGES, worth, weighting, sharp, floor)
    probabilities = np.array([made.probability(page) for page in PAGES])
    assert abs(probabilities.sum() - 1.0) < EXACT
    assert (probabilities >= floor / 4 - EXACT).all()
    order = np.argsort(-worth, kind="stable")
    assert (np.diff(probabilities[order]) <= EXACT).all()


def test_weights_are_those_of_the_papers() -> None:
    worth = np.array([1.0, 0.9, 0.5])
    pages = PAGES[:3]
    inverse = weighted(pages, worth, Weighting.INVERSE_GAP, 10.0, 0.0).probabilities
    np.testing.assert_allclose(inverse, [1 - 1 / 4 - 1 / 8, 1 / 4, 1 / 8], rtol=EXACT)
    soft = weighted(pages, worth, Weighting.SOFTMAX, 10.0, 0.0).probabilities
    np.testing.assert_allclose(soft, np.exp([0.0, -1.0, -5.0]) / np.exp([0.0, -1.0, -5.0]).sum(), rtol=EXACT)
    floored = weighted(pages, worth, Weighting.SOFTMAX, 10.0, 0.3).probabilities
    np.testing.assert_allclose(floored, 0.7 * soft + 0.1, rtol=EXACT)


@LAW
@given(hnp.arrays(np.float64, 4, elements=st.floats(0.01, 1.0)))
def test_conditionals_are_ratios_of_prefix_probabilities(weights: NDArray[np.float64]) -> None:
    made = Portfolio(PAGES, weights / weights.sum())
    p = dict(zip(PAGES, made.probabilities.tolist(), strict=True))
    for page in PAGES:
        prefix = [sum(q for other, q in p.items() if other[:k] == page[:k]) for k in range(4)]
        np.testing.assert_allclose(made.conditionals(page), np.divide(prefix[1:], prefix[:-1]), rtol=1e-12)
        assert np.prod(made.conditionals(page)) == pytest.approx(p[page], rel=EXACT)


def test_a_page_outside_has_no_probability() -> None:
    made = Portfolio(PAGES, np.full(4, 0.25))
    assert made.probability((0, 1, 4)) == 0.0
    np.testing.assert_allclose(made.conditionals((0, 1, 4)), [0.75, 2 / 3, 0.0])
    np.testing.assert_allclose(made.conditionals((9, 1, 2)), [0.0, 0.0, 0.0])
    with pytest.raises(ValueError, match="page has 2 slots: those of the portfolio have 3"):
        made.probability((0, 1))


def test_estimates_are_unbiased_within_the_portfolio_and_miss_what_is_outside() -> None:
    made = Portfolio(PAGES, np.array([0.7, 0.1, 0.1, 0.1]))
    reward = {page: float(i) for i, page in enumerate((*PAGES, (5, 6, 7)))}

    def ips(target: dict[Page, float]) -> float:
        return sum(made.probability(p) * target.get(p, 0.0) / made.probability(p) * reward[p] for p in PAGES)

    within = {PAGES[1]: 0.25, PAGES[3]: 0.75}
    assert ips(within) == pytest.approx(0.25 * 1 + 0.75 * 3, abs=EXACT)
    outside = {PAGES[1]: 0.5, (5, 6, 7): 0.5}
    assert ips(outside) == pytest.approx(0.5 * 1)
    assert sum(outside[p] * reward[p] for p in outside) == pytest.approx(0.5 * 1 + 0.5 * 4)


def test_a_draw_logs_what_the_portfolio_says() -> None:
    made = Portfolio(PAGES, np.array([0.7, 0.0, 0.2, 0.1]))
    rng, seen = np.random.default_rng(0), np.zeros(4)
    for _ in range(4000):
        drawn = made.draw(rng)
        seen[PAGES.index(drawn.page)] += 1
        assert drawn.propensity == made.probability(drawn.page)
        assert drawn.explored == (drawn.page != PAGES[0])
        assert drawn.anchor_exploration == 0.7
        np.testing.assert_array_equal(drawn.conditionals, made.conditionals(drawn.page))
    assert seen[1] == 0.0
    assert made.draw(np.random.default_rng(0)).support_sizes == (2, 2, 2)
    # A right sampler fails this at one seed in a thousand, and the seed is fixed.
    drawn_ = made.probabilities > 0.0
    assert stats.chisquare(seen[drawn_], 4000 * made.probabilities[drawn_]).pvalue > 0.001


@pytest.mark.parametrize(
    ("pages", "probabilities", "message"),
    [
        ((), np.array([]), "different pages of the same length"),
        (((0, 1), (0, 1)), np.full(2, 0.5), "different pages"),
        (((0, 1), (0,)), np.full(2, 0.5), "same length"),
        (((0, 1), (1, 0)), np.array([0.5, 0.6]), "sum to 1"),
        (((0, 1), (1, 0)), np.array([1.5, -0.5]), "sum to 1"),
        (((0, 1), (1, 0)), np.array([1.0]), "give 2 of them"),
    ],
)
def test_what_is_no_portfolio_is_refused(
    pages: tuple[Page, ...], probabilities: NDArray[np.float64], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Portfolio(pages, probabilities)


@pytest.mark.parametrize(
    ("sharp", "floor", "worth", "message"),
    [
        (-1.0, 0.1, np.zeros(4), "sharpness = -1.0"),
        (float("inf"), 0.1, np.zeros(4), "sharpness = inf"),
        (1.0, 1.1, np.zeros(4), "floor = 1.1"),
        (1.0, 0.1, np.zeros(3), "one finite number per page, 4 in all"),
        (1.0, 0.1, np.full(4, np.nan), "one finite number per page"),
    ],
)
def test_what_is_out_of_range_is_named(
    sharp: float, floor: float, worth: NDArray[np.float64], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        weighted(PAGES, worth, Weighting.SOFTMAX, sharp, floor)
