"""Sums over buckets give the estimates and intervals of the rounds, whatever the chunks."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from operator import add

import numpy as np
import pytest

from bandits.ope.actions import ModelledRounds
from bandits.ope.doubly_robust import dr, sndr
from bandits.ope.estimators import Estimate, ips, snips
from bandits.ope.intervals import bootstrap, normal
from bandits.ope.sums import BUCKETS, Sums, bucket
from tests.bandits.worlds import make_world

WORLD = make_world(0)


def modelled(m: int, seed: int) -> ModelledRounds:
    rng = np.random.default_rng(seed)
    rounds, _, _ = WORLD.log(m, rng)
    return rounds.modelled(np.full(rounds.target.shape, 0.4) + 0.2 * rounds.target)


def estimates(rounds: ModelledRounds) -> list[Estimate]:
    return [ips(rounds.rounds), snips(rounds.rounds), dr(rounds), sndr(rounds)]


def part(estimate: Estimate, rows: slice) -> Estimate:
    return replace(
        estimate,
        numerator=estimate.numerator[rows],
        denominator=estimate.denominator[rows],
        group=estimate.group[rows],
        baseline=None if estimate.baseline is None else estimate.baseline[rows],
    )


@pytest.mark.parametrize("which", range(4))
def test_a_stream_of_chunks_gives_what_all_rounds_give(which: int) -> None:
    estimate = estimates(modelled(40_000, seed=1))[which]
    chunks = [part(estimate, slice(start, start + 7000)) for start in range(0, 40_000, 7000)]
    streamed, whole = reduce(add, map(Sums.of, chunks)), Sums.of(estimate)
    assert streamed.value == pytest.approx(estimate.value, rel=1e-12)
    np.testing.assert_allclose(streamed.residuals, whole.residuals, atol=1e-15)
    by_stream, by_rounds = normal(streamed), normal(estimate)
    assert by_stream.low == pytest.approx(by_rounds.low, abs=1e-9)
    rng = np.random.default_rng
    resampled = bootstrap(streamed, rng(2), replicates=1000)
    width = by_rounds.high - by_rounds.low
    assert resampled.low == pytest.approx(by_rounds.low, abs=0.1 * width)
    assert resampled.high == pytest.approx(by_rounds.high, abs=0.1 * width)


def test_buckets_keep_the_width_that_all_rounds_have() -> None:
    """The exact standard error treats every round alone; buckets may differ by their 0.55 %, four times."""
    for estimate in estimates(modelled(200_000, seed=3)):
        exact = _exact_error(estimate)
        interval = normal(estimate)
        assert (interval.high - interval.low) / (2.0 * 1.959964) == pytest.approx(exact, rel=0.022)


def _exact_error(estimate: Estimate) -> float:
    m, below = len(estimate.numerator), estimate.denominator.sum()
    ratio = estimate.numerator.sum() / below
    moved = (estimate.numerator - ratio * estimate.denominator) / below
    if estimate.baseline is not None:
        moved = moved + (estimate.baseline - estimate.baseline.mean()) / m
    return float(np.sqrt(moved @ moved))


def test_groups_stay_whole_across_chunks() -> None:
    """Nine copies of each round, in nine chunks far apart, are as wide as the rounds once."""
    once = snips(modelled(20_000, seed=4).rounds)
    copies = reduce(add, [Sums.of(once) for _ in range(9)])
    alone = normal(Sums.of(once))
    together = normal(copies)
    assert together.value == pytest.approx(alone.value)
    assert together.high - together.low == pytest.approx(alone.high - alone.low)


def test_few_groups_leave_buckets_empty_and_count_as_few() -> None:
    estimate = replace(ips(modelled(100, seed=5).rounds), group=np.arange(100) % 7)
    sums = Sums.of(estimate)
    assert len(sums.numerator) == BUCKETS
    assert len(sums.occupied().numerator) == 7
    assert normal(sums).low == pytest.approx(normal(estimate).low)
    with pytest.raises(ValueError, match="at least two independent groups"):
        normal(Sums.of(replace(estimate, group=np.zeros(100, dtype=np.int64))))


def test_buckets_are_filled_evenly_even_by_numbers_in_a_row() -> None:
    filled = np.bincount(bucket(np.arange(BUCKETS * 100)), minlength=BUCKETS)
    # Counts of a random assignment: mean 100, variance 100.
    assert filled.var() == pytest.approx(100.0, rel=0.1)
    assert (bucket(np.array([-1, 5, 5])) >= 0).all()


@pytest.mark.parametrize("which", [1, 3])
def test_bootstrap_over_buckets_covers(which: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight groups to a bucket, of 256 buckets in place of 16,384 so that logs can be short."""
    monkeypatch.setattr("bandits.ope.sums.BUCKETS", 256)
    rng = np.random.default_rng(6)
    intervals = [
        bootstrap(estimates(modelled(2000, seed))[which], rng, replicates=400) for seed in range(400)
    ]
    covered = np.mean([not interval.excludes(WORLD.truth) for interval in intervals])
    # 400 logs: a standard error of 0.0109; four of them.
    assert covered == pytest.approx(0.95, abs=0.044)
