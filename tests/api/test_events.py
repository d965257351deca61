from __future__ import annotations

import json
import uuid
from typing import Any

import httpx


def _compose(client: httpx.Client, number: int) -> dict[str, Any]:
    listener = client.get("/v1/listeners", params={"limit": 1, "offset": number}).json()["listeners"][0]
    page: dict[str, Any] = client.post("/v1/home", json={"listener_id": listener["id"]}).json()
    return page


def _event(
    page: dict[str, Any], kind: str, slot: int = 1, item: int | None = None, **more: Any
) -> dict[str, Any]:
    shelf = page["page"][slot - 1]
    about = {} if item is None else {"item_id": shelf["items"][item]["id"]}
    return {
        "id": uuid.uuid4().hex,
        "decision_id": page["decision_id"],
        "kind": kind,
        "shelf_id": shelf["shelf_id"],
        "at": page["at"],
        **about,
        **more,
    }


def _report(client: httpx.Client, *events: Any) -> dict[str, Any]:
    answer = client.post("/v1/events", json={"events": events})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_an_event_counts_once_however_often_it_comes(client: httpx.Client) -> None:
    page = _compose(client, 0)
    seen, clicked = _event(page, "impression"), _event(page, "click", item=0)

    first = _report(client, seen, clicked, clicked)
    again = _report(client, clicked, seen)

    assert first == {"accepted": 2, "duplicates": 1, "late": 0, "rejected": []}
    assert again == {"accepted": 0, "duplicates": 2, "late": 0, "rejected": []}
    stored = client.get(f"/v1/decisions/{page['decision_id']}").json()["events"]
    assert sorted(event["id"] for event in stored) == sorted([seen["id"], clicked["id"]])


def test_every_kind_is_taken(client: httpx.Client) -> None:
    page = _compose(client, 1)
    kinds = ["impression", "click", "play", "play_30s", "save", "skip", "dismiss"]

    assert _report(client, *(_event(page, kind, item=0) for kind in kinds))["accepted"] == len(kinds)


def test_bad_events_are_rejected_one_by_one_and_the_others_stored(client: httpx.Client) -> None:
    page = _compose(client, 2)
    good = _event(page, "click")
    elsewhere = _event(page, "click", decision_id="nowhere")
    not_shown = _event(page, "click", shelf_id="not-on-this-page")
    no_kind = _event(page, "purchase")
    no_timezone = _event(page, "click", at="2026-11-01T10:00:00")
    no_shelf = _event(page, "click")
    del no_shelf["shelf_id"]

    answer = _report(client, elsewhere, no_kind, good, not_shown, no_timezone, no_shelf, "not an event")

    assert answer["accepted"] == 1
    reasons = {one["id"]: one["reason"] for one in answer["rejected"]}
    assert len(answer["rejected"]) == 6
    assert "decision_id: 'nowhere'" in reasons[elsewhere["id"]]
    assert "shelf_id: 'not-on-this-page'" in reasons[not_shown["id"]]
    assert "kind: 'purchase'" in reasons[no_kind["id"]]
    assert "at: '2026-11-01T10:00:00'" in reasons[no_timezone["id"]]
    assert "shelf_id" in reasons[no_shelf["id"]]
    assert "" in reasons


def test_ids_that_no_database_holds_cost_only_their_own_event(client: httpx.Client) -> None:
    page = _compose(client, 6)
    sound = _event(page, "click")
    text = json.dumps({"events": [sound, {**sound, "id": "a\x00b"}, {**sound, "id": "LONE"}]})
    body = text.replace("LONE", r"\ud800")
    answer = client.post("/v1/events", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 1
    assert [rejected["id"] for rejected in answer.json()["rejected"]] == ["a\x00b", "?"]


def test_an_empty_batch_is_fine_and_an_oversized_one_is_refused_whole(client: httpx.Client) -> None:
    page = _compose(client, 3)
    event = _event(page, "click")

    assert _report(client)["accepted"] == 0
    assert _report(client, *[event] * 1000)["duplicates"] == 999
    refused = client.post("/v1/events", json={"events": [event] * 1001})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "events"


def test_a_dismissed_shelf_is_gone_from_the_next_page(client: httpx.Client) -> None:
    page = _compose(client, 4)
    gone = page["page"][1]["shelf_id"]

    _report(client, _event(page, "dismiss", slot=2))
    next_page = _compose(client, 4)

    assert gone not in [shelf["shelf_id"] for shelf in next_page["page"]]
    decision = client.get(f"/v1/decisions/{next_page['decision_id']}").json()
    assert gone not in [candidate["shelf_id"] for candidate in decision["candidates"]]


def test_a_dismissed_item_is_gone_from_the_next_page(client: httpx.Client) -> None:
    page = _compose(client, 5)
    gone = page["page"][0]["items"][0]["id"]

    _report(client, _event(page, "dismiss", item=0))

    assert gone not in [item["id"] for shelf in _compose(client, 5)["page"] for item in shelf["items"]]
