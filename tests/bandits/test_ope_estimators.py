"""Estimators with a reward model, of several loggers and over embeddings, against known truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandits.ope.actions import ModelledRounds, Table
from bandits.ope.classified import balanced_snips, classified_weights
from bandits.ope.doubly_robust import dm, dr, dros, sndr, sub_gaussian_dr, switch_dr
from bandits.ope.estimators import Estimate, ips, rejection, replay, snips, sub_gaussian_ips
from bandits.ope.intervals import corrected_terms, empirical_bernstein, normal
from bandits.ope.marginalised import fitted_marginal_weights, known_marginal_weights, mips, snmips
from bandits.ope.multi_logger import LoggedBySeveral, balanced_dr, balanced_ips, weighted_dr, weighted_ips
from bandits.ope.reward_models import LogisticReward, RidgeReward, cross_fit, mrdr_weights
from bandits.ope.rounds import Column, Rounds
from tests.bandits.worlds import ACTIONS, KINDS, World, make_world

WORLD = make_world(0)
BY_GENRE = make_world(1, by_genre=True)
# Every weight is at most 1 / the least propensity.
WEIGHT_BOUND = float((WORLD.target / WORLD.loggers[0]).max())


def modelled(m: int, seed: int, noise: float = 0.1) -> ModelledRounds:
    """A log with a reward model that is wrong by `noise`, and knows nothing of the rewards it is used on."""
    rng = np.random.default_rng(seed)
    rounds, _, _ = WORLD.log(m, rng)
    wrong = WORLD.rates + noise * np.random.default_rng(99).normal(size=WORLD.rates.shape)
    return rounds.modelled(_of_kind(rounds.context, wrong))


def _of_kind(context: Table, table: Table) -> Table:
    kind = np.abs(context[:, None, :] - WORLD.features[None]).sum(axis=2).argmin(axis=1)
    return np.asarray(np.clip(table[kind], 0.0, 1.0), dtype=np.float64)


LIMITS_OF_FAMILIES: list[
    tuple[Callable[[ModelledRounds], Estimate], Callable[[ModelledRounds], Estimate]]
] = [
    (lambda r: switch_dr(r, 0.0), dm),
    (lambda r: switch_dr(r, np.inf), dr),
    (lambda r: dros(r, 1e-12), dm),
    (lambda r: dros(r, np.inf), dr),
    (lambda r: dros(r, 1e12), dr),
    (lambda r: sub_gaussian_dr(r, 0.0), dr),
    (lambda r: dr(r, 1e9), dr),
    (lambda r: sub_gaussian_ips(r.rounds, 0.0), lambda r: ips(r.rounds)),
    (lambda r: sub_gaussian_ips(r.rounds, 1.0), lambda r: _logged(r.rounds)),
    (lambda r: dr(replace(r, shown=0.0 * r.shown, expected=0.0 * r.shown)), lambda r: ips(r.rounds)),
    (lambda r: sndr(replace(r, shown=0.0 * r.shown, expected=0.0 * r.shown)), lambda r: snips(r.rounds)),
]


def _logged(rounds: Rounds) -> Estimate:
    shown = (rounds.target > 0.0).astype(np.float64)
    return Estimate("mean", shown * rounds.reward, np.ones(len(rounds)), rounds.group)


@pytest.mark.parametrize(("member", "limit"), LIMITS_OF_FAMILIES)
def test_families_reach_from_one_estimator_to_another(
    member: Callable[[ModelledRounds], Estimate], limit: Callable[[ModelledRounds], Estimate]
) -> None:
    rounds = modelled(300, seed=3)
    assert member(rounds).value == pytest.approx(limit(rounds).value, rel=1e-9)


def test_dr_is_exact_when_the_model_is_and_rewards_are_certain() -> None:
    rounds = modelled(200, seed=4)
    certain = replace(rounds, rounds=replace(rounds.rounds, reward=rounds.shown))
    for estimate in (dr(certain), sndr(certain), switch_dr(certain, 1.0), dros(certain, 2.0)):
        assert estimate.value == pytest.approx(dm(certain).value, rel=1e-12)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.floats(-3, 3))
def test_a_shift_of_rewards_and_model_shifts_doubly_robust_estimates(seed: int, shift: float) -> None:
    rounds = modelled(60, seed)
    moved = ModelledRounds(
        replace(rounds.rounds, reward=rounds.rounds.reward + shift),
        rounds.shown + shift,
        rounds.expected + shift,
    )
    for estimator in (dm, dr, sndr, lambda r: switch_dr(r, 1.0), lambda r: dros(r, 2.0)):
        assert estimator(moved).value == pytest.approx(estimator(rounds).value + shift, abs=1e-9)


Simulated = Callable[[np.random.Generator], Estimate]


def _with_model(estimator: Callable[[ModelledRounds], Estimate]) -> Simulated:
    return lambda rng: estimator(modelled(400, seed=int(rng.integers(2**31))))


def _with_loggers(estimator: Callable[[Rounds, LoggedBySeveral], Estimate]) -> Simulated:
    def draw(rng: np.random.Generator) -> Estimate:
        rounds, _, logged = WORLD.log(400, rng, loggers=2)
        return estimator(rounds.rounds, logged)

    return draw


def _balanced_dr(rng: np.random.Generator) -> Estimate:
    rounds, _, logged = WORLD.log(400, rng, loggers=2)
    return balanced_dr(rounds.modelled(_of_kind(rounds.context, WORLD.rates)), logged)


def _weighted_dr(rng: np.random.Generator) -> Estimate:
    rounds, _, logged = WORLD.log(400, rng, loggers=2)
    return weighted_dr(rounds.modelled(_of_kind(rounds.context, WORLD.rates)), logged)


def _rejection(rng: np.random.Generator) -> Estimate:
    rounds, _, _ = WORLD.log(400, rng)
    return rejection(rounds.rounds, WEIGHT_BOUND, rng)


def _by_embedding(world: World, estimator: Callable[..., Estimate]) -> Simulated:
    def draw(rng: np.random.Generator) -> Estimate:
        rounds, logging, _ = world.log(400, rng)
        same = (world.genre[rounds.action][:, None] == world.genre[None, :]).astype(np.float64)
        return estimator(rounds, known_marginal_weights(rounds.target, logging, same))

    return draw


UNBIASED: dict[str, tuple[World, Simulated]] = {
    "dr": (WORLD, _with_model(dr)),
    "sndr": (WORLD, _with_model(sndr)),
    "balanced_ips": (WORLD, _with_loggers(balanced_ips)),
    "balanced_dr": (WORLD, _balanced_dr),
    "weighted_dr": (WORLD, _weighted_dr),
    "rejection": (WORLD, _rejection),
    "mips": (BY_GENRE, _by_embedding(BY_GENRE, mips)),
    "snmips": (BY_GENRE, _by_embedding(BY_GENRE, snmips)),
}


@pytest.mark.parametrize("name", UNBIASED)
def test_estimates_centre_on_the_truth_and_intervals_cover_it(name: str) -> None:
    world, draw = UNBIASED[name]
    rng = np.random.default_rng(5)
    intervals = [normal(draw(rng)) for _ in range(600)]
    values = np.array([interval.value for interval in intervals])
    # Four Monte-Carlo standard errors of the mean, and of a share of 600 at 95 %.
    assert values.mean() == pytest.approx(world.truth, abs=4.0 * values.std() / np.sqrt(len(values)))
    covered = np.mean([not interval.excludes(world.truth) for interval in intervals])
    assert covered == pytest.approx(0.95, abs=0.036)


def _spread(draw: Simulated) -> float:
    rng = np.random.default_rng(6)
    return float(np.std([draw(rng).value for _ in range(400)]))


def test_what_is_promised_of_variance_holds() -> None:
    def own_ips(rng: np.random.Generator) -> Estimate:
        rounds, _, _ = WORLD.log(400, rng, loggers=2)
        return ips(rounds.rounds)

    def ips_by_genre(rng: np.random.Generator) -> Estimate:
        return ips(BY_GENRE.log(400, rng)[0].rounds)

    assert _spread(_with_model(dr)) < 0.9 * _spread(_with_model(lambda r: ips(r.rounds)))
    assert _spread(_with_loggers(balanced_ips)) < 0.95 * _spread(own_ips)
    assert _spread(_by_embedding(BY_GENRE, mips)) < 0.95 * _spread(ips_by_genre)
    assert _spread(_rejection) > 1.2 * _spread(_with_model(lambda r: ips(r.rounds)))


def test_a_wrong_model_biases_dm_and_not_dr() -> None:
    rounds = modelled(30_000, seed=7, noise=0.3)
    assert normal(dm(rounds)).excludes(WORLD.truth)
    assert not normal(dr(rounds)).excludes(WORLD.truth)


def test_marginal_weights_miss_what_the_embedding_leaves_out() -> None:
    rng = np.random.default_rng(8)
    rounds, logging, _ = WORLD.log(60_000, rng)
    same = (WORLD.genre[rounds.action][:, None] == WORLD.genre[None, :]).astype(np.float64)
    assert normal(mips(rounds, known_marginal_weights(rounds.target, logging, same))).excludes(WORLD.truth)


def test_fitted_marginal_weights_are_close_to_known_ones() -> None:
    rounds, logging, _ = BY_GENRE.log(20_000, np.random.default_rng(9))
    genre = BY_GENRE.genre[rounds.action]
    same = (genre[:, None] == BY_GENRE.genre[None, :]).astype(np.float64)
    known = known_marginal_weights(rounds.target, logging, same)
    # One indicator per kind of listener, so that the regression can be as exact as the log is long.
    kind = np.abs(rounds.context[:, None, :] - BY_GENRE.features[None]).sum(axis=2).argmin(axis=1)
    saturated = replace(rounds, context=np.eye(KINDS)[kind])
    fitted = fitted_marginal_weights(saturated, logging, genre[:, None])
    assert np.corrcoef(fitted, known)[0, 1] > 0.9
    assert mips(rounds, fitted).value == pytest.approx(mips(rounds, known).value, rel=0.03)


def test_an_embedding_that_could_not_be_shown_is_an_error() -> None:
    with pytest.raises(ValueError, match="row 1 shows an embedding"):
        known_marginal_weights(np.ones((2, 1)), np.array([[1.0], [0.0]]), np.ones((2, 1)))


def test_replay_is_the_mean_where_a_certain_target_agrees() -> None:
    reward, target = np.array([1.0, 0.0, 0.5, 0.9]), np.array([1.0, 1.0, 0.0, 0.0])
    assert replay(Rounds(reward, np.full(4, 0.5), target)).value == 0.5
    with pytest.raises(ValueError, match=r"replay needs a target that is certain.*row 1: 0\.3"):
        replay(Rounds(reward, np.full(4, 0.5), np.array([1.0, 0.3, 0.0, 0.0])))
    with pytest.raises(ValueError, match="target is 0 on every round"):
        replay(Rounds(reward, np.full(4, 0.5), np.zeros(4)))


def test_rejection_states_what_it_needs() -> None:
    rounds = Rounds(np.ones(4), np.full(4, 0.5), np.full(4, 0.25))
    with pytest.raises(ValueError, match=r"weight_bound = 0\.4: a round has weight 0\.5"):
        rejection(rounds, 0.4, np.random.default_rng(0))
    with pytest.raises(ValueError, match="no round of 4 was accepted"):
        rejection(rounds, 1e9, np.random.default_rng(0))


def test_hyper_parameters_outside_their_range_are_refused() -> None:
    rounds = modelled(20, seed=1)
    with pytest.raises(ValueError, match=r"smoothing = 1\.5"):
        sub_gaussian_ips(rounds.rounds, 1.5)
    with pytest.raises(ValueError, match="threshold = -1"):
        switch_dr(rounds, -1.0)
    with pytest.raises(ValueError, match="shrinkage = 0"):
        dros(rounds, 0.0)
    with pytest.raises(ValueError, match="limit = -2"):
        dr(rounds, -2.0)


def test_empirical_bernstein_covers_the_doubly_robust_estimate() -> None:
    hits = 0
    for seed in range(300):
        interval = empirical_bernstein(dr(modelled(60, seed)), corrected_terms(WEIGHT_BOUND))
        hits += not interval.excludes(WORLD.truth)
    assert hits >= 285
    with pytest.raises(ValueError, match="state the true bounds"):
        empirical_bernstein(dr(modelled(60, 1)), corrected_terms(0.01, predictions=(0.4, 0.6)))
    with pytest.raises(ValueError, match="not a mean over rounds"):
        empirical_bernstein(sndr(modelled(60, 1)), corrected_terms(WEIGHT_BOUND))


def test_loggers_that_cannot_be_are_refused() -> None:
    shown = np.full((4, 2), 0.5)
    with pytest.raises(ValueError, match=r"logger: shape \(3,\)"):
        LoggedBySeveral(np.array([0, 1, 0]), shown)
    with pytest.raises(ValueError, match=r"indices must lie in \[0, 2\)"):
        LoggedBySeveral(np.array([0, 1, 2, 0]), shown)
    with pytest.raises(ValueError, match=r"rounds per logger are \[3, 1\]"):
        LoggedBySeveral(np.array([0, 0, 0, 1]), shown)
    with pytest.raises(ValueError, match="positive under the logger"):
        LoggedBySeveral(np.array([0, 0, 1, 1]), np.array([[0.0, 1.0]] * 4))
    still = Rounds(np.array([0.0, 1.0, 0.0, 0.0]), np.full(4, 0.5), np.full(4, 0.5))
    with pytest.raises(ValueError, match="logger 1: its rounds do not vary"):
        weighted_ips(still, LoggedBySeveral(np.array([0, 0, 1, 1]), shown))


@pytest.mark.parametrize("make", [LogisticReward, RidgeReward])
def test_cross_fitted_models_predict_rewards(make: Callable[[], LogisticReward | RidgeReward]) -> None:
    rng = np.random.default_rng(10)
    rounds, _, _ = WORLD.log(8000, rng)
    q = cross_fit(rounds, make, rng)
    truth = _of_kind(rounds.context, WORLD.rates)
    constant = np.full(truth.shape, rounds.reward.mean())
    assert ((q >= 0.0) & (q <= 1.0)).all()
    # The world has interactions that these additive models cannot learn.
    assert np.square(q - truth).mean() < 0.85 * np.square(constant - truth).mean()
    assert normal(dr(rounds.modelled(q))).excludes(WORLD.truth + 0.05)


def test_predictions_come_from_models_that_have_not_seen_the_group() -> None:
    seen: list[Column] = []

    class Remembers(RidgeReward):
        def fit(self, features: Table, reward: Column, sample_weight: Column | None = None) -> None:
            seen.append(reward)
            super().fit(features, reward, sample_weight)

    rng = np.random.default_rng(11)
    plain, _, _ = WORLD.log(90, rng)
    group = np.arange(90) // 3
    # Each group has a reward of its own, so that a fold shows which groups it holds.
    rounds = replace(plain, reward=group.astype(np.float64), group=group)
    cross_fit(rounds, Remembers, rng, folds=3)
    held_out = [set(range(30)) - set(rewards.astype(int)) for rewards in seen]
    assert [len(groups) for groups in held_out] == [10, 10, 10]
    assert set.union(*held_out) == set(range(30))
    with pytest.raises(ValueError, match="folds = 31: must lie between 2 and the 30"):
        cross_fit(rounds, RidgeReward, rng, folds=31)


def test_reward_models_state_what_they_need_and_survive_constant_rewards() -> None:
    model = LogisticReward()
    model.fit(np.zeros((3, 1)), np.zeros(3))
    assert model.predict(np.zeros((2, 1))).tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="needs rewards of 0 and 1"):
        model.fit(np.zeros((2, 1)), np.array([0.5, 1.0]))


def test_classified_weights_find_the_value_without_propensities() -> None:
    rng = np.random.default_rng(13)
    plain, _, _ = WORLD.log(12_000, rng)
    kind = np.abs(plain.context[:, None, :] - WORLD.features[None]).sum(axis=2).argmin(axis=1)
    rounds = replace(plain, context=np.eye(KINDS)[kind], propensity=np.ones(len(plain)))
    weights = classified_weights(rounds, rng)
    known = plain.rounds.weights
    assert np.corrcoef(weights, known)[0, 1] > 0.95
    assert not normal(balanced_snips(rounds, weights)).excludes(WORLD.truth)
    assert normal(snips(rounds.rounds)).excludes(WORLD.truth)


def test_mrdr_weights_lower_the_variance_of_dr_under_a_misspecified_model() -> None:
    best = np.zeros((KINDS, ACTIONS))
    best[np.arange(KINDS), WORLD.rates.argmax(axis=1)] = 1.0
    world = replace(WORLD, target=best)

    def spread(weighted: bool) -> float:
        rng, values = np.random.default_rng(12), []
        for _ in range(60):
            rounds, _, _ = world.log(400, rng)
            weights = mrdr_weights(rounds.rounds) if weighted else None
            blind = np.ones((ACTIONS, 1))  # the model cannot tell actions apart
            values.append(dr(rounds.modelled(cross_fit(rounds, RidgeReward, rng, 2, weights, blind))).value)
        return float(np.std(values))

    assert spread(weighted=True) < spread(weighted=False)
