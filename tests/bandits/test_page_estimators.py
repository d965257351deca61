"""Estimators of whole pages against known truth: exactly, by listing every page a log could hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandits.ope.cascade import cascade_dr, cascade_ips
from bandits.ope.cascade_model import SlotFeatures, fit
from bandits.ope.estimators import Estimate
from bandits.ope.independent_ips import independent_ips, independent_snips
from bandits.ope.intervals import bootstrap, empirical_bernstein, normal, weighted_terms
from bandits.ope.page_ips import page_ips, page_snips
from bandits.ope.reward_interaction import reward_interaction_ips
from bandits.ope.slates import SlateRounds
from tests.bandits.slate_world import SLOTS, STRUCTURES, SlateWorld, Structure, features_of, world

Estimator = Callable[[SlateRounds], Estimate]
EXACT = 1e-12


def expectation(here: SlateWorld, estimator: Estimator) -> float:
    """The exact expected value of a mean over pages."""
    return float(here.visits @ estimator(here.every_page()).numerator)


def guessing_dr(rounds: SlateRounds) -> Estimate:
    """Cascade-DR with predictions that know nothing, the same for every page: its means are exact."""
    guess = np.broadcast_to(np.array([0.9, 0.1, 0.4]), rounds.slot_reward.shape)
    return cascade_dr(rounds, guess, guess)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_page_ips_is_unbiased_whatever_the_structure(structure: Structure) -> None:
    here = world(structure)
    assert expectation(here, page_ips) == pytest.approx(here.truth, abs=EXACT)


@pytest.mark.parametrize("estimator", [cascade_ips, guessing_dr])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_cascade_estimators_are_unbiased_unless_slots_below_matter(
    structure: Structure, estimator: Estimator
) -> None:
    here = world(structure)
    bias = expectation(here, estimator) - here.truth
    assert (abs(bias) > 0.01) if structure == "interacting" else (abs(bias) < EXACT)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_independent_ips_is_unbiased_only_if_slots_stand_alone(structure: Structure) -> None:
    here = world(structure)
    bias = expectation(here, independent_ips) - here.truth
    assert (abs(bias) < EXACT) if structure == "independent" else (abs(bias) > 0.01)


def test_cascade_dr_stays_unbiased_with_exact_means_of_any_prediction() -> None:
    """q̂ differs by shelf, and its mean is over the target's own choice, below every beginning."""
    here = world("cascade")
    rounds = here.every_page()
    features = features_of(here)
    q = np.random.default_rng(3).normal(size=features.shown.shape[1:])
    shown, expected = (np.einsum("pkd,kd->pk", each, q) for each in (features.shown, features.expected))
    value = float(here.visits @ cascade_dr(rounds, shown, expected).numerator)
    assert value == pytest.approx(here.truth, abs=EXACT)


def test_cascade_dr_without_predictions_is_cascade_ips() -> None:
    rounds = world("cascade").log(50, np.random.default_rng(0)).rounds
    nothing = np.zeros(rounds.slot_reward.shape)
    np.testing.assert_array_equal(
        cascade_dr(rounds, nothing, nothing).numerator, cascade_ips(rounds).numerator
    )


def test_cascade_dr_varies_less_than_cascade_ips_and_that_less_than_page_ips() -> None:
    here, rng = world("cascade"), np.random.default_rng(1)
    values = []
    for _ in range(200):
        log = here.log(1000, rng)
        rounds = log.rounds
        predicted = fit(rounds, features_of(here, log.rows), rng)
        dr = cascade_dr(rounds, predicted.shown, predicted.expected)
        values.append([page_ips(rounds).value, cascade_ips(rounds).value, dr.value])
    error = np.sqrt(np.mean((np.array(values) - here.truth) ** 2, axis=0))
    assert error[2] < 0.9 * error[1]
    assert error[1] < error[0]


CONSISTENT: list[tuple[Structure, Estimator]] = [
    ("interacting", page_snips),
    ("independent", independent_snips),
    ("cascade", reward_interaction_ips),
]


@pytest.mark.parametrize(("structure", "estimator"), CONSISTENT)
def test_normalised_estimators_centre_on_the_truth(structure: Structure, estimator: Estimator) -> None:
    here, rng = world(structure), np.random.default_rng(2)
    values = np.array([estimator(here.log(1000, rng).rounds).value for _ in range(500)])
    # Four Monte-Carlo standard errors, and a bias of the order of a variance.
    slack = 4.0 * values.std() / np.sqrt(len(values)) + 4.0 * values.var()
    assert values.mean() == pytest.approx(here.truth, abs=slack)


@pytest.mark.parametrize(("structure", "estimator"), CONSISTENT)
def test_intervals_of_normalised_estimators_cover(structure: Structure, estimator: Estimator) -> None:
    """Linearised sums of ratios have the right variance. 500 logs: four standard errors of 0.0097."""
    here, rng = world(structure), np.random.default_rng(4)
    hits = sum(not normal(estimator(here.log(1000, rng).rounds)).excludes(here.truth) for _ in range(500))
    assert hits / 500 == pytest.approx(0.95, abs=0.039)


@pytest.mark.parametrize("estimator", [independent_snips, reward_interaction_ips])
def test_normalised_estimates_are_no_means_and_bootstrap_alike(estimator: Estimator) -> None:
    rounds = world("cascade").log(2000, np.random.default_rng(5)).rounds
    estimate = estimator(rounds)
    with pytest.raises(ValueError, match="not a mean"):
        empirical_bernstein(estimate, weighted_terms(100.0))
    by_formula, resampled = normal(estimate), bootstrap(estimate, np.random.default_rng(6))
    width = by_formula.high - by_formula.low
    assert resampled.low == pytest.approx(by_formula.low, abs=0.1 * width)
    assert resampled.high == pytest.approx(by_formula.high, abs=0.1 * width)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.sampled_from(STRUCTURES))
def test_estimates_are_the_mean_reward_when_the_target_is_the_logging_policy(
    seed: int, structure: Structure
) -> None:
    rounds = world(structure).log(60, np.random.default_rng(seed)).rounds
    same = replace(
        rounds,
        target=rounds.propensity,
        prefix_target=rounds.prefix_propensity,
        slot_target=rounds.slot_propensity,
    )
    mean = float(rounds.reward.mean())
    for estimator in (page_ips, page_snips, independent_ips, independent_snips, cascade_ips, guessing_dr):
        assert estimator(same).value == pytest.approx(mean, rel=1e-9, abs=EXACT)
    for lookback in (None, 0, 1):
        assert reward_interaction_ips(same, lookback).value == pytest.approx(mean, rel=1e-9, abs=EXACT)


def test_a_shorter_lookback_trades_bias_for_variance() -> None:
    here, rng = world("cascade"), np.random.default_rng(7)
    values = []
    for _ in range(100):
        rounds = here.log(1000, rng).rounds
        values.append([reward_interaction_ips(rounds, lookback).value for lookback in (0, 5)])
    short, full = np.array(values).T
    assert short.std() < full.std()
    assert abs(short.mean() - here.truth) > abs(full.mean() - here.truth)
    assert full[-1] == reward_interaction_ips(rounds).value
    with pytest.raises(ValueError, match="lookback = -1"):
        reward_interaction_ips(rounds, -1)


def test_slots_outside_a_page_change_nothing() -> None:
    """A log padded by a slot that no page has gives what it gave."""
    rounds = world("cascade").log(80, np.random.default_rng(8)).rounds
    padded = pad(rounds)
    for estimator in (page_ips, independent_ips, independent_snips, cascade_ips, reward_interaction_ips):
        assert estimator(padded).value == estimator(rounds).value
        assert normal(estimator(padded)) == normal(estimator(rounds))
    wide = np.full(padded.slot_reward.shape, 0.3)
    np.testing.assert_array_equal(
        cascade_dr(padded, wide, wide).numerator, cascade_dr(rounds, wide[:, :-1], wide[:, :-1]).numerator
    )


def pad(rounds: SlateRounds) -> SlateRounds:
    """One more slot to the right, without a shelf."""

    def wider(table: np.ndarray, value: float) -> np.ndarray:
        return np.pad(table, ((0, 0), (0, 1)), constant_values=value)

    return replace(
        rounds,
        slot_reward=wider(rounds.slot_reward, 7.0),
        prefix_propensity=wider(rounds.prefix_propensity, np.nan),
        prefix_target=wider(rounds.prefix_target, np.nan),
        slot_propensity=wider(rounds.slot_propensity, np.nan),
        slot_target=wider(rounds.slot_target, np.nan),
        filled=wider(rounds.filled, False),
    )


def test_no_overlap_is_an_error_that_names_the_slot() -> None:
    rounds = world("cascade").log(20, np.random.default_rng(9)).rounds
    none = replace(rounds, target=np.zeros(20), prefix_target=np.zeros((20, SLOTS)))
    with pytest.raises(ValueError, match="target is 0 in slot 1 on every page"):
        reward_interaction_ips(none)
    with pytest.raises(ValueError, match="target is 0 on every round"):
        page_snips(none)


def test_predictions_keep_their_fold_out() -> None:
    """A page's own reward does not reach its prediction, nor does that of another page of its group."""
    here, rng = world("cascade"), np.random.default_rng(10)
    log = here.log(60, rng)
    rounds = log.rounds
    grouped = replace(rounds, group=np.arange(60) // 3)
    changed = replace(grouped, slot_reward=grouped.slot_reward.copy())
    changed.slot_reward[6:9] += 5.0
    features = features_of(here, log.rows)
    before, after = (fit(each, features, np.random.default_rng(0)) for each in (grouped, changed))
    np.testing.assert_array_equal(before.shown[6:9], after.shown[6:9])
    assert not np.array_equal(before.shown, after.shown)


def test_models_and_predictions_that_cannot_be_are_refused() -> None:
    here, rng = world("cascade"), np.random.default_rng(11)
    log = here.log(10, rng)
    rounds = log.rounds
    features = features_of(here, log.rows)
    with pytest.raises(ValueError, match="must lie between 2 and the 3 independent groups"):
        fit(replace(rounds, group=np.arange(10) % 3), features, rng)
    with pytest.raises(ValueError, match="folds = 1"):
        fit(rounds, features, rng, folds=1)
    with pytest.raises(ValueError, match="both must be"):
        SlotFeatures(features.shown, features.expected[:, :, :1])
    with pytest.raises(ValueError, match="expected: features must be finite"):
        SlotFeatures(features.shown, features.expected * np.nan)
    right = np.zeros(rounds.slot_reward.shape)
    with pytest.raises(ValueError, match="shown has shape"):
        cascade_dr(rounds, right[:, :1], right)
    with pytest.raises(ValueError, match=r"expected: predictions must be finite.*row 0: nan"):
        cascade_dr(rounds, right, right * np.nan)
