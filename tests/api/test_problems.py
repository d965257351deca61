from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import home.errors
from api import problems
from api.app import create_app
from api.errors import KIND_OF_ERROR, kind_of
from api.limits import MAX_BODY_BYTES
from home.errors import ConfigurationError, EmptyCatalogueError, HomeError
from home.registry import NoModelError
from home.service import Home, Readiness
from tests.api.serving import serving

_SECRET = "a detail that only the log may hold"


def _problem(answer: httpx.Response, slug: str, status: int) -> dict[str, object]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, object] = answer.json()
    assert body["type"] == f"/problems/{slug}"
    assert body["title"] == problems.KINDS[slug].title
    assert body["status"] == status
    assert body["detail"]
    assert body["instance"] == answer.request.url.path
    return body


def test_every_error_of_the_composer_has_a_kind_of_its_own() -> None:
    own = [
        error
        for _, error in inspect.getmembers(home.errors, inspect.isclass)
        if issubclass(error, HomeError) and error is not HomeError
    ]
    assert own
    assert set(own) <= set(KIND_OF_ERROR)
    kinds = list(KIND_OF_ERROR.values())
    assert len(set(kinds)) == len(kinds)


def test_an_error_without_a_kind_is_what_its_base_is() -> None:
    class WrongGridError(ConfigurationError):
        pass

    assert kind_of(WrongGridError("")) is problems.MISCONFIGURED
    assert kind_of(HomeError("")) is problems.INTERNAL


def test_unknown_listener(client: httpx.Client) -> None:
    for answer in (client.post("/v1/home", json={"listener_id": "nobody"}), client.get("/v1/home/nobody")):
        assert "'nobody'" in str(_problem(answer, "unknown-listener", 404)["detail"])


def test_unknown_surface(client: httpx.Client) -> None:
    answer = client.post("/v1/home", json={"listener_id": "nobody", "surface": "fridge"})
    body = _problem(answer, "unknown-surface", 404)
    assert "'fridge'" in str(body["detail"])
    assert "phone" in str(body["detail"])


def test_unknown_timezone(client: httpx.Client) -> None:
    listener = client.get("/v1/listeners").json()["listeners"][0]["id"]
    body = {"listener_id": listener, "timezone": "Mars/Olympus"}
    by_url = client.get(f"/v1/home/{listener}", params={"timezone": "Mars/Olympus"})
    for answer in (client.post("/v1/home", json=body), by_url):
        assert "'Mars/Olympus'" in str(_problem(answer, "unknown-timezone", 422)["detail"])


def test_unknown_decision(client: httpx.Client) -> None:
    _problem(client.get("/v1/decisions/none"), "unknown-decision", 404)


def test_unknown_path_and_method(client: httpx.Client) -> None:
    _problem(client.get("/v2/home"), "not-found", 404)
    _problem(client.get("/static/none.js"), "not-found", 404)
    answer = client.delete("/v1/home")
    _problem(answer, "method-not-allowed", 405)
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ({}, "listener_id", {}),
        ({"listener_id": 7}, "listener_id", 7),
        ({"listener_id": "x", "seed": -1}, "seed", -1),
        ({"listener_id": "x", "seed": 2**63}, "seed", 2**63),
        ({"listener_id": "x", "colour": "red"}, "colour", "red"),
        ({"listener_id": "", "surface": "phone"}, "listener_id", ""),
        ({"listener_id": "x", "seed": 10**30}, "seed", str(10**30)),
        ({"listener_id": "a\x00b"}, "listener_id", "a\x00b"),
    ],
)
def test_invalid_request_names_field_value_and_fix(
    client: httpx.Client, body: dict[str, object], field: str, value: object
) -> None:
    answer = _problem(client.post("/v1/home", json=body), "invalid-request", 422)
    errors = answer["errors"]
    assert isinstance(errors, list)
    assert [error["field"] for error in errors] == [field]
    assert errors[0]["fix"]
    assert errors[0]["value"] == (value if value != {} else "{}")


@pytest.mark.parametrize("body", [r'{"listener_id": "\ud800"}', r'{"listener_id": "x", "\ud800": 1}'])
def test_text_that_nothing_can_write_is_refused_like_any_other(client: httpx.Client, body: str) -> None:
    answer = client.post("/v1/home", content=body, headers={"content-type": "application/json"})
    assert "?" in str(_problem(answer, "invalid-request", 422)["errors"])


@pytest.mark.parametrize(
    "path",
    ["/v1/home/a%00b", "/v1/decisions/a%00b", "/v1/decisions/%00/explanation", "/v1/listeners?search=%00"],
)
def test_no_database_is_asked_for_what_it_cannot_hold(client: httpx.Client, path: str) -> None:
    _problem(client.get(path), "invalid-request", 422)


def test_a_path_with_a_slash_too_many_is_a_problem_like_any_other(client: httpx.Client) -> None:
    _problem(client.get("/v1/home/"), "not-found", 404)


def test_invalid_query_and_broken_json(client: httpx.Client) -> None:
    answer = _problem(client.get("/v1/listeners", params={"limit": 0}), "invalid-request", 422)
    assert answer["errors"] == [
        {"field": "limit", "value": "0", "fix": "Input should be greater than or equal to 1"}
    ]
    headers = {"content-type": "application/json"}
    broken = _problem(client.post("/v1/home", content="{", headers=headers), "invalid-request", 422)
    errors = broken["errors"]
    assert isinstance(errors, list)
    assert (errors[0]["field"], errors[0]["value"]) == ("body", None)


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_without_end_is_refused(client: httpx.Client, announced: bool) -> None:
    body = b" " * (MAX_BODY_BYTES + 1)

    def in_parts() -> Iterator[bytes]:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    headers = {"content-type": "application/json"}
    answer = client.post("/v1/events", content=body if announced else in_parts(), headers=headers)
    _problem(answer, "too-large", 413)


@pytest.mark.parametrize(
    ("error", "slug", "status"),
    [
        (EmptyCatalogueError("sqlite:///somewhere.db"), "empty-catalogue", 503),
        (ConfigurationError("rulebook.toml: no such file"), "misconfigured", 503),
        (NoModelError(), "no-model", 503),
        (HomeError("something else that people can act on"), "internal", 500),
    ],
)
def test_errors_while_composing(
    client: httpx.Client,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    error: HomeError,
    slug: str,
    status: int,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(home, "compose", fail)
    body = _problem(client.post("/v1/home", json={"listener_id": "x"}), slug, status)
    assert body["detail"] == str(error)


def test_unexpected_error_says_nothing_of_the_inside(
    client: httpx.Client, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError(_SECRET)

    monkeypatch.setattr(home, "compose", fail)
    answer = client.post("/v1/home", json={"listener_id": "x"})
    _problem(answer, "internal", 500)
    assert _SECRET not in answer.text
    assert "Traceback" not in answer.text


def test_not_ready_names_the_failing_checks(
    client: httpx.Client, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home, "readiness", lambda: Readiness({"database": "", "model": "no model is live"}))
    body = _problem(client.get("/readyz"), "not-ready", 503)
    assert body["checks"] == {"model": "no model is live"}
    assert "model: no model is live" in str(body["detail"])


def test_the_type_of_a_problem_can_be_looked_up(client: httpx.Client) -> None:
    for slug, kind in problems.KINDS.items():
        assert client.get(f"/problems/{slug}").json()["meaning"] == kind.meaning
    _problem(client.get("/problems/none"), "not-found", 404)


def test_shutting_the_app_down_closes_the_composer(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []
    monkeypatch.setattr(home, "close", lambda: closed.append(True))
    with serving(create_app(home)) as url:
        assert httpx.get(f"{url}/healthz").status_code == 200
        assert closed == []
    assert closed == [True]


def test_no_problem_text_names_a_file_of_the_server(client: httpx.Client) -> None:
    root = str(Path(problems.__file__).parents[1])
    assert root not in client.get("/static/../app.py").text
    assert root not in client.get("/static/%2e%2e/app.py").text
