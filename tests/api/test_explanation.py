"""Explanations over HTTP and in the terminal."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete
from typer.testing import CliRunner

from api.cli import app
from home.db import ConfigurationRow, writing
from home.service import Home


def _explained(client: httpx.Client, number: int, surface: str) -> tuple[dict[str, Any], dict[str, Any]]:
    listener = client.get("/v1/listeners", params={"limit": 1, "offset": number}).json()["listeners"][0]
    request = {"listener_id": listener["id"], "surface": surface, "seed": 3}
    page = client.post("/v1/home", json=request).json()
    answer = client.get(f"/v1/decisions/{page['decision_id']}/explanation")
    assert answer.status_code == 200, answer.text
    return page, answer.json()


@pytest.mark.parametrize("surface", ["phone", "desktop"])
def test_an_explanation_speaks_of_the_page_that_was_served(client: httpx.Client, surface: str) -> None:
    page, found = _explained(client, 3, surface)
    assert found["decision_id"] == page["decision_id"]
    assert found["best"] == page["layout"]["objective"]
    assert [(one["slot"], one["shelf_id"]) for one in found["placed"]] == [
        (one["slot"], one["shelf_id"]) for one in page["page"]
    ]
    assert len(found["absent"]) == page["diagnostics"]["candidate_shelves"] - len(page["page"])


def test_absent_shelves_say_what_they_would_cost_and_why_they_are_not_there(client: httpx.Client) -> None:
    _, found = _explained(client, 4, "desktop")
    for one in found["absent"]:
        if one["cost"] is None:
            assert one["kept_out_by"]
            assert "no page with it" in one["text"]
        else:
            assert one["cost"] >= 0
            assert f"slot {one['slot']}" in one["text"]
        assert all(f"'{rule}'" in one["text"] for rule in one["kept_out_by"])
    costs = [one["cost"] for one in found["absent"] if one["cost"] is not None]
    assert costs == sorted(costs)


def test_rules_come_with_their_price_reason_and_owner(client: httpx.Client, home: Home) -> None:
    _, found = _explained(client, 5, "phone")
    reasons = {rule.id: (rule.reason, rule.owner) for rule in home.tools.rules}
    assert found["rules"]
    for rule in found["rules"]:
        assert (rule["reason"], rule["owner"]) == reasons[rule["rule"]]
        assert rule["binding"] == (rule["price"] > 0)
    prices = [rule["price"] for rule in found["rules"]]
    assert prices == sorted(prices, reverse=True)


def test_unknown_decisions_and_lost_rulebooks_are_problems(client: httpx.Client, home: Home) -> None:
    missing = client.get("/v1/decisions/none/explanation")
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/unknown-decision")

    page, _ = _explained(client, 6, "phone")
    with writing(home.engine) as session:
        session.execute(delete(ConfigurationRow).where(ConfigurationRow.kind == "rulebook"))
    kept, home.tools = home.tools, replace(home.tools, rulebook="")
    try:
        refused = client.get(f"/v1/decisions/{page['decision_id']}/explanation")
    finally:
        home.tools = kept
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/not-explainable")
    assert "is not stored" in refused.json()["detail"]


def test_the_terminal_explains_a_page(prepared: Path, tmp_path: Path) -> None:
    path = shutil.copy(prepared, tmp_path / "home.db")
    command = ["--database", f"sqlite:///{path}", "page", "--listener", "demo-listener-1", "--explain"]
    shown = CliRunner().invoke(app, command)
    assert shown.exit_code == 0, shown.output
    for title in ("On the page", "Not on the page", "Rules, the dearest first"):
        assert title in shown.output

    plain = CliRunner().invoke(app, [*command, "--json"])
    both = json.loads(plain.output)
    assert both["explanation"]["decision_id"] == both["page"]["decision_id"]
