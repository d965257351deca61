"""The command line, used as a person would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api import cli
from home.settings import Settings

LISTENER = "demo-listener-1"


def _run(settings: Settings, *words: str) -> str:
    result = CliRunner().invoke(
        cli.app, ["--database", settings.database_url, *words], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return result.output


def _fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, settings: Settings, *words: str
) -> str:
    monkeypatch.setattr("sys.argv", ["home", "--database", settings.database_url, *words])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 1
    message = capsys.readouterr().err
    assert "Traceback" not in message
    return " ".join(message.split())


def test_a_page_is_printed_shelf_by_shelf(demo_settings: Settings) -> None:
    output = _run(demo_settings, "page", "--listener", LISTENER, "--seed", "3")
    assert "Home of" in output
    assert "propensity" in output
    assert "layout optimal" in output


def test_a_page_as_json_is_the_same_for_the_same_seed(demo_settings: Settings) -> None:
    first, second = (
        json.loads(_run(demo_settings, "page", "--listener", LISTENER, "--seed", "3", "--json"))
        for _ in range(2)
    )
    assert [slot["shelf_id"] for slot in first["page"]] == [slot["shelf_id"] for slot in second["page"]]
    assert first["propensity"] == second["propensity"]


def test_an_unknown_listener_is_named_with_the_fix(
    demo_settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    message = _fails(capsys, monkeypatch, demo_settings, "page", "--listener", "nobody")
    assert "'nobody' is not in the catalogue" in message
    assert "home listeners" in message


def test_an_unknown_surface_is_named_with_the_fix(
    demo_settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    message = _fails(
        capsys, monkeypatch, demo_settings, "page", "--listener", LISTENER, "--surface", "fridge"
    )
    assert "'fridge' has no grid; choose one of: desktop, phone, tv" in message


def test_an_empty_database_says_how_to_fill_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'empty.db'}")
    assert "home setup" in _fails(capsys, monkeypatch, settings, "page", "--listener", LISTENER)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nonsense", "HOME_DATABASE_URL"),
        ("oracle7://x", "oracle7"),
        ("sqlite:////dev/null/home.db", "/dev/null/home.db"),
        ("postgresql+psycopg://someone:secret@127.0.0.1:1/none", "127.0.0.1"),
    ],
)
def test_a_database_that_cannot_be_opened_is_named_without_its_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, url: str, reason: str
) -> None:
    message = _fails(capsys, monkeypatch, Settings(database_url=url), "listeners")
    assert "cannot be opened" in message
    assert reason in message
    assert "secret" not in message


def test_a_model_of_another_configuration_is_named(
    demo_settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME_POSITION_FEATURE", "true")
    message = _fails(capsys, monkeypatch, demo_settings, "page", "--listener", LISTENER)
    assert "the stored model cannot be loaded" in message
    assert "position" in message


def test_a_wrong_setting_is_named(
    demo_settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME_EPSILON", "1.5")
    message = _fails(capsys, monkeypatch, demo_settings, "listeners")
    assert "HOME_EPSILON is '1.5'" in message


def test_an_ingest_from_a_wrong_directory_names_the_missing_file(
    tmp_path: Path,
    demo_settings: Settings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    message = _fails(capsys, monkeypatch, demo_settings, "ingest", "lastfm", "--data-dir", str(tmp_path))
    assert "artists.dat" in message
    assert "https://" in message


def test_listeners_are_found_by_the_start_of_their_id(demo_settings: Settings) -> None:
    assert LISTENER in _run(demo_settings, "listeners", LISTENER)


def test_an_audit_of_sound_pages_finds_no_fault(demo_settings: Settings) -> None:
    output = _run(demo_settings, "audit", "--listeners", "20")
    assert "20 pages audited" in output
    assert "FAULT" not in output


def test_learning_without_closed_decisions_changes_nothing(demo_settings: Settings) -> None:
    _run(demo_settings, "page", "--listener", LISTENER, "--log")
    assert "0 decisions" in _run(demo_settings, "learn")


def test_the_shipped_rulebook_is_shown(demo_settings: Settings) -> None:
    assert "resume-first" in _run(demo_settings, "rules", "show")


def test_a_wrong_rulebook_fails_with_the_fix(
    tmp_path: Path,
    demo_settings: Settings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('version = "1"\n[[rule]]\nid = "x"\nkind = "at_most"\n', "utf-8")
    message = _fails(capsys, monkeypatch, demo_settings, "rules", "show", str(path))
    assert "kind is 'at_most'; choose one of:" in message


def test_setting_up_again_changes_nothing(demo_settings: Settings) -> None:
    first = _run(demo_settings, "setup")
    second = _run(demo_settings, "setup")
    assert "4,020 items, 300 listeners, model version 1" in " ".join(second.split())
    assert "Loading" not in first
