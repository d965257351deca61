"""`home models`, used as a person would on a database with a trained model."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session
from typer.testing import CliRunner, Result

from api import cli
from bandits.policies import VwPolicy, build
from bandits.policy import Policy
from bandits.types import Example
from home.bootstrap import open_home
from home.db import connect, writing
from home.errors import HomeError
from home.lifecycle import LifecycleError
from home.model_desk import ModelDesk
from home.registry import publish
from home.service import utc_now
from home.settings import Settings
from home.store import decisions, models
from tests.home.loop import NOON, make_record

HOURS_AGO = timedelta(hours=3)


@pytest.fixture
def settings(prepared: Path, tmp_path: Path) -> Settings:
    """A database with a live model, version 1, and a candidate, version 2, that has learned nothing."""
    path = tmp_path / "home.db"
    shutil.copy(prepared, path)
    made = Settings(
        database_url=f"sqlite:///{path}",
        learn_every_s=0.0,
        source_budget_ms=10_000.0,
        layout_deadline_ms=10_000.0,
    )
    engine = connect(made.database_url)
    with writing(engine) as session:
        publish(session, VwPolicy(), parent=1, now=utc_now(), candidate=True, actor="tuning")
    engine.dispose()
    return made


def test_models_are_listed_with_their_states(settings: Settings) -> None:
    found = json.loads(_run(settings, "list", "--json").output)
    assert [(model["version"], model["state"]) for model in found] == [(2, "candidate"), (1, "live")]
    assert "candidate" in _run(settings, "list").output


def test_a_model_goes_live_by_force_with_a_reason_and_comes_back(settings: Settings) -> None:
    assert "candidate → shadow" in _run(settings, "promote", "2").output
    assert "shadow → canary" in _run(settings, "promote", "2", "--share", "0.25").output
    with pytest.raises(HomeError, match="model 2 does not go live: the log does not show that it is better"):
        _run(settings, "promote", "2")
    with pytest.raises(HomeError, match="reason is empty"):
        _run(settings, "promote", "2", "--force")
    forced = _run(settings, "promote", "2", "--force", "--reason", "the old one is broken").output
    assert "canary → live against the evidence" in forced

    shown = json.loads(_run(settings, "show", "2", "--json").output)
    assert shown["state"] == "live"
    last = shown["transitions"][0]
    assert last["after"] == "live"
    assert last["reason"].startswith("forced: the old one is broken. By replay: no logged decision")
    assert "By canary: 0 pages by the canary" in last["reason"]
    assert "forced" in _run(settings, "show", "2").output

    assert "model 1 is live again; model 2 is retired" in _run(settings, "rollback").output
    assert "model 2 is live again" in _run(settings, "rollback", "--to", "2").output


def test_a_damaged_snapshot_is_not_rolled_back_to(settings: Settings) -> None:
    for words in (["promote", "2"], ["promote", "2"], ["promote", "2", "--force", "--reason", "x"]):
        _run(settings, *words)
    engine = connect(settings.database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE models SET sha256 = 'x' WHERE version = 1")
    with pytest.raises(HomeError, match="model 1 does not match its checksum"):
        _run(settings, "rollback")
    with Session(engine) as session:
        live = models.live(session)
    engine.dispose()
    assert live is not None
    assert live.version == 2


def test_what_does_not_exist_or_may_not_move_is_named(settings: Settings) -> None:
    with pytest.raises(HomeError, match="model 9 does not exist"):
        _run(settings, "show", "9")
    with pytest.raises(HomeError, match="a live model cannot be promoted"):
        _run(settings, "promote", "1")
    with pytest.raises(HomeError, match="model 1 is live: promote or roll back"):
        _run(settings, "retire", "1")
    assert "model 2 is retired" in _run(settings, "retire", "2").output


def test_models_are_compared_on_logged_decisions(settings: Settings) -> None:
    _serve(settings, 4)
    found = json.loads(_run(settings, "diff", "1", "2", "--json").output)
    assert found["decisions"] == 4
    assert found["described"]["state"] == ["live", "candidate"]
    assert (found["same_pages"], found["overlap"], found["score_change"]) == (1.0, 1.0, 0.0), "both untrained"
    assert "rank correlation" in " ".join(_run(settings, "diff", "1", "2").output.split())


def test_features_are_shown_with_what_they_do_and_share(settings: Settings) -> None:
    with pytest.raises(HomeError, match="no decision has closed yet"):
        _run(settings, "features", "1")
    policy = VwPolicy()
    families = ("habit", "mix", "chart", "new", "spoken")
    policy.learn(
        Example(
            {"context": {"day": "weekday"}}, {"kind": {"family": family}}, 0, float(family == "habit"), 1.0
        )
        for family in families * 40
    )
    _publish(settings, policy)
    _serve(settings, 3)
    found = json.loads(_run(settings, "features", "3", "--json").output)
    assert (found["pages"], found["bits"]) == (3, 18)
    names = [one["feature"] for one in found["features"]]
    assert set(names[:2]) == {"kind.family", "context × kind"}, "what it learned from comes first"
    assert found["features"][0]["importance"] > 0.0
    assert "numbers.taste" in names
    assert "terms share one of the 2^18 weights" in " ".join(_run(settings, "features", "3").output.split())
    with pytest.raises(HomeError, match="model 9 does not exist"):
        _run(settings, "features", "9")


def test_features_of_a_policy_without_weights_are_refused(settings: Settings) -> None:
    others = settings.model_copy(update={"policy": "linucb"})
    _publish(settings, build("linucb"))
    with pytest.raises(LifecycleError, match="model 3: policy 'linucb' has no weights by feature"):
        ModelDesk(others).features(3, 10)


def test_health_prints_verdicts_and_says_so_in_its_exit_status(settings: Settings) -> None:
    assert "are needed" in _run(settings, "health").output
    _log(settings, "good", epsilon=0.0, propensity=1.0)
    found = json.loads(_run(settings, "health", "--json", "--pages", "60").output)
    assert found["well"]
    assert found["pages"] == 60
    assert {check["name"] for check in found["checks"]} >= {"inexact_share", "mean_weight_optimum"}

    _log(settings, "wrong", epsilon=0.0, propensity=0.5)
    broken = _run(settings, "health", "--pages", "60")
    assert broken.exit_code == 1
    assert "mean_weight_optimum" in broken.output
    assert "alert" in broken.output


def _run(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(
        cli.app, ["--database", settings.database_url, "models", *words], catch_exceptions=False
    )


def _publish(settings: Settings, policy: Policy) -> None:
    """Publish model 3, a candidate."""
    engine = connect(settings.database_url)
    with writing(engine) as session:
        publish(session, policy, parent=2, now=utc_now(), candidate=True, actor="tuning")
    engine.dispose()


def _serve(settings: Settings, pages: int) -> None:
    """Log pages whose horizon has closed."""
    home = open_home(settings, clock=lambda: utc_now() - HOURS_AGO, background=False)
    people = home.listeners(limit=pages)
    for number in range(pages):
        home.compose(people[number % len(people)].id, seed=number)
    home.close()


def _log(settings: Settings, name: str, **changes: Any) -> None:
    """Log 60 pages of 60 listeners, each later than those logged before."""
    engine = connect(settings.database_url)
    with writing(engine) as session:
        later = timedelta(minutes=decisions.waiting(session, utc_now()))
        for number in range(60):
            record = make_record(f"{name}{number}", NOON + later, listener_id=f"listener-{number}", **changes)
            decisions.add(session, record, closes_at=record.at)
    engine.dispose()
