"""Off-policy evaluation against known truth.

The world: ten actions, click rate known per action, a logging and a target policy over them. The true value
of the target is therefore known exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bandits.ope.diagnostics import Verdict, diagnose
from bandits.ope.estimators import Estimate, clipped_ips, ips, mean_of, snips
from bandits.ope.intervals import Interval, bca, bootstrap, empirical_bernstein, normal, weighted_terms
from bandits.ope.rounds import Rounds
from bandits.ope.sums import Sums

RATES = np.linspace(0.05, 0.6, 10)
LOGGING = np.linspace(2.0, 1.0, 10) / 15.0
TARGET = np.linspace(1.0, 3.0, 10) / 20.0
TRUTH = float(TARGET @ RATES)
WEIGHT_BOUND = float((TARGET / LOGGING).max())


def log_of(m: int, rng: np.random.Generator, target: NDArray[np.float64] = TARGET) -> Rounds:
    actions = rng.choice(10, size=m, p=LOGGING)
    clicks = (rng.random(m) < RATES[actions]).astype(np.float64)
    return Rounds(clicks, LOGGING[actions], target[actions])


def clipped(rounds: Rounds) -> Estimate:
    return clipped_ips(rounds, limit=WEIGHT_BOUND)


ESTIMATORS = [ips, clipped, snips]


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_estimate_is_the_mean_reward_when_target_is_logging(estimator: Callable[[Rounds], Estimate]) -> None:
    rounds = log_of(500, np.random.default_rng(0), target=LOGGING)
    assert estimator(rounds).value == pytest.approx(rounds.reward.mean(), rel=1e-12)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_estimates_centre_on_the_truth(estimator: Callable[[Rounds], Estimate]) -> None:
    rng = np.random.default_rng(1)
    values = np.array([estimator(log_of(400, rng)).value for _ in range(2000)])
    # Four Monte-Carlo standard errors; the bias of SNIPS, of order 1/400, is a tenth of that.
    assert values.mean() == pytest.approx(TRUTH, abs=4.0 * values.std() / np.sqrt(len(values)))


def test_ips_expectation_is_exact_by_enumeration() -> None:
    every_action = Rounds(RATES, LOGGING, TARGET)
    assert float(LOGGING @ ips(every_action).numerator) == pytest.approx(TRUTH, abs=1e-12)


def test_wrong_propensities_bias_ips() -> None:
    rounds = log_of(20_000, np.random.default_rng(2))
    wrong = Rounds(rounds.reward, np.full(len(rounds), 0.1), rounds.target)
    assert not normal(ips(rounds)).excludes(TRUTH)
    assert normal(ips(wrong)).excludes(TRUTH)


def test_clipping_bounds_weights_and_never_overstates() -> None:
    rounds = log_of(2000, np.random.default_rng(3))
    lower, higher = clipped_ips(rounds, 0.5).value, clipped_ips(rounds, 1.5).value
    assert lower < higher < ips(rounds).value
    assert clipped_ips(rounds, 1e9).value == ips(rounds).value
    with pytest.raises(ValueError, match="limit = 0"):
        clipped_ips(rounds, 0.0)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.floats(-5, 5), st.floats(0.1, 3))
def test_snips_moves_with_the_rewards_and_stays_in_their_range(seed: int, shift: float, scale: float) -> None:
    rounds = log_of(50, np.random.default_rng(seed))
    value = snips(rounds).value
    moved = Rounds(scale * rounds.reward + shift, rounds.propensity, rounds.target)
    assert rounds.reward.min() <= value <= rounds.reward.max()
    assert snips(moved).value == pytest.approx(scale * value + shift, abs=1e-9)


def test_snips_without_any_overlap_is_an_error() -> None:
    with pytest.raises(ValueError, match="target is 0 on every round"):
        snips(Rounds(np.ones(3), np.full(3, 0.5), np.zeros(3)))


def coverage(interval: Callable[[Rounds, np.random.Generator], Interval], logs: int, m: int) -> float:
    rng = np.random.default_rng(4)
    hits = sum(not interval(log_of(m, rng), rng).excludes(TRUTH) for _ in range(logs))
    return hits / logs


@pytest.mark.parametrize("estimator", [ips, snips])
def test_normal_intervals_cover(estimator: Callable[[Rounds], Estimate]) -> None:
    # 2000 logs: a standard error of 0.0049 at 95 %; four of them either way.
    assert coverage(lambda rounds, _: normal(estimator(rounds)), 2000, 400) == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("estimator", [ips, snips])
def test_bootstrap_intervals_cover(estimator: Callable[[Rounds], Estimate]) -> None:
    # 1000 logs: a standard error of 0.0069; four of them.
    covered = coverage(lambda rounds, rng: bootstrap(estimator(rounds), rng, replicates=400), 1000, 400)
    assert covered == pytest.approx(0.95, abs=0.028)


def test_bca_covers_where_few_large_weights_make_estimates_skew() -> None:
    # One action in fifty is logged, and the target shows it a third of the time: weights of 17.
    logging, target = np.array([0.98, 0.02]), np.array([2.0, 1.0]) / 3.0
    rates = np.array([0.1, 0.8])
    truth, held = float(target @ rates), {"bootstrap": 0, "bca": 0}
    for seed in range(400):
        rng = np.random.default_rng([seed, 7])
        action = (rng.random(400) < logging[1]).astype(np.int64)
        reward = (rng.random(400) < rates[action]).astype(np.float64)
        estimate = ips(Rounds(reward, logging[action], target[action]))
        for make in (bootstrap, bca):
            interval = make(estimate, np.random.default_rng(1), replicates=400)
            held[interval.method] += not interval.excludes(truth)
    # 400 logs: a standard error of 1.1 % at 95 %; the plain percentiles are 3 points short.
    assert held["bca"] / 400 == pytest.approx(0.95, abs=0.035)
    assert held["bca"] > held["bootstrap"]


def test_bca_is_the_percentile_interval_where_nothing_is_skew() -> None:
    estimate = mean_of("symmetric", np.repeat([-1.0, 1.0], 200), np.arange(400))
    plain, moved = (make(estimate, np.random.default_rng(2)) for make in (bootstrap, bca))
    assert (moved.low, moved.high) == pytest.approx((plain.low, plain.high), abs=0.01)
    constant = bca(mean_of("constant", np.ones(50), np.arange(50)), np.random.default_rng(2))
    assert (constant.low, constant.high) == (1.0, 1.0)


def test_empirical_bernstein_covers_where_most_short_logs_miss_the_weight_that_matters() -> None:
    # Half of these logs show the action never that two thirds of the target's value come from.
    logging, target = np.array([0.98, 0.02]), np.array([2.0, 1.0]) / 3.0
    rates = np.array([0.1, 0.8])
    truth, held = float(target @ rates), {"normal": 0, "empirical bernstein": 0}
    terms = weighted_terms(float((target / logging).max()))
    for seed in range(400):
        rng = np.random.default_rng([seed, 11])
        action = (rng.random(34) < logging[1]).astype(np.int64)
        reward = (rng.random(34) < rates[action]).astype(np.float64)
        estimate = ips(Rounds(reward, logging[action], target[action]))
        for interval in (normal(estimate), empirical_bernstein(estimate, terms)):
            held[interval.method] += not interval.excludes(truth)
    assert held["normal"] < 0.6 * 400
    assert held["empirical bernstein"] >= 0.95 * 400


def test_empirical_bernstein_is_its_formula_over_groups() -> None:
    rounds = log_of(
        300,
        np.random.default_rng(12),
    )
    grouped = Rounds(rounds.reward, rounds.propensity, rounds.target, np.arange(300) // 3)
    terms = rounds.weights * rounds.reward
    sums, log_term = terms.reshape(100, 3).mean(axis=1), np.log(4.0 / 0.1)
    spread, width = sums.var(ddof=1), WEIGHT_BOUND
    reach = np.sqrt(2.0 * spread * log_term / 100) + 7.0 * width * log_term / (3.0 * 99)
    interval = empirical_bernstein(ips(grouped), weighted_terms(WEIGHT_BOUND), level=0.9)
    assert interval.high - interval.value == pytest.approx(reach, rel=1e-12)
    assert interval.value - interval.low == pytest.approx(reach, rel=1e-12)


def test_bootstrap_agrees_with_the_normal_interval_on_a_long_log() -> None:
    rounds = log_of(20_000, np.random.default_rng(5))
    for estimator in (ips, snips):
        by_formula, resampled = (
            normal(estimator(rounds)),
            bootstrap(estimator(rounds), np.random.default_rng(6)),
        )
        width = by_formula.high - by_formula.low
        # 2000 replicates put a quantile's own error near 3 % of the width.
        assert resampled.low == pytest.approx(by_formula.low, abs=0.1 * width)
        assert resampled.high == pytest.approx(by_formula.high, abs=0.1 * width)


@pytest.mark.parametrize("method", ["normal", "bootstrap"])
def test_groups_that_move_together_widen_the_interval(method: str) -> None:
    rounds = log_of(300, np.random.default_rng(7))
    copies = 9

    reward, propensity, target = (
        np.repeat(column, copies) for column in (rounds.reward, rounds.propensity, rounds.target)
    )

    def width(group: NDArray[np.int64]) -> float:
        repeated = Rounds(reward, propensity, target, group)
        estimate = snips(repeated)
        interval = normal(estimate) if method == "normal" else bootstrap(estimate, np.random.default_rng(8))
        return interval.high - interval.low

    alone, together = width(np.arange(300 * copies)), width(np.repeat(np.arange(300), copies))
    # Nine copies of each round carry no more than one: the honest interval is √9 times the naive one.
    assert together / alone == pytest.approx(3.0, rel=0.12)


def test_wider_levels_give_wider_intervals_around_the_estimate() -> None:
    estimate = ips(log_of(500, np.random.default_rng(9)))
    for make in (normal, lambda e, level: bootstrap(e, np.random.default_rng(1), level), _bernstein):
        narrow, wide = make(estimate, level=0.8), make(estimate, level=0.99)
        assert wide.low < narrow.low < narrow.value == estimate.value < narrow.high < wide.high


def _bernstein(estimate: Estimate, level: float) -> Interval:
    return empirical_bernstein(estimate, weighted_terms(WEIGHT_BOUND), level)


def held_by(held: int) -> Estimate:
    """SNIPS on 20 rounds of which the first `held` have any weight."""
    return snips(Rounds(np.ones(20), np.full(20, 0.5), np.where(np.arange(20) < held, 0.5, 0.0)))


def test_bootstrap_is_reproducible_and_counts_replicates_without_weight() -> None:
    # Five of twenty rounds have weight: (15 / 20)²⁰ = 0.32 % of the replicates draw none.
    first, second = (bootstrap(held_by(5), np.random.default_rng(1)) for _ in range(2))
    assert first == second
    assert (first.low, first.high) == (1.0, 1.0)
    assert 0 < first.left_out < 20
    assert bootstrap(held_by(20), np.random.default_rng(1)).left_out == 0


def test_bootstrap_refuses_where_many_replicates_have_no_weight() -> None:
    # (19 / 20)²⁰ = 36 %.
    with pytest.raises(ValueError, match=r"\d{3} of 2000 bootstrap replicates drew no weight"):
        bootstrap(held_by(1), np.random.default_rng(1))


def test_empirical_bernstein_keeps_its_width_when_nothing_varies() -> None:
    # With no variance only the second term is left: 7·b·ln(4/0.05) / (3·(m − 1)), with b = 2 and m = 101.
    interval = empirical_bernstein(
        ips(Rounds(np.zeros(101), np.ones(101), np.ones(101))), weighted_terms(2.0)
    )
    assert interval.high == -interval.low == pytest.approx(14.0 * np.log(80.0) / 300.0)


def test_empirical_bernstein_states_what_it_needs() -> None:
    rounds = log_of(50, np.random.default_rng(10))
    with pytest.raises(ValueError, match="not a mean over rounds"):
        empirical_bernstein(snips(rounds), weighted_terms(WEIGHT_BOUND))
    with pytest.raises(ValueError, match="state the true bounds"):
        empirical_bernstein(ips(rounds), weighted_terms(0.1))
    with pytest.raises(ValueError, match="state the true bounds"):
        empirical_bernstein(ips(rounds), (0.0, np.nan))


def test_empirical_bernstein_takes_groups_as_the_independent_draws() -> None:
    def interval(group: NDArray[np.int64]) -> Interval:
        alone = log_of(300, np.random.default_rng(10))
        reward, propensity, target = (
            np.repeat(column, 3) for column in (alone.reward, alone.propensity, alone.target)
        )
        rounds = Rounds(reward, propensity, target, group)
        return empirical_bernstein(ips(rounds), weighted_terms(WEIGHT_BOUND))

    once = empirical_bernstein(ips(log_of(300, np.random.default_rng(10))), weighted_terms(WEIGHT_BOUND))
    together, apart = interval(np.repeat(np.arange(300), 3)), interval(np.arange(900))
    # Copies of a round tell no more than the round does; taken for independent rounds they seem to.
    assert (together.low, together.high) == pytest.approx((once.low, once.high))
    assert apart.high - apart.low < 0.7 * (once.high - once.low)
    rng = np.random.default_rng(11)
    uneven = ips(replace(log_of(300, rng), group=rng.integers(0, 40, 300)))
    summed = empirical_bernstein(Sums.of(uneven), weighted_terms(WEIGHT_BOUND))
    assert summed.low == pytest.approx(empirical_bernstein(uneven, weighted_terms(WEIGHT_BOUND)).low)


def test_intervals_refuse_what_they_cannot_do() -> None:
    one = Rounds(np.ones(1), np.ones(1), np.ones(1))
    with pytest.raises(ValueError, match="at least two independent groups"):
        normal(ips(one))
    many = ips(log_of(10, np.random.default_rng(0)))
    with pytest.raises(ValueError, match=r"level = 95"):
        normal(many, level=95)
    with pytest.raises(ValueError, match="replicates = 5"):
        bootstrap(many, np.random.default_rng(0), replicates=5)


def test_rounds_list_impossible_rows() -> None:
    with pytest.raises(ValueError, match=r"propensity: .* 3 of 4 rows .*row 1: 0, row 2: 1\.5, row 3: nan"):
        Rounds(np.ones(4), np.array([0.5, 0.0, 1.5, np.nan]), np.ones(4))
    with pytest.raises(ValueError, match=r"target: .*row 0: -0\.1"):
        Rounds(np.ones(1), np.ones(1), np.array([-0.1]))
    with pytest.raises(ValueError, match=r"reward: .*row 1: inf"):
        Rounds(np.array([1.0, np.inf]), np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="equal length"):
        Rounds(np.ones(2), np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match="no rounds"):
        Rounds(np.empty(0), np.empty(0), np.empty(0))


def test_diagnosis_trusts_a_log_of_the_target_itself() -> None:
    diagnosis = diagnose(log_of(1000, np.random.default_rng(11), target=LOGGING))
    assert diagnosis.verdict is Verdict.TRUST
    assert diagnosis.effective_sample_size == pytest.approx(1000.0)
    assert (diagnosis.max_weight, diagnosis.mean_weight, diagnosis.support) == (1.0, 1.0, 1.0)


def test_effective_sample_size_counts_equal_weights() -> None:
    target = np.concatenate([np.full(250, 0.8), np.zeros(750)])
    diagnosis = diagnose(Rounds(np.ones(1000), np.full(1000, 0.2), target))
    assert diagnosis.effective_sample_size == pytest.approx(250.0)
    assert (diagnosis.max_weight, diagnosis.largest_share, diagnosis.support) == (4.0, 1 / 250, 0.25)


def test_diagnosis_trusts_a_wide_log_and_its_mean_weight() -> None:
    diagnosis = diagnose(log_of(5000, np.random.default_rng(12)))
    assert diagnosis.verdict is Verdict.TRUST
    assert diagnosis.mean_weight_low < 1.0 < diagnosis.mean_weight_high


def test_diagnosis_notices_wrong_propensities() -> None:
    rounds = log_of(5000, np.random.default_rng(13))
    wrong = Rounds(rounds.reward, np.minimum(1.0, 1.5 * rounds.propensity), rounds.target)
    diagnosis = diagnose(wrong)
    assert diagnosis.verdict is Verdict.DO_NOT_TRUST
    assert "mean weight should be 1" in diagnosis.reason


def test_diagnosis_notices_thin_and_missing_support() -> None:
    rounds = log_of(5000, np.random.default_rng(14))
    half = Rounds(rounds.reward[:100], rounds.propensity[:100], rounds.target[:100])
    assert diagnose(half).verdict is Verdict.THIN_SUPPORT
    none = Rounds(rounds.reward, rounds.propensity, np.zeros(5000))
    assert diagnose(none).verdict is Verdict.DO_NOT_TRUST
    assert diagnose(none).effective_sample_size == 0.0
    few = Rounds(rounds.reward, rounds.propensity, rounds.target, np.arange(5000) % 10)
    assert diagnose(few).reason.startswith("worth only 10 independent groups")
    spiked = np.full(5000, 0.2)
    spiked[0] = 1.0
    propensity = np.full(5000, 0.2)
    propensity[0] = 0.001
    diagnosis = diagnose(Rounds(rounds.reward, propensity, spiked))
    assert (diagnosis.verdict, diagnosis.reason) == (
        Verdict.THIN_SUPPORT,
        "one round holds 17% of the total weight",
    )
