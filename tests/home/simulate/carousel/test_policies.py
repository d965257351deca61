"""Every policy, by the same laws; then what is particular to each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize
from scipy.special import expit

from home.simulate.carousel.environment import Feedback, Outcome, answer, present
from home.simulate.carousel.play import Job, Protocol, play
from home.simulate.carousel.policies import OURS, POLICIES, PUBLISHED, CarouselPolicy
from home.simulate.carousel.policies.counts import Counts
from home.simulate.carousel.policies.empirical_bayes import EmpiricalBayes, inverse, laplace
from home.simulate.carousel.policies.explore_then_commit import ExploreThenCommit
from home.simulate.carousel.policies.kl_ucb import bernoulli_divergence, upper_bounds
from home.simulate.carousel.policies.thompson_linear import LinearThompson, by_playlist
from home.simulate.carousel.policies.thompson_segment import draw_ranks
from home.simulate.carousel.world import SLOTS, World
from tests.home.simulate.carousel.small import PLAYLISTS, batch_of, small_world, task_of


def _rounds(world: World, policy: CarouselPolicy, rounds: int, size: int = 400) -> list[Outcome]:
    outcomes = []
    for number in range(rounds):
        batch, rng = batch_of(world, size, number), np.random.default_rng(number)
        lists = present(batch, policy.choose(batch, rng), Feedback.CODE, rng)
        outcomes.append(answer(world, batch, lists, Feedback.CODE, 1, (number, 0))[0])
        policy.learn(outcomes[-1])
    return outcomes


@pytest.mark.parametrize("name", POLICIES)
def test_lists_are_distinct_playlists_and_the_same_for_the_same_generator(name: str) -> None:
    world = small_world()
    policy = POLICIES[name](task_of(world))
    for number in range(3):
        batch = batch_of(world, number=number)
        lists = policy.choose(batch, np.random.default_rng(number))
        assert lists.shape == (len(batch), SLOTS)
        assert lists.min() >= 0
        assert lists.max() < PLAYLISTS
        assert (np.diff(np.sort(lists, axis=1), axis=1) > 0).all()
        np.testing.assert_array_equal(lists, policy.choose(batch, np.random.default_rng(number)))
        policy.learn(answer(world, batch, lists, Feedback.CODE, 1, (number, 0))[0])


@pytest.mark.parametrize("name", POLICIES)
def test_a_restored_policy_goes_on_as_the_one_that_learned(name: str) -> None:
    world = small_world()
    learned, other = POLICIES[name](task_of(world)), POLICIES[name](task_of(world))
    _rounds(world, learned, 2)
    other.restore({key: value.copy() for key, value in learned.state().items()})
    outcomes = _rounds(world, learned, 2), _rounds(world, other, 2)
    for ours, theirs in zip(*outcomes, strict=True):
        np.testing.assert_array_equal(ours.lists, theirs.lists)


@pytest.mark.parametrize("name", [name for name in POLICIES if name != "random"])
def test_policies_that_learn_earn_more_in_the_end_than_random_lists(
    name: str,
) -> None:
    """Rewards of the last five rounds, against the first, in which nothing is known."""
    world = small_world()
    policy = POLICIES[name](task_of(world))
    rewards = [outcome.rewards.mean() for outcome in _rounds(world, policy, 30, 1_000)]
    assert np.mean(rewards[-5:]) > 1.3 * rewards[0]


def test_the_published_settings_are_all_here() -> None:
    assert len(PUBLISHED) == 10
    assert OURS not in PUBLISHED
    assert set(POLICIES) == {*PUBLISHED, OURS}


@pytest.mark.parametrize("feedback", Feedback)
def test_counts_are_those_of_a_loop_over_visits_and_slots(feedback: Feedback) -> None:
    world = small_world()
    batch = batch_of(world)
    lists = POLICIES["random"](task_of(world)).choose(batch, np.random.default_rng(1))
    outcome, _ = answer(world, batch, lists, feedback, 1, (0, 0))
    counts = Counts(task_of(world))
    counts.learn(outcome)
    displays, streams = np.zeros_like(counts.displays), np.zeros_like(counts.streams)
    for visit, segment in enumerate(outcome.segments):
        for slot, playlist in enumerate(outcome.lists[visit]):
            if slot < outcome.seen[visit]:
                displays[segment, playlist] += 1
                streams[segment, playlist] += slot == outcome.streamed[visit]
    np.testing.assert_array_equal(counts.displays, displays)
    np.testing.assert_array_equal(counts.streams, streams)
    assert streams.sum() == outcome.rewards.sum() > 0


def test_exploration_ends_when_every_playlist_has_its_displays() -> None:
    world = small_world()
    policy = ExploreThenCommit(task_of(world), displays=30)
    policy.counts.displays[:] = 30
    policy.counts.displays[2, 7] = 10
    policy.counts.displays[2, 8] = 20
    policy.counts.streams[:] = np.arange(PLAYLISTS) / 10
    lists = policy.choose(batch_of(world), np.random.default_rng(1))
    segments = batch_of(world).segments
    best = list(range(PLAYLISTS - 1, PLAYLISTS - 1 - SLOTS, -1))
    assert {tuple(row) for row in lists[segments == 1].tolist()} == {tuple(best)}
    assert {tuple(row) for row in lists[segments == 2].tolist()} == {(7, 8, *best[:10])}


def test_upper_bounds_are_where_the_divergence_reaches_its_limit() -> None:
    rates, reach = np.array([0.0, 0.01, 0.3, 0.9]), np.array([0.5, 0.02, 0.1, 0.01])
    bounds = upper_bounds(rates, reach, 1e-9)
    assert (bounds > rates).all()
    assert bernoulli_divergence(rates, bounds) == pytest.approx(reach, rel=1e-4)
    assert bounds[0] == pytest.approx(1.0 - np.exp(-0.5), rel=1e-6), "without a stream: −ln(1 − q) = reach"


def test_ranks_are_draws_of_beta_variables() -> None:
    first, second = np.array([1.0, 1.0, 4.0]), np.array([99.0, 2.0, 300.0])
    drawn = draw_ranks(first, second, 20_000, np.random.default_rng(1))
    for column, (a, b) in enumerate(zip(first, second, strict=True)):
        rates = -np.expm1(-drawn[:, column].astype(np.float64))
        assert stats.kstest(rates, stats.beta(a, b).cdf).pvalue > 1e-3


def test_by_playlist_gives_each_seen_slot_once() -> None:
    world = small_world()
    outcome = _rounds(world, POLICIES["random"](task_of(world)), 1)[0]
    parts = by_playlist(outcome)
    assert sum(len(rows) for _, rows, _ in parts) == outcome.seen.sum()
    assert sum(int(streamed.sum()) for _, _, streamed in parts) == outcome.rewards.sum()
    for playlist, rows, streamed in parts:
        slots = np.nonzero(outcome.lists[rows] == playlist)[1]
        np.testing.assert_array_equal(streamed, slots == outcome.streamed[rows])


def test_the_linear_policy_stops_at_the_penalised_likelihoods_mode() -> None:
    world = small_world()
    policy = LinearThompson(task_of(world), bias=-5.0)
    outcome = _rounds(world, policy, 1, 2_000)[0]
    playlist, rows, streamed = max(by_playlist(outcome), key=lambda part: int(part[2].sum()))
    features = outcome.features[rows].astype(np.float64)

    def loss(weights: np.typing.NDArray[np.float64]) -> float:
        logits = features @ weights
        return float(
            0.5 * weights[:-1] @ weights[:-1] + np.logaddexp(0, logits).sum() - logits[streamed].sum()
        )

    best = minimize(
        loss, policy.state()["means"][playlist], method="Nelder-Mead", options={"maxiter": 20_000}
    )
    assert loss(policy.state()["means"][playlist].astype(np.float64)) == pytest.approx(best.fun, rel=1e-3)


def test_laplace_is_exact_in_gradient_near_the_mode() -> None:
    """The normal's posterior mean makes the true log-posterior flat, to the order of the last step."""
    rng = np.random.default_rng(1)
    features = np.hstack([rng.normal(size=(500, 3)), np.ones((500, 1))])
    streamed = rng.random(500) < expit(features @ np.array([0.5, -1.0, 0.2, -3.0]))
    features = features.astype(np.float32)
    mean, precision = np.array([0.0, 0.0, 0.0, -5.0]), np.diag([4.0, 4.0, 4.0, 1.0])
    information, evidence = laplace(features, streamed, mean, precision)
    found = np.linalg.solve(precision + information, precision @ mean + evidence)
    slope = (streamed - expit(features @ found)) @ features - precision @ (found - mean)
    newton = np.linalg.solve(precision + information, slope)
    assert np.abs(newton).max() < 0.01
    assert streamed.sum() > 10


def test_inverse_is_the_inverse() -> None:
    half = np.random.default_rng(1).normal(size=(6, 9))
    matrix = half @ half.T
    np.testing.assert_allclose(inverse(matrix) @ matrix, np.eye(6), atol=1e-9)


def test_our_policy_finds_the_weights_of_what_it_shows_often() -> None:
    world = small_world()
    policy = EmpiricalBayes(task_of(world))
    outcomes = _rounds(world, policy, 20, 2_000)
    shown = np.bincount(np.concatenate([outcome.lists.ravel() for outcome in outcomes]), minlength=PLAYLISTS)
    often = np.argsort(-shown)[:8]
    state = policy.state()
    other = EmpiricalBayes(task_of(world))
    other.restore(state)
    logits = world.features @ other.means[often].T.astype(np.float32)
    truth = world.features @ world.weights[often].T
    assert np.abs(logits - truth).mean() < 0.25
    assert np.corrcoef(logits.ravel(), truth.ravel())[0, 1] > 0.9


def test_our_policy_puts_the_least_certain_first() -> None:
    world = small_world()
    policy = EmpiricalBayes(task_of(world))
    _rounds(world, policy, 3)
    batch = batch_of(world, number=9)
    lists = policy.choose(batch, np.random.default_rng(1))
    for segment, run in batch.runs:
        centre = batch.features[run].mean(axis=0)[None].astype(np.float64)
        deviations = policy.deviations(centre)[0][lists[run]]
        assert (np.diff(deviations, axis=1) <= 1e-6).all(), segment


def test_ours_beats_the_best_published_policy_where_segments_have_little_data(tmp_path: Path) -> None:
    """Paired over five seeds: the whole interval of the difference in regret lies below zero."""
    world = small_world(users=2_000, segments=40, playlists=200)
    protocol = Protocol(rounds=6, users=1_000)
    earned = {
        name: [play(world, protocol, Job(name, seed), tmp_path, 6).expected.sum() for seed in range(5)]
        for name in (OURS, "ts-seg-pessimistic")
    }
    difference = np.subtract(earned["ts-seg-pessimistic"], earned[OURS])
    assert difference.mean() + stats.t.ppf(0.975, 4) * stats.sem(difference) < 0.0
