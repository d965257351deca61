"""Logs longer than memory: what sums can give is what the rounds in memory give."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bandits.ope.sums import BUCKETS
from bandits.ope.tails import pareto_shape
from home.replay.estimators import STREAMED
from home.replay.options import EVERY, Options
from home.replay.report import Judgement
from home.replay.row_targets import Given
from home.replay.rows import judge_rows
from home.replay.sources.columns import ColumnsSource
from home.replay.tally import Tail

M = 2 * BUCKETS
"""Enough groups for sums over buckets also in memory, so that intervals, too, must be the same."""


@pytest.fixture(scope="module")
def actions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(3)
    logging = 0.1 + 0.7 * rng.dirichlet(np.ones(3), M)
    target = rng.dirichlet(np.ones(3), M)
    action = (rng.random((M, 1)) > logging.cumsum(axis=1)).sum(axis=1)
    path = tmp_path_factory.mktemp("actions") / "log.parquet"
    pl.DataFrame(
        {
            "reward": (rng.random(M) < 0.1 + 0.2 * action).astype(float) - 0.1,
            "propensity": logging[np.arange(M), action],
            "target_propensity:new": target[np.arange(M), action],
            "target_propensity:certain": (action == 1).astype(float),
        }
    ).write_parquet(path)
    return path


@pytest.fixture(scope="module")
def slates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(4)
    length = rng.integers(1, 4, M)
    slate = np.repeat(np.arange(M), length)
    position = np.concatenate([np.arange(k) for k in length])
    rows = len(slate)
    path = tmp_path_factory.mktemp("slates") / "log.parquet"
    pl.DataFrame(
        {
            "reward": rng.normal(size=rows),
            "propensity": rng.uniform(0.3, 1.0, rows),
            "target_propensity:new": rng.uniform(0.3, 1.0, rows),
            "slate": slate,
            "position": position,
        }
    ).write_parquet(path)
    return path


def both(path: Path, target: str = "new", estimators: tuple[str, ...] = EVERY) -> tuple[Judgement, Judgement]:
    """The judgement with all rounds in memory, and that from sums."""
    options = Options(estimators=estimators, interval="normal", keep=10 * M, weight_bound=300.0)
    reports = [
        judge_rows(ColumnsSource(path), [Given(target)], given)
        for given in (options, replace(options, keep=1000))
    ]
    assert [report.streamed for report in reports] == [False, True]
    return reports[0].judgements[0], reports[1].judgements[0]


def same(kept: Judgement, streamed: Judgement) -> set[str]:
    """Compare all that both say of estimates, and name the estimators."""
    known = {one.estimator: one for one in kept.estimates}
    for one in streamed.estimates:
        interval, other = one.interval, known[one.estimator].interval
        assert (interval is None) == (other is None), one.estimator
        if interval is not None and other is not None:
            assert one.note == known[one.estimator].note
            assert interval.value == pytest.approx(other.value, rel=0.0, abs=1e-9), one.estimator
            assert interval.low == pytest.approx(other.low, rel=0.0, abs=1e-9), one.estimator
            assert interval.high == pytest.approx(other.high, rel=0.0, abs=1e-9), one.estimator
    return {one.estimator for one in streamed.estimates if one.interval is not None}


def test_single_actions(actions: Path) -> None:
    kept, streamed = both(actions)
    assert same(kept, streamed) == {"ips", "snips", "clipped_ips", "sub_gaussian_ips", "rejection"}
    assert {one.estimator for one in kept.estimates} >= {one.estimator for one in streamed.estimates}
    certain = both(actions, "certain", ("replay",))
    assert same(*certain) == {"replay"}


def test_pages(slates: Path) -> None:
    kept, streamed = both(slates)
    # Slates are numbered anew in each chunk, so other ones are accepted.
    plain = replace(streamed, estimates=tuple(e for e in streamed.estimates if e.estimator != "rejection"))
    assert same(kept, plain) == set(STREAMED) - {"replay", "rejection"}
    by_default = judge_rows(
        ColumnsSource(slates), [Given("new")], Options(interval="normal", keep=1000)
    ).judgements[0]
    names = [one.estimator for one in by_default.estimates]
    assert names == ["ips", "snips", "cascade_ips", "reward_interaction_ips"]


@pytest.mark.parametrize("kind", ["actions", "slates"])
def test_tails_slots_and_effective_sizes(kind: str, request: pytest.FixtureRequest) -> None:
    kept, streamed = both(request.getfixturevalue(kind), estimators=("ips",))
    assert streamed.diagnostics.tail == pytest.approx(kept.diagnostics.tail, rel=0.0, abs=1e-9)
    assert streamed.diagnostics.verdict is kept.diagnostics.verdict
    assert streamed.diagnostics.effective_sample_size == pytest.approx(kept.diagnostics.effective_sample_size)
    assert len(streamed.slots) == len(kept.slots) == (3 if kind == "slates" else 0)
    for one, other in zip(streamed.slots, kept.slots, strict=True):
        assert one.rounds == other.rounds
        assert one.effective == pytest.approx(other.effective, rel=1e-9)


def test_a_heavy_tail_is_seen_in_a_stream(tmp_path: Path) -> None:
    m = 3000
    rng = np.random.default_rng(0)
    propensity = np.minimum(1.0, rng.random(m) ** 1.2 + 1e-9)
    rows = {"reward": np.ones(m), "propensity": propensity, "action": np.zeros(m, dtype=np.int64)}
    pl.DataFrame(rows | {"target_propensity:new": np.full(m, 1e-3)}).write_parquet(tmp_path / "log.parquet")
    report = judge_rows(ColumnsSource(tmp_path / "log.parquet"), [Given("new")], Options(keep=10))
    assert report.judgements[0].diagnostics.tail == pareto_shape(1e-3 / propensity)


def test_only_the_largest_weights_are_kept() -> None:
    weights, tail = np.random.default_rng(1).pareto(2.0, 300_000), Tail()
    for start in range(0, len(weights), 10_000):
        tail.add(weights[start : start + 10_000])
    assert len(tail.largest) < 100_000
    assert tail.shape == pytest.approx(pareto_shape(weights), rel=1e-12)


def test_what_sums_cannot_give_says_what_would(actions: Path) -> None:
    options = Options(estimators=("rejection", "replay", "mips", "cascade_ips", "ips"), keep=1000)
    found = judge_rows(ColumnsSource(actions), [Given("new")], options).judgements[0]
    notes = {one.estimator: one.note for one in found.estimates}
    assert "give --weight-bound" in notes["rejection"]
    assert "needs a target that is certain" in notes["replay"]
    assert "longer than --keep rounds" in notes["mips"]
    assert notes["ips"] == ""


def test_a_bound_below_a_weight_is_refused_in_a_stream_too(actions: Path) -> None:
    options = Options(estimators=("rejection",), keep=1000, weight_bound=1.1)
    (one,) = judge_rows(ColumnsSource(actions), [Given("new")], options).judgements[0].estimates
    assert "state a bound on all" in one.note
