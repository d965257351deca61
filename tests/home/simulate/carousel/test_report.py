"""The report's numbers, from curves that are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pytest
from rich.console import Console
from scipy import stats

from home.errors import ConfigurationError
from home.simulate.carousel.export import trace
from home.simulate.carousel.play import Curve, Job, Protocol
from home.simulate.carousel.plot import write_plot
from home.simulate.carousel.report import over_seeds, report
from home.simulate.carousel.run import CarouselResult
from home.simulate.carousel.show import render

_RANDOM = [[10.0, 10.0], [12.0, 10.0], [11.0, 13.0]]
_BANDIT = [[10.0, 4.0], [11.0, 6.0], [11.0, 6.0]]


def _curve(regret: list[float]) -> Curve:
    optimal = np.full(len(regret), 60.0)
    return Curve(optimal, optimal - regret + 0.5, optimal - regret, seconds=2.0)


def _result(seeds: int = 3) -> CarouselResult:
    numbers = tuple(range(1, seeds + 1))
    curves = {Job("ts-seg-naive", seed): _curve(_BANDIT[seed - 1]) for seed in numbers}
    curves |= {Job("random", seed): _curve(_RANDOM[seed - 1]) for seed in numbers}
    return CarouselResult(
        Protocol(2, 100), ("random", "ts-seg-naive"), numbers, curves, "a made-up world", synthetic=True
    )


def test_regret_is_summed_over_rounds_and_averaged_over_seeds() -> None:
    found = report(_result(), "random")
    best, worst = found.summaries
    assert (best.policy, worst.policy) == ("ts-seg-naive", "random")
    assert best.regret.value == pytest.approx(16.0)
    assert best.halfway.value == pytest.approx(32 / 3)
    assert best.last_round == pytest.approx((16 / 3 - 0.5) / 100)
    assert best.per_minute == pytest.approx(60 * 600 / 6.0)
    assert best.published is None


def test_differences_are_paired_by_seed() -> None:
    (comparison,) = report(_result(), "random").comparisons
    differences = np.array([-6.0, -5.0, -7.0])
    assert comparison.difference.value == pytest.approx(-6.0)
    half = stats.t.ppf(0.975, 2) * differences.std(ddof=1) / np.sqrt(3)
    assert comparison.difference.high == pytest.approx(-6.0 + half)
    assert comparison.ratio.value == pytest.approx(np.mean([14 / 20, 17 / 22, 17 / 24]))


def test_intervals_over_seeds_cover_the_truth() -> None:
    rng = np.random.default_rng(1)
    covered = [not over_seeds(rng.normal(3.0, 2.0, size=5)).excludes(3.0) for _ in range(1_000)]
    assert np.mean(covered) == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 1_000))


def test_one_seed_gives_no_interval() -> None:
    found = report(_result(1), "random")
    assert not found.comparisons[0].difference.excludes(0.0)
    assert orjson.loads(found.to_json())["summaries"][0]["regret"]["low"] is None


def test_every_output_says_that_the_population_is_synthetic(tmp_path: Path) -> None:
    result = _result()
    found = report(result, "random")
    console = Console(width=120, record=True, quiet=False, file=(tmp_path / "shown").open("w"))
    render(found, console)
    shown = console.export_text()
    assert "a made-up world" in shown
    assert "synthetic" in shown
    assert "ts-seg-naive has 0.727 [" in shown
    assert orjson.loads(found.to_json())["synthetic"] is True
    assert set(trace(result)["origin"]) == {"a made-up world"}


def test_the_trace_has_a_row_for_each_round() -> None:
    rows = trace(_result()).filter(policy="random", seed=2)
    assert rows["round"].to_list() == [1, 2]
    assert rows["cumulative_regret"].to_list() == [12.0, 22.0]
    assert (rows["optimal"] - rows["reward"]).to_list() == rows["regret"].to_list()


def test_the_plot_is_a_picture(tmp_path: Path) -> None:
    result = _result()
    write_plot(result, report(result, "random"), tmp_path / "regret.png")
    assert (tmp_path / "regret.png").read_bytes()[:4] == b"\x89PNG"


def test_a_baseline_that_took_no_part_is_refused() -> None:
    with pytest.raises(
        ConfigurationError, match="baseline is 'kl-ucb-seg': choose among random, ts-seg-naive"
    ):
        report(_result(), "kl-ucb-seg")
