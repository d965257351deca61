from __future__ import annotations

from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bandits.policies import VwPolicy
from home.db import writing
from home.lifecycle import Step, promote
from home.registry import publish
from home.service import Home
from home.store.models import State


def _scrape(client: httpx.Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def _changes(
    before: dict[Any, float], after: dict[Any, float], name: str
) -> dict[frozenset[tuple[str, str]], float]:
    return {
        labels: value - before.get((metric, labels), 0.0)
        for (metric, labels), value in after.items()
        if metric == name and value != before.get((metric, labels), 0.0)
    }


def _compose(client: httpx.Client) -> dict[str, Any]:
    listener = client.get("/v1/listeners", params={"limit": 1}).json()["listeners"][0]
    page: dict[str, Any] = client.post(
        "/v1/home", json={"listener_id": listener["id"], "surface": "tv"}
    ).json()
    return page


def test_a_page_is_counted_with_its_latency_by_stage(client: httpx.Client) -> None:
    before = _scrape(client)
    page = _compose(client)
    after = _scrape(client)

    explored = "yes" if page["explored"] else "no"
    labels = {"surface": "tv", "status": page["layout"]["status"], "explored": explored}
    assert _changes(before, after, "home_pages_total") == {frozenset(labels.items()): 1}
    assert _changes(before, after, "home_decisions_total") == {frozenset(): 1}
    assert _changes(before, after, "home_compose_seconds_count") == {frozenset(): 1}
    seconds = _changes(before, after, "home_compose_seconds_sum")[frozenset()]
    assert seconds == pytest.approx(page["diagnostics"]["seconds"]["total"])
    stages = _changes(before, after, "home_compose_stage_seconds_count")
    assert stages == {
        frozenset({("stage", stage)}): 1 for stage in page["diagnostics"]["seconds"] if stage != "total"
    }


def test_events_are_counted_by_kind_and_by_outcome(client: httpx.Client) -> None:
    page = _compose(client)
    event = {"decision_id": page["decision_id"], "shelf_id": page["page"][0]["shelf_id"], "at": page["at"]}
    click, seen = {**event, "id": "m-1", "kind": "click"}, {**event, "id": "m-2", "kind": "impression"}
    stray = {**event, "id": "m-3", "kind": "click", "shelf_id": "elsewhere"}

    before = _scrape(client)
    client.post("/v1/events", json={"events": [click, seen, seen, stray, "no event"]})
    after = _scrape(client)

    kinds = _changes(before, after, "home_events_received_total")
    assert kinds == {frozenset({("kind", "click")}): 2, frozenset({("kind", "impression")}): 2}
    outcomes = _changes(before, after, "home_events_total")
    assert outcomes == {
        frozenset({("outcome", "accepted")}): 2,
        frozenset({("outcome", "duplicate")}): 1,
        frozenset({("outcome", "rejected")}): 2,
    }


def test_model_version_and_reload_failures_are_current(
    client: httpx.Client, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, _ = home.models.current()
    assert _scrape(client)[("home_model_version", frozenset())] == version
    monkeypatch.setattr(home.models, "failures", 3)
    assert _scrape(client)[("home_model_reload_failures_total", frozenset())] == 3


def test_memory_of_the_process_is_there(client: httpx.Client) -> None:
    assert _scrape(client)[("process_resident_memory_bytes", frozenset())] > 1e6


def test_the_fleet_and_the_health_of_the_loop_are_there(client: httpx.Client, home: Home) -> None:
    _scrape(client)
    home.health.wait()
    found = _scrape(client)
    version, _ = home.models.current()
    assert found[("home_model_serving", frozenset({("state", "live")}))] == version
    assert found[("home_canary_share", frozenset())] == 0
    assert found[("home_shadow_skipped_total", frozenset({("reason", "queue full")}))] == 0
    assert found[("home_health_alert", frozenset({("check", "decisions")}))] == 0, "too few to say anything"


def test_what_the_shadow_thinks_is_there(client: httpx.Client, home: Home) -> None:
    with writing(home.engine) as session:
        live = home.models.current().version
        shadow = publish(session, VwPolicy(), parent=live, now=home.clock(), candidate=True)
        promote(session, shadow, State.SHADOW, Step("ada", "try", home.clock()))
    home.models.refresh()
    for _ in range(3):
        _compose(client)
    home.shadow.drain()
    found = _scrape(client)
    assert found[("home_model_serving", frozenset({("state", "shadow")}))] == shadow
    assert found[("home_shadow_pages_total", frozenset())] == 3
    assert found[("home_shadow_same_pages_total", frozenset())] == 3, "both are untrained"
    assert found[("home_shadow_overlap_total", frozenset())] == 3
    values = {found[("home_shadow_value", frozenset({("model", name)}))] for name in ("shadow", "serving")}
    assert len(values) == 1
