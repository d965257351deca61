"""The action distribution of Thompson sampling."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta as beta_law

from bandits.ope.thompson import bernoulli_thompson


def test_two_arms_win_as_often_as_their_posteriors_say() -> None:
    alpha, beta = np.array([3.0, 5.0]), np.array([4.0, 3.0])
    found = bernoulli_thompson(alpha, beta, 2, simulations=40_000)
    density, below = beta_law(3.0, 4.0).pdf, beta_law(5.0, 3.0).cdf
    first_wins, _ = quad(lambda x: float(density(x)) * float(below(x)), 0.0, 1.0)
    # Four standard errors of 40,000 draws.
    assert found[0, 0] == pytest.approx(first_wins, abs=0.01)
    assert found.sum(axis=0) == pytest.approx([1.0, 1.0])
    assert found.sum(axis=1) == pytest.approx([1.0, 1.0])


def test_draws_are_the_same_for_a_seed_however_many_there_are() -> None:
    alpha, beta = np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])
    long = bernoulli_thompson(alpha, beta, 1, simulations=15_000, seed=1)
    short = bernoulli_thompson(alpha, beta, 1, simulations=10_000, seed=1)
    rest = 15_000 * long - 10_000 * short
    assert (rest > 0.0).all()
    assert rest.sum() == pytest.approx(5_000)


def test_parameters_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="alpha, beta: must be positive"):
        bernoulli_thompson(np.array([0.0, 1.0]), np.ones(2), 1)
    with pytest.raises(ValueError, match="positions = 3"):
        bernoulli_thompson(np.ones(2), np.ones(2), 3)
