"""`home replay` on the command line: what it prints, and errors that name field, value and fix."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from home.errors import ConfigurationError, HomeError
from home.replay.specs import Context, page_targets, row_targets
from home.replay.targets import Target
from home.replay.what_if import WhatIf
from tests.home.replay.test_open_bandit import made_campaign
from tests.home.replay.test_progressive import dsjson_log
from tests.home.replay.test_rows import rounds


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    frame, _ = rounds(2000)
    path = tmp_path_factory.mktemp("log") / "rounds.parquet"
    frame.write_parquet(path)
    return path


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["replay", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_table_of_rounds_is_judged(log: Path, tmp_path: Path) -> None:
    printed = run("--input", log, "--details", "--by", "market", "--html", tmp_path / "page.html")
    for text in ("2,000 rounds", "new: trust", "as it was", "ips", "snips", "dr", "by market", "by day"):
        assert text in printed
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")
    data = json.loads(run("--input", log, "--json", "--estimators", "ips", "--target", "epsilon=0.5"))
    (judgement,) = data["judgements"]
    assert judgement["target"] == "epsilon=0.5"
    assert [one["estimator"] for one in judgement["estimates"]] == ["ips"]


def test_intervals_are_chosen_by_name(log: Path) -> None:
    bernstein, stated = (
        json.loads(
            run("--input", log, "--json", "--interval", "empirical-bernstein", "--reward-range", "0,1", *more)
        )["judgements"][0]
        for more in ((), ("--weight-bound", "50"))
    )
    for found in (bernstein, stated):
        assert found["estimates"][0]["estimator"] == "ips"
        assert found["estimates"][0]["interval"]["method"] == "empirical bernstein"
    narrow, wide = (
        one["estimates"][0]["interval"]["high"] - one["estimates"][0]["interval"]["low"]
        for one in (bernstein, stated)
    )
    assert narrow < wide


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "model:7"], "target 'model:7' is not known here"),
        (["--target", "epsilon=2"], "epsilon is '2'; give a share between 0 and 1"),
        (["--target", "column:old"], "no target 'old', only new"),
        (["--estimators", "magic"], "estimators has 'magic': choose among ips"),
        (["--level", "95"], r"level is 95\.0: give a probability"),
        (["--interval", "exact"], "interval is 'exact': use one of bootstrap, bca, normal"),
        (
            ["--interval", "empirical-bernstein", "--estimators", "ips,snips"],
            "interval is 'empirical-bernstein', which snips has not: it is for ips, cascade_ips, dr",
        ),
        (["--reward-range", "1"], "reward-range is '1': give two numbers"),
        (["--reward-range", "1,0"], "reward-range is 1,0: give the least and the most"),
        (["--weight-bound", "0"], r"weight-bound is 0\.0: give the largest weight"),
        (["--replicates", "10"], "replicates is 10: percentiles need at least 100"),
        (["--by", ""], "by is ''"),
        (["--by", "planet"], "has no column 'planet'"),
        (["--rules", "new.toml"], "--rules is for our own decision log"),
        (["--since", "2026-01-01"], "--since is for our own decision log"),
    ],
)
def test_what_is_wrong_is_named(log: Path, arguments: list[str], message: str) -> None:
    with pytest.raises(HomeError, match=message):
        run("--input", log, *arguments)


def test_other_endings_are_refused(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("")
    with pytest.raises(HomeError, match=r"logs are read from tables \(\.csv, \.parquet\)"):
        run("--input", tmp_path / "log.txt")


def test_targets_over_pages_are_read_from_their_names() -> None:
    asked: list[int] = []

    def model(version: int) -> object:
        asked.append(version)
        return object()

    context = Context(lambda _: None, model)  # type: ignore[arg-type, return-value]
    logged, greedy, both, policy = page_targets(
        ["logged", "epsilon=0", "model:7,epsilon=0.25", "policy:uniform"], [], context
    )
    assert (logged, greedy) == (Target(None), Target(0.0))
    assert isinstance(both, WhatIf)
    assert (both.name, both.epsilon, asked) == ("model:7,epsilon=0.25", 0.25, [7])
    assert both.model is not None
    assert both.model.version == 7
    assert isinstance(policy, WhatIf)
    assert policy.model is not None
    assert policy.model.version is None
    for spec, message in {
        "model:x": "'x' is no version",
        "policy:vw": "a fresh 'vw' has learned nothing",
        "uniform": "is not known here",
        "logged,epsilon=0": "is not known here",
        "model:1,policy:fixed": "is not known here",
        "model": "is not known here",
        "": "is not known here",
    }.items():
        with pytest.raises(ConfigurationError, match=message):
            page_targets([spec], [], context)
    assert [one.name for one in row_targets([], ["a", "b"])] == ["a", "b"]
    assert [one.name for one in row_targets(["logged", "uniform", "epsilon=0.1"], [])] == [
        "as logged", "uniform", "epsilon=0.1",
    ]  # fmt: skip


def test_a_learner_is_validated_and_a_campaign_judged(tmp_path: Path) -> None:
    lines = dsjson_log(tmp_path / "log.dsjson", 300)
    printed = run(
        "validate", "--input", lines, "--vw", "--cb_explore_adf -q ua", "--html", tmp_path / "v.html"
    )
    for text in ("300 rounds", "as it was", "normalised", "reward recently"):
        assert text in printed
    assert "Progressive reward" in (tmp_path / "v.html").read_text()
    assert len(json.loads(run("validate", "--input", lines, "--json"))["points"]) == 50
    made_campaign(tmp_path, rows=600)
    printed = run("obd", "--data-dir", tmp_path, "--estimators", "ips,dr", "--html", tmp_path / "o.html")
    for text in ("made: bts from the log of random", "its own log", "ips", "dr"):
        assert text in printed
    assert "made: bts from the log of random" in (tmp_path / "o.html").read_text()
    with pytest.raises(HomeError, match="behaviour is 'greedy': choose random or bts"):
        run("obd", "--data-dir", tmp_path, "--behaviour", "greedy")
    for options, message in {"{": "give a JSON object", "[1]": "give a JSON object"}.items():
        with pytest.raises(HomeError, match=message):
            run("validate", "--policy-options", options)
