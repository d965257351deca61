"""The command line, used as a person would."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api import cli
from home.db import connect
from home.settings import Settings
from tests.home.ingest.made import write_data

LISTENER = "demo-listener-1"
_TWO_SHELVES = ("jump_back_in", "new_releases:music")


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


def test_an_address_that_is_taken_is_named_with_the_fix(
    demo_settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        message = _fails(capsys, monkeypatch, demo_settings, "serve", "--port", str(port))
    assert f"127.0.0.1:{port}: address already in use" in message
    assert "--port" in message
    assert "loading" not in message


@pytest.mark.parametrize(("limit", "more"), [("2", True), ("1000", False)])
def test_a_list_of_listeners_says_when_there_are_more(
    demo_settings: Settings, limit: str, more: bool
) -> None:
    output = _run(demo_settings, "listeners", "--limit", limit)
    assert LISTENER in output
    assert ("--limit lists more" in output) is more


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


def test_wrong_use_is_one_message(
    demo_settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "policies is ''" in _fails(capsys, monkeypatch, demo_settings, "simulate", "--policies", "")


@pytest.mark.parametrize("command", ["page --listener x", "simulate", "audit"])
@pytest.mark.parametrize("seed", ["-1", "99999999999999999999999"])
def test_seeds_have_a_range(demo_settings: Settings, command: str, seed: str) -> None:
    result = CliRunner().invoke(
        cli.app, ["--database", demo_settings.database_url, *command.split(), "--seed", seed]
    )
    assert result.exit_code == 2
    assert "seed" in result.output


def test_a_simulation_is_logged_once(
    demo_settings: Settings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ["simulate", "--policies", "order", "--visits", "2", "--listeners", "2", "--no-regret"]
    words += ["--log-to", f"sqlite:///{tmp_path}/log.db"]
    _run(demo_settings, *words)
    _run(demo_settings, *words, "--seed", "2")
    assert "--seed or --log-to" in _fails(capsys, monkeypatch, demo_settings, *words)


def test_a_database_that_fails_in_use_is_one_message(
    demo_settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = connect(demo_settings.database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE dismissals")
    engine.dispose()
    message = _fails(capsys, monkeypatch, demo_settings, "page", "--listener", LISTENER)
    assert "the database failed" in message
    assert "dismissals" in message


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


def test_an_ingest_says_where_rows_were_rejected_and_what_is_synthetic(
    demo_settings: Settings, tmp_path: Path
) -> None:
    data = write_data(tmp_path / "data")
    plays = data / "lastfm-hetrec2011/user_artists.dat"
    plays.write_bytes(plays.read_bytes() + b"10\t8\t[bold]\r\n" * 9)
    lines = _run(demo_settings, "ingest", "lastfm", "--data-dir", str(data), "--no-models").splitlines()
    name = "  lastfm-hetrec2011/user_artists.dat"
    assert f"{name} line 8, 9, 10, …: weight '[bold]' is not a whole number (9 rows)" in lines
    assert f"{name} line 6: weight '0' is below 1 (1 row)" in lines
    assert "market rights and explicit flags" in " ".join(" ".join(lines).split())


def test_listeners_are_found_by_the_start_of_their_id(demo_settings: Settings) -> None:
    assert LISTENER in _run(demo_settings, "listeners", LISTENER)


def test_an_audit_of_sound_pages_finds_no_fault(demo_settings: Settings) -> None:
    output = _run(demo_settings, "audit", "--listeners", "20")
    assert "20 pages audited" in output
    assert "FAULT" not in output


def test_a_logged_page_is_listed_and_comes_out_again(demo_settings: Settings) -> None:
    _run(demo_settings, "page", "--listener", LISTENER, "--seed", "3", "--log")
    assert LISTENER in _run(demo_settings, "decisions", "list")
    assert "1 decisions: 1 identical" in _run(demo_settings, "decisions", "replay", "--all")


def test_learning_without_closed_decisions_changes_nothing(demo_settings: Settings) -> None:
    _run(demo_settings, "page", "--listener", LISTENER, "--log")
    assert "0 decisions" in _run(demo_settings, "learn")


def test_the_shipped_rulebook_is_shown(demo_settings: Settings) -> None:
    assert "resume-first" in _run(demo_settings, "rules", "show")


def test_names_in_a_rulebook_are_no_markup(demo_settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    rule = '[[rule]]\nid = "a[/b]"\nkind = "max_count"\ncount = 1\nmatch = { genre = "Horror" }\n'
    path.write_text(f'version = "1"\n{rule}')
    assert "a[/b]" in _run(demo_settings, "rules", "show", str(path))


def test_the_schema_of_rulebooks_is_printed_for_editors(demo_settings: Settings) -> None:
    schema = json.loads(_run(demo_settings, "rules", "schema"))
    assert schema["title"] == "Rulebook"


def test_a_rulebook_is_checked_on_a_corpus_with_a_table_and_a_chart(
    demo_settings: Settings, tmp_path: Path
) -> None:
    chart = tmp_path / "rules.svg"
    command = ("rules", "check", "--corpus", "3", "--surface", "phone", "--chart", str(chart))
    output = _run(demo_settings, *command)
    assert "satisfiable: a page obeys all hard rules in each of 3 contexts" in output
    assert "varied-neighbours" in output
    assert "<svg" in chart.read_text("utf-8")


def test_a_contradictory_rulebook_fails_with_the_rules_at_fault(
    demo_settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "rules.toml"
    pins = (
        f'[[rule]]\nid = "{n}"\nkind = "pinned"\nmatch = {{ id = "{n}" }}\nslot = 1\n' for n in _TWO_SHELVES
    )
    path.write_text('version = "1"\n' + "".join(pins), "utf-8")
    command = ["--database", demo_settings.database_url, "rules", "check", str(path), "--corpus", "2"]
    result = CliRunner().invoke(cli.app, command)
    assert result.exit_code == 1
    assert "'jump_back_in' and 'new_releases:music' leave no page together" in " ".join(result.output.split())
    assert "never applies" not in result.output
    shipped = str(demo_settings.rulebook_file)
    apart = CliRunner().invoke(cli.app, [*command[:2], "rules", "diff", shipped, str(path), "--corpus", "2"])
    assert apart.exit_code == 1
    assert "no page obeys B in 2 contexts" in " ".join(apart.output.split())


def test_remarks_fail_a_strict_check_only(demo_settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    rule = '[[rule]]\nid = "many"\nkind = "max_count"\nmatch = {}\ncount = 90\n'
    path.write_text(f'version = "1"\n{rule}', "utf-8")
    command = ["--database", demo_settings.database_url, "rules", "check", str(path), "--corpus", "1"]
    assert CliRunner().invoke(cli.app, command).exit_code == 0
    strict = CliRunner().invoke(cli.app, [*command, "--strict"])
    assert (strict.exit_code, "nothing to limit" in strict.output) == (1, True)

    text = path.read_text("utf-8").replace("match = {}", 'match = { any = [{ source = "trendin" }, {}] }')
    path.write_text(text.replace("count = 90", "count = 9"), "utf-8")
    typo = CliRunner().invoke(cli.app, [*command, "--strict"])
    assert typo.exit_code == 1
    assert "source is 'trendin': nothing here has it; did you mean 'trending'?" in " ".join(
        typo.output.split()
    )


def test_rules_that_never_bind_are_guards_and_pass_a_strict_check(
    demo_settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(
        'version = "1"\n[[rule]]\nid = "calm"\nkind = "sponsored_spacing"\nclear_first = 1\n', "utf-8"
    )
    command = ("rules", "check", str(path), "--corpus", "3", "--surface", "phone", "--strict")
    output = " ".join(_run(demo_settings, *command).split())
    assert "never binding" in output
    assert "never binding: 1 of 1 rules" in output


def test_a_chart_that_cannot_be_written_is_named(
    demo_settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("rules", "check", "--corpus", "1", "--surface", "tv", "--chart", "x.nonsense")
    assert "--chart x.nonsense" in _fails(capsys, monkeypatch, demo_settings, *command)


def test_two_rulebooks_are_compared(demo_settings: Settings, tmp_path: Path) -> None:
    path, shipped = tmp_path / "rules.toml", demo_settings.rulebook_file
    path.write_text(shipped.read_text("utf-8").replace("count = 3", "count = 1"), "utf-8")
    output = _run(demo_settings, "rules", "diff", str(shipped), str(path), "--corpus", "3")
    assert "rules changed: few-because" in output
    assert "of 3 pages change" in output


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


def test_an_estimate_of_examination_is_refused_on_thin_data_and_shown_as_missing(
    demo_settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    message = _fails(capsys, monkeypatch, demo_settings, "examination", "estimate", "--surface", "tv")
    assert (
        "examination of surface 'tv' cannot be estimated: no decision of it has a closed horizon" in message
    )
    message = _fails(capsys, monkeypatch, demo_settings, "examination", "estimate", "--plot", "x.gif")
    assert "x.gif: pictures are written as .png, .svg or .pdf" in message
    assert "tv: not estimated; layouts use the grid file" in _run(demo_settings, "examination", "show")


def test_a_setting_that_is_no_json_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME_POLICY_OPTIONS", '{"gamma')
    monkeypatch.setattr("sys.argv", ["home", "listeners"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "HOME_POLICY_OPTIONS is '{\"gamma', which is not valid JSON" in said


def test_nobody_found_is_said(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    demo_settings: Settings,
    tmp_path: Path,
) -> None:
    assert "starts with 'zz'" in _fails(capsys, monkeypatch, demo_settings, "listeners", "zz")
    empty = Settings(database_url=f"sqlite:///{tmp_path / 'empty.db'}")
    assert "holds no listeners; run `home setup`" in _fails(capsys, monkeypatch, empty, "listeners")
