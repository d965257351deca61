"""What a simulation says about itself, checked on results made by hand and on one that ran."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from bandits.policies import FixedPolicy, UniformPolicy
from home.compose import ComposedPage
from home.draw import Exploration
from home.errors import ConfigurationError
from home.simulate.export import write_decisions, write_trace
from home.simulate.participants import Participant
from home.simulate.plot import write_plot
from home.simulate.report import mean_interval, report
from home.simulate.run import SimulationConfig, SimulationResult, VisitRow, simulate
from home.simulate.show import render, verdict
from tests.home.simulate.world import world

ROW = VisitRow(
    policy="a", visit=0, batch=0, listener_id="ada", surface="phone", hour=8, clicks=1, clicked=True,
    reward=0.4, looked_at=4, expected_clicks=0.8, expected_reward=0.5, best_clicks=1.0, regret=0.2,
    explored=False, status="optimal", fallback="", propensity=0.9, model_version=1, dismissed=0, seconds=0.01,
)  # fmt: skip


def result_of(clicks: dict[str, list[int]], listeners: list[str]) -> SimulationResult:
    rows = [
        replace(ROW, policy=policy, visit=visit, clicks=count, listener_id=listeners[visit])
        for policy, counts in clicks.items()
        for visit, count in enumerate(counts)
    ]
    config = SimulationConfig(visits=len(listeners))
    return SimulationResult(config, "1", len(set(listeners)), tuple(clicks), tuple(rows))


def test_a_difference_is_paired_visit_by_visit() -> None:
    # Clicks vary a great deal, the difference not at all: only pairing gives an interval without width.
    base = [0, 3, 1, 2, 0, 5]
    result = result_of({"a": [count + 1 for count in base], "b": base}, ["x", "y", "z"] * 2)
    found = report(result, "b").comparison("a")
    assert (found.difference.value, found.difference.low, found.difference.high) == (1.0, 1.0, 1.0)
    assert found.excludes_zero
    assert found.relative == pytest.approx(6 / 11)


def test_no_difference_is_reported_as_none() -> None:
    result = result_of({"a": [1, 0, 1, 0], "b": [0, 1, 0, 1]}, ["w", "x", "y", "z"])
    found = report(result, "b").comparison("a")
    assert not found.excludes_zero
    assert "cannot be told apart" in verdict(found)


def test_intervals_take_listeners_for_the_independent_draws() -> None:
    # Ten listeners who always do the same: a hundred pages of each know no more than one page of each. The
    # standard deviation of a bootstrap mean over ten listeners is 0.158, so the width lies near 0.62.
    rng = np.random.default_rng(0)
    habit = np.array([0.0, 1.0] * 5)
    many, few = np.repeat(habit, 100), habit
    wide = mean_interval(many, np.repeat(np.arange(10), 100), 1, 0.95)
    same = mean_interval(few, np.arange(10), 1, 0.95)
    assert (wide.low, wide.high) == (same.low, same.high)
    assert wide.high - wide.low == pytest.approx(0.6, abs=0.1)
    independent = mean_interval(rng.permutation(many), np.arange(1000), 1, 0.95)
    assert independent.high - independent.low < 0.1


def test_the_baseline_is_the_frozen_policy_or_named() -> None:
    result = result_of({"vw": [1, 1], "frozen": [0, 1], "order": [1, 0]}, ["x", "y"])
    assert report(result).baseline == "frozen"
    assert {c.policy for c in report(result, "order").comparisons} == {"vw", "frozen"}
    with pytest.raises(ValueError, match="'best': choose among vw, frozen, order"):
        report(result, "best")


def test_a_simulation_is_reported_in_every_form(tmp_path: Path) -> None:
    here = world()
    policies = {"uniform": Participant(UniformPolicy), "order": Participant(FixedPolicy)}
    config = SimulationConfig(visits=10, batch=5)
    result = simulate(here.contexts, here.tools, policies, here.parameters, here.formula, config)
    found = report(result, "uniform")

    console = Console(file=io.StringIO(), width=160)
    render(found, console)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert all(
        text in printed for text in ("uniform", "order", "shelves clicked", "behind the best", "Difference")
    )

    data = json.loads(found.to_json())
    order = next(s for s in data["summaries"] if s["policy"] == "order")
    rows = [row for row in result.rows if row.policy == "order"]
    assert order["clicks"]["value"] == pytest.approx(np.mean([row.clicks for row in rows]))
    assert order["regret"]["value"] == pytest.approx(np.mean([row.regret for row in rows]))
    assert order["clicks"]["low"] <= order["clicks"]["value"] <= order["clicks"]["high"]

    write_trace(result, tmp_path / "trace.parquet")
    write_trace(result, tmp_path / "trace.csv")
    parquet, csv = pl.read_parquet(tmp_path / "trace.parquet"), pl.read_csv(tmp_path / "trace.csv")
    assert parquet.height == csv.height == 20
    assert parquet["reward"].to_list() == [row.reward for row in result.rows]
    with pytest.raises(ConfigurationError, match=r"\.parquet or \.csv"):
        write_trace(result, tmp_path / "trace.xls")

    write_plot(result, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("batch", "said"), [(1, False), (2, True)])
def test_a_simulation_of_one_batch_says_that_nothing_was_learned(batch: int, said: bool) -> None:
    result = result_of({"vw": [1, 1], "frozen": [0, 1]}, ["x", "y"])
    console = Console(file=io.StringIO(), width=160)
    render(report(replace(result, config=SimulationConfig(visits=2, batch=batch))), console)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert ("nothing was learned" in printed) is said


def test_regret_that_was_not_measured_is_left_out() -> None:
    here = world()
    config = SimulationConfig(visits=4, batch=4, regret=False)
    policies = {"a": Participant(UniformPolicy), "b": Participant(UniformPolicy)}
    found = report(simulate(here.contexts, here.tools, policies, here.parameters, here.formula, config))
    assert all(summary.regret is None for summary in found.summaries)
    assert "regret" not in {comparison.metric for comparison in found.comparisons}


def test_decisions_are_rounds_whose_propensities_multiply_to_the_pages(tmp_path: Path) -> None:
    here = world()
    pages: dict[str, ComposedPage] = {}
    config = SimulationConfig(visits=12, batch=12, regret=False, measures=False, decisions=True)
    result = simulate(
        here.contexts,
        replace(here.tools, exploration=Exploration(0.5, 0.2)),
        {"uniform": Participant(UniformPolicy)},
        here.parameters,
        here.formula,
        config,
        on_page=lambda _, page, __: pages.update({page.decision_id: page}),
    )
    (path,) = write_decisions(result, tmp_path / "log")
    frame = pl.read_parquet(path)
    assert path.name == "uniform.parquet"
    assert frame["propensity"].is_between(0.0, 1.0, closed="right").all()
    rewards = {f"simulated-1-uniform-{row.visit}": row.reward for row in result.rows}
    for (slate,), slots in frame.group_by("slate"):
        page = pages[str(slate)]
        assert slots["position"].to_list() == list(range(len(page.placements)))
        assert slots["propensity"].product() == pytest.approx(page.propensity)
        on_anchor = float(page.draw.page == page.result.page)
        explore = float(slots["target_propensity:explore"].product())
        assert slots["target_propensity:optimum"].product() == on_anchor
        assert 0.5 * on_anchor + 0.5 * explore == pytest.approx(page.propensity)
        assert slots["reward"].sum() == pytest.approx(rewards[str(slate)])
    assert frame["slate"].n_unique() == 12
