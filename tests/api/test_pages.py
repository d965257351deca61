from __future__ import annotations

import math
from typing import Any

import httpx
import pytest

from api.commands.page import summary
from home import draw
from home.options import limit_of
from home.service import Home


def _listener(client: httpx.Client, number: int) -> str:
    found: str = client.get("/v1/listeners", params={"limit": 1, "offset": number}).json()["listeners"][0][
        "id"
    ]
    return found


def _compose(client: httpx.Client, number: int, **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/home", json={"listener_id": _listener(client, number), **more})
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


@pytest.mark.parametrize("surface", ["phone", "desktop", "tv"])
def test_page_fills_its_grid_without_showing_an_item_twice(
    client: httpx.Client, home: Home, surface: str
) -> None:
    page = _compose(client, 0, surface=surface)

    grid = home.tools.surfaces[surface].grid
    assert [shelf["slot"] for shelf in page["page"]] == list(range(1, len(grid.slots) + 1))
    shown = [item["id"] for shelf in page["page"] for item in shelf["items"]]
    assert len(shown) == len(set(shown))
    for shelf in page["page"]:
        assert 0 < len(shelf["items"]) <= limit_of(shelf["presentation"], grid)
    assert page["diagnostics"]["violations"] == []
    assert page["surface"] == surface


def test_every_shelf_says_why_it_is_where_it_is(client: httpx.Client) -> None:
    for shelf in _compose(client, 1)["page"]:
        assert shelf["reason"]
        assert shelf["slot_reason"]
        assert shelf["source"]
        assert 0 < shelf["conditional"] <= 1


def test_a_better_shelf_that_rules_keep_out_is_named_by_its_title(client: httpx.Client) -> None:
    rivals = 0
    for number in range(6, 12):
        page = _compose(client, number)
        decision = client.get(f"/v1/decisions/{page['decision_id']}").json()
        titles = {candidate["shelf_id"]: candidate["title"] for candidate in decision["candidates"]}
        for shelf in page["page"]:
            if shelf["rival"] is not None:
                assert f"“{titles[shelf['rival']]}”" in shelf["slot_reason"]
                assert f"'{shelf['rival']}'" not in shelf["slot_reason"]
                rivals += 1
    assert rivals > 0


def test_propensity_is_the_product_of_the_conditionals(client: httpx.Client) -> None:
    page = _compose(client, 2)

    assert page["propensity"] == pytest.approx(math.prod(s["conditional"] for s in page["page"]), rel=1e-12)


def test_a_page_without_a_propensity_says_so(
    client: httpx.Client, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no draw today")

    monkeypatch.setattr(draw, "AnchoredMixture", broken)
    page = _compose(client, 4)
    assert page["propensity"] is None
    assert "no draw today" in page["diagnostics"]["fallback"]
    assert client.get(f"/v1/decisions/{page['decision_id']}").json()["propensity"] is None
    printed = " ".join(summary(home.preview(_listener(client, 4), seed=1)))
    assert "propensity unknown" in printed


def test_same_seed_composes_the_same_page(client: httpx.Client) -> None:
    first, second = _compose(client, 3, seed=11), _compose(client, 3, seed=11)

    assert first["decision_id"] != second["decision_id"]
    assert first["page"] == second["page"]
    assert first["seed"] == second["seed"] == 11


def test_a_url_composes_as_a_body_does(client: httpx.Client) -> None:
    listener = _listener(client, 4)
    posted = client.post("/v1/home", json={"listener_id": listener, "surface": "tv", "seed": 5}).json()
    gotten = client.get(f"/v1/home/{listener}", params={"surface": "tv", "seed": 5}).json()

    assert gotten["page"] == posted["page"]
    assert client.get(f"/v1/decisions/{gotten['decision_id']}").status_code == 200


def test_decision_tells_what_the_page_told_and_what_was_left_out(client: httpx.Client) -> None:
    page = _compose(client, 5)
    decision = client.get(f"/v1/decisions/{page['decision_id']}").json()

    assert decision["page"] == [shelf["shelf_id"] for shelf in page["page"]]
    assert decision["shown"] == [[item["id"] for item in shelf["items"]] for shelf in page["page"]]
    assert decision["propensity"] == page["propensity"]
    assert decision["conditionals"] == [shelf["conditional"] for shelf in page["page"]]
    assert decision["layout"] == page["layout"]
    assert decision["seed"] == page["seed"]
    assert decision["events"] == []
    candidates = decision["candidates"]
    assert len(candidates) == page["diagnostics"]["options"]
    assert len({c["shelf_id"] for c in candidates}) == page["diagnostics"]["candidate_shelves"]
    placed = {c["slot"]: c["shelf_id"] for c in candidates if c["slot"] is not None}
    assert placed == {shelf["slot"]: shelf["shelf_id"] for shelf in page["page"]}
    anchored = sorted((c["anchor_slot"], c["shelf_id"]) for c in candidates if c["anchor_slot"] is not None)
    assert [shelf_id for _, shelf_id in anchored] == decision["anchor"]
    assert any(c["slot"] is None for c in candidates)
    assert sum(c["pmf"][0] for c in candidates) == pytest.approx(1.0, abs=1e-6)
    assert all(c["features"]["shelf"] for c in candidates)


def test_listeners_are_listed_in_parts(client: httpx.Client) -> None:
    first = client.get("/v1/listeners", params={"limit": 3}).json()
    second = client.get("/v1/listeners", params={"limit": 3, "offset": first["next_offset"]}).json()

    ids = [one["id"] for one in first["listeners"] + second["listeners"]]
    assert len(ids) == 6
    assert ids == sorted(set(ids))
    total = len(client.get("/v1/listeners", params={"limit": 200, "offset": 200}).json()["listeners"]) + 200
    last = client.get("/v1/listeners", params={"limit": 3, "offset": total - 2}).json()
    assert len(last["listeners"]) == 2
    assert last["next_offset"] is None


def test_listeners_are_found_by_the_start_of_their_name(client: httpx.Client) -> None:
    someone = client.get("/v1/listeners", params={"limit": 1, "offset": 7}).json()["listeners"][0]
    found = client.get("/v1/listeners", params={"search": someone["name"].upper()}).json()["listeners"]

    assert someone in found
    assert client.get("/v1/listeners", params={"search": "no such person"}).json()["listeners"] == []


def test_surfaces_are_the_grids(client: httpx.Client, home: Home) -> None:
    surfaces = {one["surface"]: one for one in client.get("/v1/surfaces").json()["surfaces"]}

    assert set(surfaces) == set(home.tools.surfaces)
    phone, grid = surfaces["phone"], home.tools.surfaces["phone"].grid
    assert [slot["examination"] for slot in phone["slots"]] == [slot.examination for slot in grid.slots]
    assert phone["slots"][0]["slot"] == 1


def test_server_is_alive_and_ready(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert set(ready.json()["checks"].values()) == {"ok"}
