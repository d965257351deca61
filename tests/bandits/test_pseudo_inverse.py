"""The pseudo-inverse estimator against known truth: unbiased where rewards are sums over slots."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandits.ope.independent_ips import independent_ips
from bandits.ope.intervals import empirical_bernstein, normal, weighted_terms
from bandits.ope.page_ips import page_ips
from bandits.ope.page_support import PageSupport, chance_of_listing, sampled_support
from bandits.ope.pseudo_inverse import (
    pseudo_inverse,
    pseudo_inverse_cv,
    pseudo_inverse_sn,
    pseudo_inverse_weights,
)
from tests.bandits.slate_world import Structure, exact_weights, support_of, world

EXACT = 1e-10


@pytest.mark.parametrize("seed", range(4))
def test_it_is_unbiased_where_rewards_are_sums_over_slots(seed: int) -> None:
    here = world("independent", seed)
    estimate = pseudo_inverse(here.every_page(), exact_weights(here))
    assert float(here.visits @ estimate.numerator) == pytest.approx(here.truth, abs=EXACT)


def test_it_needs_no_reward_of_slots() -> None:
    """The whole reward in the bottom slot, as where only pages are paid: the same estimate."""
    here = world("independent")
    rounds = here.every_page()
    bottom = np.zeros(rounds.slot_reward.shape)
    bottom[:, -1] = rounds.reward
    moved, weights = replace(rounds, slot_reward=bottom), exact_weights(here)
    np.testing.assert_allclose(
        pseudo_inverse(moved, weights).numerator, pseudo_inverse(rounds, weights).numerator
    )
    assert abs(float(here.visits @ independent_ips(moved).numerator) - here.truth) > 0.01


@pytest.mark.parametrize("structure", ["cascade", "interacting"])
def test_it_is_biased_where_shelves_compete(structure: Structure) -> None:
    """How much depends on the policies: in some of four worlds by more than a hundredth of a click."""
    biases = []
    for here in (world(structure, seed) for seed in range(4)):
        estimate = pseudo_inverse(here.every_page(), exact_weights(here))
        biases.append(float(here.visits @ estimate.numerator) - here.truth)
    assert max(map(abs, biases)) > 0.01


def test_weights_are_those_of_the_closed_form_under_independent_slots() -> None:
    """Slots drawn independently: w = 1 − K + Σ_k π_k(a_k) / μ_k(a_k) (Swaminathan et al., example)."""
    rng = np.random.default_rng(0)
    mu, pi = rng.dirichlet(np.ones(3), 2), rng.dirichlet(np.ones(3), 2)
    pages = tuple((a, 3 + b) for a in range(3) for b in range(3))
    logging, target = (np.outer(each[0], each[1]).ravel() for each in (mu, pi))
    found = pseudo_inverse_weights(PageSupport(pages, logging, target))
    expected = np.add.outer(pi[0] / mu[0], pi[1] / mu[1]).ravel() - 1.0
    np.testing.assert_allclose(found.weights, expected, rtol=1e-9)
    assert found.missing < 1e-7


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_weights_are_one_when_the_target_is_the_logging_policy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pages = tuple((a, b) for a in range(4) for b in range(4) if a != b)
    logging = rng.dirichlet(np.full(len(pages), 0.3))
    found = pseudo_inverse_weights(PageSupport(pages, logging, logging))
    np.testing.assert_allclose(found.weights[logging > 1e-6], 1.0, atol=1e-4)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(2, 12))
def test_the_expectation_is_exact_for_any_pages_policies_and_additive_rewards(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    every = [(a, b, c) for a in range(4) for b in range(4) for c in range(4) if len({a, b, c}) == 3]
    pages = tuple(every[i] for i in rng.choice(len(every), count, replace=False))
    logging, target = rng.dirichlet(np.ones(count)), rng.dirichlet(np.full(count, 0.3))
    worth = rng.normal(size=(3, 4))
    reward = np.array([sum(worth[slot, shelf] for slot, shelf in enumerate(page)) for page in pages])
    found = pseudo_inverse_weights(PageSupport(pages, logging, target))
    assert float(logging @ (found.weights * reward)) == pytest.approx(float(target @ reward), abs=1e-6)


def test_what_the_log_cannot_express_is_reported() -> None:
    pages = ((0, 1), (1, 0), (0, 2))
    logged = np.array([0.5, 0.5, 0.0])
    outside = pseudo_inverse_weights(PageSupport(pages, logged, np.array([0.0, 0.0, 1.0])))
    within = pseudo_inverse_weights(PageSupport(pages, logged, np.array([0.2, 0.8, 0.0])))
    assert outside.missing > 0.5
    assert within.missing < 1e-7


def test_linear_support_is_more_than_the_support_of_pages() -> None:
    """A page that was never logged, whose shelves were all seen in their slots, has its value estimated."""
    pages = ((0, 2), (0, 3), (1, 2), (1, 3))
    logging, target = np.array([0.4, 0.3, 0.3, 0.0]), np.array([0.0, 0.0, 0.0, 1.0])
    found = pseudo_inverse_weights(PageSupport(pages, logging, target))
    reward = np.array([1.0, 2.0, 5.0, 6.0])
    assert found.missing < 1e-7
    assert float(logging @ (found.weights * reward)) == pytest.approx(6.0)


def test_variates_lower_the_error_and_intervals_cover() -> None:
    """500 logs of 1000 pages, 95 % intervals: four standard errors of 0.0097 either way."""
    here, rng = world("independent"), np.random.default_rng(1)
    weights = exact_weights(here)
    kinds = (
        pseudo_inverse,
        pseudo_inverse_sn,
        pseudo_inverse_cv,
        partial(pseudo_inverse_cv, per_slot=True),
    )
    values, covered = [], []
    for _ in range(500):
        log = here.log(1000, rng)
        estimates = [page_ips(log.rounds), *(kind(log.rounds, weights[log.rows]) for kind in kinds)]
        values.append([estimate.value for estimate in estimates])
        covered.append([not normal(estimate).excludes(here.truth) for estimate in estimates[1:]])
    page, plain, normalised, one, many = np.sqrt(np.mean((np.array(values) - here.truth) ** 2, axis=0))
    assert many < 1.02 * one
    assert one < 1.02 * min(plain, normalised)
    assert plain < 0.9 * page
    assert normalised < 0.6 * page
    np.testing.assert_allclose(np.mean(covered, axis=0), 0.95, atol=0.039)


def test_weights_that_are_one_but_for_rounding_change_nothing() -> None:
    rounds = world("independent").log(200, np.random.default_rng(5)).rounds
    weights = 1.0 + 1e-10 * np.random.default_rng(6).normal(size=200)
    assert pseudo_inverse_cv(rounds, weights).value == pytest.approx(rounds.reward.mean(), abs=1e-8)


def test_estimates_with_fitted_parts_are_no_means() -> None:
    here = world("independent")
    log = here.log(100, np.random.default_rng(2))
    estimate = pseudo_inverse_cv(log.rounds, exact_weights(here)[log.rows])
    with pytest.raises(ValueError, match="not a mean"):
        empirical_bernstein(estimate, weighted_terms(100.0))


def test_a_sampled_support_becomes_the_exact_one() -> None:
    here, rng = world("independent"), np.random.default_rng(3)
    support = support_of(here, 0)
    both, exact = np.array([support.logging, support.target]), pseudo_inverse_weights(support).weights
    errors = []
    for draws in (8, 1000):
        drawn = np.unique([i for p in both for i in rng.choice(len(p), draws, p=p)])
        pages, listed = tuple(support.pages[i] for i in drawn), chance_of_listing(both, draws)[drawn]
        sampled = sampled_support(pages, both[0, drawn], both[1, drawn], listed)
        assert sampled.exact == (len(pages) == len(support.pages))
        errors.append(float(np.abs(pseudo_inverse_weights(sampled).weights - exact[drawn]).max()))
    assert errors[0] > 0.01
    assert errors[1] < EXACT


def test_listed_pages_stand_for_all_without_bias() -> None:
    """Probabilities over chances of being listed sum to 1 on average: within four standard errors."""
    rng = np.random.default_rng(4)
    both = rng.dirichlet(np.full(40, 0.3), 2)
    listed, sums = chance_of_listing(both, 10), []
    for _ in range(4000):
        drawn = np.unique([i for p in both for i in rng.choice(40, 10, p=p)])
        sums.append((both[:, drawn] / listed[drawn]).sum(axis=1))
    slack = 4.0 * np.std(sums, axis=0) / np.sqrt(len(sums))
    assert (np.abs(np.mean(sums, axis=0) - 1.0) < slack).all()


def test_supports_and_weights_that_cannot_be_are_refused() -> None:
    half = np.full(2, 0.5)
    with pytest.raises(ValueError, match="pages repeat"):
        PageSupport(((0,), (0,)), half, half)
    with pytest.raises(ValueError, match=r"logging sums to 0\.5"):
        PageSupport(((0,), (1,)), half / 2.0, half)
    with pytest.raises(ValueError, match="target = "):
        PageSupport(((0,), (1,)), half, np.array([1.5, -0.5]))
    rounds = world("independent").log(4, np.random.default_rng(0)).rounds
    with pytest.raises(ValueError, match="one for each of 4 pages"):
        pseudo_inverse(rounds, np.ones(3))
    with pytest.raises(ValueError, match="weights: must be finite"):
        pseudo_inverse(rounds, np.array([1.0, np.nan, 1.0, 1.0]))
    with pytest.raises(ValueError, match="weights sum to 0"):
        pseudo_inverse_sn(rounds, np.zeros(4))
