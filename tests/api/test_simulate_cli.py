"""`home simulate` and its commands, used as a person would."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from api import cli
from home.settings import Settings
from home.simulate.participants import PARTICIPANTS

SHORT = ("--visits", "6", "--batch", "3", "--listeners", "8")


def invoke(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(
        cli.app, ["--database", settings.database_url, "simulate", *words], catch_exceptions=False
    )


def run(settings: Settings, *words: str) -> str:
    result = invoke(settings, *words)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_simulation_writes_all_its_files_and_goes_on_from_a_directory(
    demo_settings: Settings, tmp_path: Path
) -> None:
    words = ("--policies", "order,random", *SHORT, "--workers", "2", "--out", str(tmp_path / "out"))
    files = [tmp_path / name for name in ("r.html", "t.parquet")]
    output = run(
        demo_settings,
        *words,
        "--html",
        str(files[0]),
        "--trace",
        str(files[1]),
        "--decisions",
        str(tmp_path / "d"),
    )
    assert "Pages as a whole" in output
    assert "two-dimensional NDCG" in output
    assert files[0].read_text("utf-8").startswith("<!doctype html>")
    assert pl.read_parquet(files[1]).height == 12
    assert {path.name for path in (tmp_path / "d").iterdir()} == {"order.parquet", "random.parquet"}
    again = json.loads(_json(run(demo_settings, *words, "--decisions", str(tmp_path / "d2"), "--json")))
    assert [summary["policy"] for summary in again["summaries"]] == ["order", "random"]


def _json(output: str) -> str:
    return output[output.index("{") :]


def test_a_sweep_and_a_comparison_answer_in_one_screen(demo_settings: Settings, tmp_path: Path) -> None:
    plot = tmp_path / "front.svg"
    swept = run(demo_settings, "sweep", "--policy", "order", "--epsilon", "0", "--epsilon", "0.5", *SHORT,
                "--plot", str(plot))  # fmt: skip
    assert "epsilon=0.5" in swept
    assert plot.exists()
    book = str(demo_settings.rulebook_file)
    compared = run(demo_settings, "compare", book, book, *SHORT)
    assert "cannot be told apart" in compared


def test_a_scenario_that_is_not_met_fails_the_command(demo_settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'title = "t"\nquestion = "q"\npolicies = ["order"]\nvisits = 4\nbatch = 2\nlisteners = 4\n'
        '[[happening]]\nkind = "cold_start"\nshare = 1.0\n'
        '[[expect]]\nwhat = "w"\nmeasure = "cold"\npolicy = "order"\nat_most = 0.5\n',
        "utf-8",
    )
    result = invoke(demo_settings, "scenario", str(path))
    assert result.exit_code == 1
    assert "not met" in result.output
    path.write_text(path.read_text("utf-8").replace("at_most = 0.5", "at_least = 1.0"), "utf-8")
    assert "met" in run(demo_settings, "scenario", str(path))


def test_calibration_is_printed(demo_settings: Settings) -> None:
    output = run(demo_settings, "calibrate", "--visits", "60", "--listeners", "8", "--batch", "30")
    assert "tag entropy" in output


def test_help_groups_options_and_says_what_each_policy_does(
    demo_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    text = run(demo_settings, "--help")
    panels = ["What is tried", "Who visits, and how often", "How it runs", "What is written"]
    places = [text.index(panel) for panel in panels]
    assert places == sorted(places)
    assert all(f"{name}: {what}" in text for name, what in PARTICIPANTS.items())
    options = text[text.index("─ Options") : places[0]]
    assert "--help" in options
    assert options.count("--") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--visits", "3", "sweep"), "give options after"),
        (("sweep", "--weight", "taste-mix"), "RULE=FACTOR"),
        (("scenario", "storm"), "'storm' is not known"),
        (("--env", "mars"), "env is 'mars'"),
        (("--env", "carousel"), "run `home simulate carousel`"),
        (("--env", "replay:/nowhere/men"), "Open Bandit"),
        (("--env", "replay:/nowhere/men", "--workers", "2"), "--workers says nothing of a log"),
        (("--trace", "pages.txt"), "pages.txt: end the name in .parquet or .csv"),
        (("--plot", "regret.foo"), "regret.foo: end the name in .png or .svg or .pdf"),
        (("--html", "/nowhere/report.html"), "there is no directory /nowhere"),
        (("sweep", "--plot", "front.foo"), "front.foo: end the name in"),
        (("sweep", "--weight", "taste-mix=2", "--weight", "taste-mix=2"), "two settings are called"),
        (("--decisions", __file__), "is a file"),
        (("--out", __file__), "is a file"),
        (("--policies", " , "), "name one or more of serving"),
        (("carousel", "--policies", ""), "name one or more of random"),
        (("carousel", "--policies", "random", "--baseline", "best"), "baseline is 'best'"),
        (("--log-to", "sqlite://", "--workers", "2"), "give --workers 1"),
        (("compare", "/nowhere.toml", "/nowhere.toml"), "/nowhere.toml"),
    ],
)
def test_wrong_use_is_one_message(
    demo_settings: Settings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setattr("sys.argv", ["home", "--database", demo_settings.database_url, "simulate", *words])
    with pytest.raises(SystemExit):
        cli.main()
    message = capsys.readouterr().err
    assert "Traceback" not in message
    assert said in " ".join(message.split())
