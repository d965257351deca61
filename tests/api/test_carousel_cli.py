"""`home simulate carousel`, as it is called."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from home.errors import ConfigurationError
from home.simulate.carousel.engines import InProcess
from home.simulate.carousel.worlds import WorldRequest
from tests.home.simulate.carousel.small import small_world


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small world, played in this process."""
    monkeypatch.setattr(WorldRequest, "make", lambda self: small_world())
    monkeypatch.setattr("api.commands.carousel.Processes", lambda workers: InProcess())


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["simulate", "carousel", "--rounds", "12", "--users", "50", *arguments])


@pytest.mark.usefixtures("small")
def test_a_simulation_is_printed_and_written(tmp_path: Path) -> None:
    out = tmp_path / "run"
    found = _run("--policies", "random, ts-seg-naive", "--seeds", "2", "--out", str(out))
    assert found.exit_code == 0, found.output
    assert "Users: a small world." in found.output
    assert "random and ts-seg-naive cannot be told apart by regret" in found.output
    report = json.loads((out / "report.json").read_bytes())
    assert {summary["policy"] for summary in report["summaries"]} == {"random", "ts-seg-naive"}
    assert report["seeds"] == [1, 2]
    assert len(pl.read_parquet(out / "trace.parquet")) == 2 * 2 * 12
    assert (out / "regret.png").stat().st_size > 1_000


@pytest.mark.usefixtures("small")
def test_json_is_the_report_alone() -> None:
    found = _run("--policies", "random", "--json", "--seed", "7", "--feedback", "paper")
    report = json.loads(found.stdout)
    assert (report["seeds"], report["feedback"]) == ([7], "paper")


@pytest.mark.usefixtures("small")
def test_an_unknown_policy_is_an_error_that_names_the_known_ones() -> None:
    found = _run("--policies", "best")
    assert isinstance(found.exception, ConfigurationError)
    assert "ts-seg-pessimistic" in str(found.exception)


def test_a_missing_data_directory_is_named(tmp_path: Path) -> None:
    found = _run("--policies", "random", "--data-dir", str(tmp_path))
    assert isinstance(found.exception, ConfigurationError)
    assert "playlist_features.csv does not exist" in str(found.exception)
