"""Logs of other systems: textbook sums, known truth, memory that does not grow, and honest refusals."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from bandits.ope.diagnostics import Verdict
from bandits.ope.rounds import Column
from home.ingest.rejects import Rejects
from home.replay.estimators import ESTIMATORS, Needs
from home.replay.options import EVERY, Options
from home.replay.page import write_page
from home.replay.report import ReplayReport
from home.replay.row_targets import Fixed, Given, Greedy, Logged, RowTarget, Uniform
from home.replay.rows import judge_rows
from home.replay.show import render
from home.replay.sources.chunk import NoPropensityError, ReplayInputError
from home.replay.sources.columns import ColumnsSource
from home.replay.sources.dsjson import DsJsonSource

ACTIONS = 4


def rounds(m: int, seed: int = 0) -> tuple[pl.DataFrame, float]:
    """A made-up log in which the best action is the context, and what a policy that mostly knows it earns."""
    rng = np.random.default_rng(seed)
    context = rng.integers(0, 2, m)
    logging = 0.2 / ACTIONS + 0.8 * rng.dirichlet(np.ones(ACTIONS), m)
    action = (rng.random((m, 1)) > logging.cumsum(axis=1)).sum(axis=1)
    target = np.full((m, ACTIONS), 0.1)
    target[np.arange(m), context] = 0.7
    chance = 0.2 + 0.5 * (np.arange(ACTIONS) == context[:, None])
    reward = (rng.random(m) < chance[np.arange(m), action]).astype(float)
    frame = pl.DataFrame(
        {
            "reward": reward,
            "propensity": logging[np.arange(m), action],
            "action": action,
            "action_distribution": logging.tolist(),
            "target_distribution:new": target.tolist(),
            "context_which": context.astype(float),
            "group": rng.integers(0, m // 4, m),
            "market": np.where(context == 0, "DE", "SE").tolist(),
            "timestamp": np.datetime64("2026-03-01", "us") + np.arange(m) * np.timedelta64(60_000_000, "us"),
        }
    )
    return frame, float((target * chance).sum(axis=1).mean())


def judge(path: Path, *targets: RowTarget, **options: Any) -> ReplayReport:
    given = {"interval": "normal", **options}
    by = given.get("by", ())
    return judge_rows(ColumnsSource(path, by), targets or [Given("new")], Options(**given))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pl.DataFrame, float]:
    frame, truth = rounds(6000)
    path = tmp_path_factory.mktemp("log") / "log.parquet"
    frame.write_parquet(path)
    return path, frame, truth


def test_every_estimator_that_is_unbiased_or_consistent_covers_the_truth(
    log: tuple[Path, pl.DataFrame, float],
) -> None:
    path, _, truth = log
    (found,) = judge(path, estimators=EVERY, level=0.999).judgements
    names = {one.estimator for one in found.estimates}
    assert names == {name for name, one in ESTIMATORS.items() if one.needs in (Needs.NOTHING, Needs.ACTIONS)}
    assert found.diagnostics.verdict is Verdict.TRUST
    for name in ("ips", "snips", "rejection", "dr", "sndr", "mrdr"):
        interval = found.interval(name)
        assert interval is not None
        assert not interval.excludes(truth), name
    (certain,) = [one for one in found.estimates if one.estimator == "replay"]
    assert certain.interval is None
    assert "needs a target that is certain" in certain.note


def test_the_logging_policy_is_worth_its_mean_reward(log: tuple[Path, pl.DataFrame, float]) -> None:
    path, frame, _ = log
    report = judge(path, Logged())
    (same,) = report.judgements
    ips = same.interval("ips")
    assert ips is not None
    assert ips.value == pytest.approx(report.on_policy.value) == frame["reward"].mean()
    assert report.groups == frame["group"].n_unique()


def test_several_loggers_and_embeddings_are_told_from_their_columns(tmp_path: Path) -> None:
    """Two loggers show four actions of two kinds; only the kind counts."""
    rng = np.random.default_rng(4)
    m = 6000
    policies = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.1, 0.4, 0.4]])
    logger = rng.integers(0, 2, m)
    action = (rng.random((m, 1)) > policies[logger].cumsum(axis=1)).sum(axis=1)
    target = np.array([0.1, 0.5, 0.3, 0.1])
    frame = pl.DataFrame(
        {
            "reward": (rng.random(m) < np.where(action < 2, 0.7, 0.2)).astype(float),
            "propensity": policies[logger, action],
            "action": action,
            "action_distribution": policies[logger].tolist(),
            "target_distribution:new": np.tile(target, (m, 1)).tolist(),
            "embedding": action // 2,
            "logger": logger,
            "logger_propensities": policies[:, action].T.tolist(),
        }
    )
    frame.write_parquet(tmp_path / "log.parquet")
    names = ("mips", "snmips", "balanced_ips", "weighted_ips", "balanced_dr", "weighted_dr")
    (found,) = judge(tmp_path / "log.parquet", estimators=EVERY, level=0.999).judgements
    widths = {}
    for name in (*names, "ips"):
        interval = found.interval(name)
        assert interval is not None, name
        assert not interval.excludes(0.6 * 0.7 + 0.4 * 0.2), name
        widths[name] = interval.high - interval.low
    assert widths["balanced_ips"] < widths["ips"]
    assert widths["mips"] < widths["ips"]
    without = judge(tmp_path / "log.parquet", estimators=("balanced_ips", "mips")).judgements[0]
    assert all(one.interval is not None for one in without.estimates)
    frame.drop("logger", "embedding").write_parquet(tmp_path / "less.parquet")
    less = judge(tmp_path / "less.parquet", estimators=("balanced_ips", "mips")).judgements[0]
    assert [one.note.partition(":")[0] for one in less.estimates] == [
        "needs several logging policies",
        "needs the embedding of what was shown, and the distribution it was drawn from",
    ]


@pytest.mark.parametrize(
    ("seen", "reason"),
    [(["action_distribution"], "were shown"), ([], "weighting moves context 0 by")],
)
def test_propensities_that_are_not_those_of_what_was_shown_are_found_out(
    tmp_path: Path, seen: list[str], reason: str
) -> None:
    """Told by how often things are shown, or without the distribution by what weighting moves."""
    rng = np.random.default_rng(3)
    m = 4000
    context, swap = rng.integers(0, 2, m), rng.integers(0, 2, m)
    logged = np.where(swap[:, None] == [0, 1], 0.7, 0.3)
    # The log says 0.7 and 0.3, but one is a coin, and the other follows the context.
    action = rng.integers(0, 2, m) if seen else np.where(rng.random(m) < 0.8, context, 1 - context)
    if not seen:
        logged = np.full((m, 2), 0.5)
    frame = pl.DataFrame(
        {
            "reward": rng.random(m),
            "propensity": logged[np.arange(m), action],
            "action": action,
            "action_distribution": logged.tolist(),
            "target_distribution:new": np.tile([0.9, 0.1], (m, 1)).tolist(),
            "context_which": context.astype(float),
        }
    )
    path = tmp_path / "log.parquet"
    frame.drop([] if seen else ["action_distribution"]).write_parquet(path)
    (found,) = judge(path).judgements
    assert found.diagnostics.verdict is Verdict.DO_NOT_TRUST
    assert reason in found.diagnostics.reason


def test_an_honest_log_passes_its_checks(log: tuple[Path, pl.DataFrame, float]) -> None:
    (found,) = judge(log[0], by=("market",)).judgements
    assert found.checks is not None
    assert found.checks.broken == ""
    assert 0.4 < (found.checks.overlap or 0.0) < 0.7
    assert {one.feature for one in found.checks.balance} == {"context 0", "market DE", "market SE"}
    assert all(abs(one.z) < 4.5 for one in found.checks.calibration)
    # 1 less the total variation distance, from the textbook.
    frame = log[1]
    logging, target = (
        np.array(frame[name].to_list()) for name in ("action_distribution", "target_distribution:new")
    )
    distance = np.abs(logging - target).sum(axis=1).mean() / 2
    assert found.checks.overlap == pytest.approx(1.0 - distance)


def test_a_log_longer_than_memory_gives_the_same_sums(log: tuple[Path, pl.DataFrame, float]) -> None:
    path, _, _ = log
    kept = judge(path, by=("market",))
    streamed = judge(path, by=("market",), keep=100)
    assert (kept.streamed, streamed.streamed) == (False, True)
    here, there = kept.judgements[0], streamed.judgements[0]
    assert [one.estimator for one in there.estimates] == ["ips", "snips"]
    for name in ("ips", "snips"):
        mine, theirs = here.interval(name), there.interval(name)
        assert mine is not None
        assert theirs is not None
        assert mine.value == pytest.approx(theirs.value)
        # Buckets of groups: the width varies by a share of about 1 / sqrt(2 · 1,500 groups).
        assert mine.high - mine.low == pytest.approx(theirs.high - theirs.low, rel=0.1)
    assert there.diagnostics.effective_sample_size == pytest.approx(here.diagnostics.effective_sample_size)
    assert there.diagnostics.max_weight == here.diagnostics.max_weight
    assert there.diagnostics.verdict is here.diagnostics.verdict
    assert there.diagnostics.mean_weight_low == pytest.approx(here.diagnostics.mean_weight_low, rel=0.05)
    assert there.breakdowns == here.breakdowns
    assert there.weights == here.weights
    (asked,) = judge(path, keep=100, estimators=("dr",)).judgements[0].estimates
    assert asked.interval is None
    assert "needs the rounds in memory" in asked.note


def test_breakdowns_are_those_of_their_rounds_alone(log: tuple[Path, pl.DataFrame, float]) -> None:
    path, frame, _ = log
    found = judge(path, by=("market",)).judgements[0].breakdowns
    assert list(found) == ["market", "day", "hour_utc"]
    for segment in found["market"]:
        part = frame.filter(pl.col("market") == segment.label)
        shown = np.take_along_axis(
            np.array(part["target_distribution:new"].to_list()), part["action"].to_numpy()[:, None], axis=1
        )[:, 0]
        weights = shown / part["propensity"].to_numpy()
        assert segment.rounds == len(part)
        assert segment.logged.value == pytest.approx(part["reward"].mean())
        assert segment.target is not None
        assert segment.target.value == pytest.approx(
            (weights * part["reward"].to_numpy()).sum() / weights.sum()
        )
        assert segment.effective == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    assert sum(one.rounds for one in judge(path).judgements[0].weights) == len(frame)


def test_uniform_and_greedy_targets_come_from_the_logged_distribution(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "reward": [1.0, 0.0, 1.0],
            "propensity": [0.5, 0.25, 0.5],
            "action": [0, 1, 1],
            "action_distribution": [[0.5, 0.25, 0.25], [0.75, 0.25], [0.5, 0.5]],
        }
    )
    frame.write_parquet(tmp_path / "log.parquet")
    ips = []
    for target in (Uniform(), Greedy(0.5), Fixed("fixed", np.array([[0.2], [0.8], [0.0]]))):
        interval = judge(tmp_path / "log.parquet", target).judgements[0].interval("ips")
        assert interval is not None
        ips.append(interval.value)
    assert ips == pytest.approx(
        [(2 / 3 + 1.0) / 3, ((0.5 + 0.5 / 3) / 0.5 + 0.25 / 0.5) / 3, (0.2 / 0.5 + 0.8 / 0.5) / 3]
    )


def test_the_share_that_was_never_shown_is_reported_and_refused(tmp_path: Path) -> None:
    m = 400
    frame = pl.DataFrame(
        {
            "reward": [1.0, 0.0] * (m // 2),
            "propensity": [0.5] * m,
            "action": [0, 1] * (m // 2),
            "action_distribution": [[0.5, 0.5, 0.0]] * m,
        }
    )
    frame.write_parquet(tmp_path / "log.parquet")
    (found,) = judge(tmp_path / "log.parquet", Uniform()).judgements
    assert found.support is not None
    assert found.support.outside.value == pytest.approx(1 / 3)
    assert found.support.decisions == m
    assert found.diagnostics.verdict is Verdict.DO_NOT_TRUST
    assert "could not have been logged" in found.diagnostics.reason
    ips = found.interval("ips")
    assert ips is not None
    assert ips.value == pytest.approx(1 / 3)
    assert found.support.low == pytest.approx(ips.low)
    assert found.support.high == pytest.approx(ips.high + 1 / 3)


def test_a_log_without_propensities_is_refused_or_labelled(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    m, shares = 3000, np.array([0.5, 0.3, 0.2])
    action = rng.choice(3, m, p=shares)
    reward = (rng.random(m) < np.array([0.1, 0.5, 0.9])[action]).astype(float)
    path = tmp_path / "log.csv"
    pl.DataFrame({"reward": reward, "action": action}).write_csv(path)
    source = ColumnsSource(path)
    with pytest.raises(
        NoPropensityError, match=r"log\.csv holds no propensities: .* --estimate-propensities"
    ):
        judge_rows(source, [Uniform()], Options())
    report = judge_rows(source, [Uniform()], Options(level=0.999), estimate_propensities=True)
    assert json.loads(report.to_json())["estimated_propensities"]
    console = Console(file=io.StringIO(), width=100)
    render(report, console)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert printed.startswith("No propensities were logged: they are estimated")
    assert "propensities estimated" in " ".join(printed.split())
    write_page(report, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "No propensities were logged" in page
    assert "from estimated propensities" in page
    snips = report.judgements[0].interval("snips")
    assert snips is not None
    assert not snips.excludes(0.5)
    pl.DataFrame({"reward": reward}).write_csv(path)
    with pytest.raises(ReplayInputError, match="no column action"):
        judge_rows(ColumnsSource(path), [Uniform()], Options(), estimate_propensities=True)


def test_faulty_rows_are_left_out_listed_and_written_down(tmp_path: Path) -> None:
    path, listed = tmp_path / "log.csv", tmp_path / "rejects.jsonl"
    pl.DataFrame({"reward": [1, 0, 1], "propensity": [0.5, 0, 2], "target_propensity": [0.5] * 3}).write_csv(
        path
    )
    with Rejects(listed) as rejects:
        report = judge_rows(ColumnsSource(path), [Given("given")], Options(), rejects=rejects)
    assert report.rounds == 1
    assert [(one.field, one.count) for one in report.rejected] == [("propensity", 1), ("propensity", 1)]
    assert [json.loads(line)["line"] for line in listed.read_text().splitlines()] == [3, 4]
    pl.DataFrame({"reward": [1], "propensity": [0], "target_propensity": [1]}).write_csv(path)
    with pytest.raises(ReplayInputError, match="holds no valid round: of 1 rows, propensity is not above 0"):
        judge_rows(ColumnsSource(path), [Given("given")], Options())
    pl.DataFrame({"reward": [1], "propensity": [1], "target_propensity": [1]}).write_csv(path)
    with pytest.raises(ReplayInputError, match="no target 'other', only given"):
        judge_rows(ColumnsSource(path), [Given("other")], Options())


def _ccb(path: Path, m: int, seed: int) -> tuple[Column, Column]:
    """Slates of two of three actions in dsjson; returns each slate's reward and the probability it had."""
    rng = np.random.default_rng(seed)
    lines, rewards, propensities = [], np.zeros(m), np.ones(m)
    for row in range(m):
        left, outcomes = [0, 1, 2], []
        for slot in range(2):
            p = 0.1 / len(left) + 0.9 * rng.dirichlet(np.ones(len(left)))
            shown = int(rng.choice(len(left), p=p / p.sum()))
            order = [shown, *(i for i in range(len(left)) if i != shown)]
            reward = float(rng.random() < 0.2 + 0.3 * (left[shown] == slot))
            listed: dict[str, list[Any]] = {
                "_a": [left[i] for i in order],
                "_p": [float(p[i] / p.sum()) for i in order],
            }
            outcomes.append({"_label_cost": -reward, **listed})
            rewards[row] += reward
            propensities[row] *= listed["_p"][0]
            left.pop(shown)
        lines.append(json.dumps({"_outcomes": outcomes, "c": {}}))
    path.write_text("\n".join(lines))
    return rewards, propensities


def test_slates_are_judged_as_pages_and_slot_by_slot(tmp_path: Path) -> None:
    path = tmp_path / "ccb.dsjson"
    rewards, propensities = _ccb(path, 3000, seed=2)
    report = judge_rows(DsJsonSource(path), [Uniform()], Options(level=0.999, estimators=EVERY))
    assert (report.unit, report.rounds) == ("page", 3000)
    (found,) = report.judgements
    ips = found.interval("ips")
    assert ips is not None
    assert ips.value == pytest.approx(float(np.mean(rewards / 6.0 / propensities)))
    # Uniform slates show action 0 in slot 1, and action 1 in slot 2, one time in three.
    truth = 2 * (0.2 + 0.3 / 3)
    for name in ("ips", "snips", "cascade_ips", "cascade_dr", "reward_interaction_ips"):
        interval = found.interval(name)
        assert interval is not None, name
        assert not interval.excludes(truth), name
    assert [slot.label for slot in found.slots] == ["1", "2"]
    for slot in found.slots:
        assert slot.target is not None
        assert slot.target.value == pytest.approx(truth / 2, abs=0.06)


@pytest.mark.parametrize("bad", [0, 1])
def test_a_faulty_row_takes_its_whole_slate_with_it(tmp_path: Path, bad: int) -> None:
    """Also the last row, without which the page would pass for a shorter one."""
    reward = ["1", "0.5", "1", "0.5"]
    reward[2 + bad] = "x"
    frame = {"slate": [*"aabb"], "position": [0, 1] * 2, "reward": reward, "propensity": [0.5, 0.25] * 2}
    path = tmp_path / "log.csv"
    pl.DataFrame(frame | {"target_propensity": [0.5] * 4}).write_csv(path)
    report = judge(path, Given("given"))
    assert (report.rounds, report.broken_slates, report.on_policy.value) == (1, 1, 1.5)
    assert [(one.field, one.count) for one in report.rejected] == [("reward", 1)]


def test_a_small_propensity_that_its_distribution_rules_out_is_listed(tmp_path: Path) -> None:
    frame = {"reward": [1.0] * 2, "propensity": [0.0005, 0.5], "action": [0, 0]}
    lists = [[0.0, 1.0], [0.5, 0.5]]
    path = tmp_path / "log.parquet"
    pl.DataFrame(frame | {"action_distribution": lists}).write_parquet(path)
    report = judge(path, Uniform())
    assert report.rounds == 1
    assert [one.reason for one in report.rejected] == ["is not what its distribution gives"]
    assert [one.value for one in report.samples] == ["0.0005 of action 0, not 0"]


def test_a_propensity_may_differ_from_its_distribution_by_a_part_in_a_thousand_of_itself(
    tmp_path: Path,
) -> None:
    """Half a thousandth beside it hardly moves a weight of 2, and doubles one of 2,000."""
    propensity = [0.5005, 0.00050025, 0.0010, 0.4985]
    lists = [[0.5, 0.5], [0.0005, 0.9995], [0.0005, 0.9995], [0.5, 0.5]]
    path = tmp_path / "log.parquet"
    columns = {"reward": [1.0] * 4, "propensity": propensity, "action": [0] * 4, "action_distribution": lists}
    pl.DataFrame(columns).write_parquet(path)
    report = judge(path, Uniform())
    assert report.rounds == 2
    assert [(one.line, one.value) for one in report.samples] == [
        (3, "0.001 of action 0, not 0.0005"),
        (4, "0.4985 of action 0, not 0.5"),
    ]


def test_a_log_without_a_click_is_not_trusted_to_the_last_digit(tmp_path: Path) -> None:
    frame, _ = rounds(3000)
    path = tmp_path / "log.parquet"
    frame.with_columns(reward=pl.lit(0.0)).write_parquet(path)
    found = judge(path, Logged()).judgements[0].diagnostics
    assert (found.verdict, found.reason[:18]) == (Verdict.THIN_SUPPORT, "every reward was 0")
    frame.write_parquet(path)
    assert judge(path, Logged()).judgements[0].diagnostics.verdict is Verdict.TRUST


def test_rows_without_a_group_or_slate_are_listed(tmp_path: Path) -> None:
    frame = {"reward": [1.0] * 3, "propensity": [0.5] * 3, "target_propensity": [0.5] * 3}
    path = tmp_path / "log.parquet"
    for name in ("group", "slate"):
        pl.DataFrame(frame | {name: ["a", None, "b"]}).write_parquet(path)
        report = judge(path, Given("given"))
        assert report.groups == 2
        assert [(one.field, one.reason, one.count) for one in report.rejected] == [(name, "is missing", 1)]


def test_propensities_are_not_counted_where_a_table_cannot_hold_them(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    pl.DataFrame({"reward": [1.0], "action": [10**12]}).write_parquet(path)
    with pytest.raises(ReplayInputError, match=r"action is 1000000000000: .*number them from 0"):
        judge_rows(ColumnsSource(path), [Uniform()], Options(), estimate_propensities=True)
    pl.DataFrame({"reward": [None], "action": [0]}, {"reward": pl.Float64, "action": pl.Int64}).write_parquet(
        path
    )
    with pytest.raises(ReplayInputError, match="no valid round"):
        judge_rows(ColumnsSource(path), [Uniform()], Options(), estimate_propensities=True)


def test_slates_that_lack_a_slot_are_left_out(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "slate": ["a", "a", "b", "c", "c"],
            "position": [0, 1, 1, 0, 0],
            "reward": [1.0, 0.5, 1.0, 1.0, 1.0],
            "propensity": [0.5, 0.25, 0.5, 0.5, 0.5],
            "target_propensity": [1.0, 0.5, 0.5, 0.5, 0.5],
        }
    )
    frame.write_parquet(tmp_path / "log.parquet")
    report = judge(tmp_path / "log.parquet", Given("given"))
    assert (report.rounds, report.broken_slates) == (1, 2)
    ips = report.judgements[0].interval("ips")
    assert ips is not None
    assert ips.value == pytest.approx(1.5 * 0.5 / 0.125)
