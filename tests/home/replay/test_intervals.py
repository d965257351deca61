"""Intervals by name: which estimators have them, what they must know, and that they hold."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from home.errors import ConfigurationError
from home.replay.known import ACCEPTING, TERMS
from home.replay.options import BOUNDED, EVERY, Options
from home.replay.page import write_page
from home.replay.report import Judgement, ReplayReport
from home.replay.row_targets import Given
from home.replay.rows import judge_rows
from home.replay.show import render
from home.replay.sources.columns import ColumnsSource

LOGGING = np.array([0.5, 0.3, 0.2])
TARGET = np.array([0.2, 0.2, 0.6])
RATES = np.array([0.1, 0.5, 0.6])
TRUTH = float(TARGET @ RATES)


def frame(m: int, seed: int = 0, scale: float = 1.0) -> pl.DataFrame:
    """Rounds of a policy that always draws the same way."""
    rng = np.random.default_rng(seed)
    action = rng.choice(3, size=m, p=LOGGING)
    return pl.DataFrame(
        {
            "reward": scale * (rng.random(m) < RATES[action]),
            "propensity": LOGGING[action],
            "action": action,
            "action_distribution": np.tile(LOGGING, (m, 1)).tolist(),
            "target_distribution:new": np.tile(TARGET, (m, 1)).tolist(),
            "expected_rewards": np.tile([0.2, 0.4, 0.5], (m, 1)).tolist(),
        }
    )


def report_of(path: Path, rows: pl.DataFrame, **options: Any) -> ReplayReport:
    rows.write_parquet(path / "log.parquet")
    return judge_rows(ColumnsSource(path / "log.parquet"), [Given("new")], Options(**options))


def judged(path: Path, rows: pl.DataFrame, **options: Any) -> Judgement:
    return report_of(path, rows, **{"rewards": (0.0, 1.0), **options}).judgements[0]


@pytest.mark.parametrize("method", BOUNDED)
def test_every_estimator_that_can_has_intervals_that_hold_and_the_others_are_left_out(
    tmp_path: Path, method: str
) -> None:
    found = judged(tmp_path, frame(3000), interval=method, estimators=EVERY, weight_bound=3.0)
    names = {one.estimator: one.interval for one in found.estimates}
    assert names.keys() == {"ips", "dr", "replay", "rejection"} == TERMS.keys() - {"cascade_ips"}
    assert set(ACCEPTING) < names.keys()
    # Only replay wants a deterministic target.
    assert [name for name, interval in names.items() if interval is None] == ["replay"]
    plain = judged(tmp_path, frame(3000), interval="normal").interval("ips")
    for interval in names.values():
        if interval is not None and plain is not None:
            assert interval.method == method.replace("-", " ")
            assert not interval.excludes(TRUTH)
            assert 0.0 < interval.high - interval.low < 0.5
            assert interval.high - interval.low > plain.high - plain.low


@pytest.mark.parametrize("method", BOUNDED)
def test_intervals_that_hold_at_every_size_cover_at_least_as_often_as_they_say(
    tmp_path: Path, method: str
) -> None:
    missed = 0
    for seed in range(40):
        interval = judged(tmp_path, frame(60, seed), interval=method, estimators=("ips",)).interval("ips")
        assert interval is not None
        missed += interval.excludes(TRUTH)
    # At 95 %, more than six of forty would happen once in seventy times.
    assert missed <= 6


def test_an_estimator_without_such_an_interval_is_a_usage_error() -> None:
    with pytest.raises(ConfigurationError, match="which snips has not: it is for ips, cascade_ips, dr"):
        Options(interval="empirical-bernstein", estimators=("ips", "snips"))
    with pytest.raises(ConfigurationError, match="interval is 'wald': use one of bootstrap, bca, normal"):
        Options(interval="wald")  # type: ignore[arg-type]


def test_what_must_be_known_is_said_where_it_is_not(tmp_path: Path) -> None:
    rows, bernstein = frame(500, scale=2.0), "empirical-bernstein"
    with pytest.raises(ConfigurationError, match="give --reward-range LOW,HIGH"):
        judged(tmp_path, rows, interval=bernstein, rewards=None)
    with pytest.raises(ConfigurationError, match="rewards reach from 0 to 2, beyond"):
        judged(tmp_path, rows, interval=bernstein, rewards=(0.0, 1.0))
    assert judged(tmp_path, rows, interval=bernstein, rewards=(0.0, 2.0)).interval("ips") is not None
    shown = frame(500).drop("action_distribution", "target_distribution:new", "expected_rewards")
    shown = shown.with_columns(pl.Series("target_propensity:new", TARGET[shown["action"].to_numpy()]))
    (without,) = judged(tmp_path, shown, interval=bernstein).estimates
    assert without.interval is None
    assert "give --weight-bound" in without.note
    stated = judged(tmp_path, shown, interval=bernstein, weight_bound=3.0).interval("ips")
    assert stated is not None
    (wrong,) = judged(tmp_path, shown, interval=bernstein, weight_bound=1.5).estimates
    assert "state the true bounds" in wrong.note
    # A confidence sequence for IPS needs no bound on weights.
    assert judged(tmp_path, shown, interval="confidence-sequence").interval("ips") is not None
    fitted = judged(tmp_path, frame(500).drop("expected_rewards"), interval=bernstein, estimators=("dr",))
    assert "a model fitted to these rounds has seen them" in fitted.estimates[0].note


def test_dependent_rounds_have_no_confidence_sequence_but_groups_have_a_bound(tmp_path: Path) -> None:
    rows = frame(600).with_columns(group=np.arange(600) // 3)
    with pytest.raises(ConfigurationError, match="the 600 are of 200 groups, such as listeners"):
        judged(tmp_path, rows, interval="confidence-sequence")
    with pytest.raises(ConfigurationError, match="needs the rounds in order, and so in memory"):
        judged(tmp_path, frame(600), interval="confidence-sequence", keep=100)
    grouped = judged(tmp_path, rows, interval="empirical-bernstein").interval("ips")
    alone = judged(tmp_path, frame(600), interval="empirical-bernstein").interval("ips")
    assert grouped is not None
    assert alone is not None
    assert grouped.high - grouped.low > alone.high - alone.low


def test_a_streamed_log_has_the_bound_too(tmp_path: Path) -> None:
    kept, streamed = (
        judged(tmp_path, frame(3000), interval="empirical-bernstein", keep=keep).interval("ips")
        for keep in (10_000, 100)
    )
    assert kept is not None
    assert streamed is not None
    assert streamed.value == pytest.approx(kept.value, rel=1e-12)
    # Buckets are groups of several rounds now and then, which a bound for groups pays for.
    assert kept.high - kept.low < streamed.high - streamed.low < 4.0 * (kept.high - kept.low)


@pytest.mark.parametrize("method", [*BOUNDED, "bca"])
def test_terminal_page_and_json_name_the_method(tmp_path: Path, method: str) -> None:
    report = report_of(tmp_path, frame(500), interval=method, rewards=(0.0, 1.0))
    said = method.replace("-", " ")
    console = Console(width=120, record=True, file=io.StringIO())
    render(report, console)
    assert f"95% intervals ({said})" in " ".join(console.export_text().split())
    write_page(report, tmp_path / "report.html")
    assert f"95% intervals ({said})" in (tmp_path / "report.html").read_text("utf-8")
    assert f'"method": "{said}"' in report.to_json().decode()
