"""The page in a real browser, as a listener would use it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

pytestmark = pytest.mark.browser

_PHONE: ViewportSize = {"width": 390, "height": 844}
_DESKTOP: ViewportSize = {"width": 1440, "height": 900}
_PATIENCE_S = 10.0


@pytest.fixture(params=[_PHONE, _DESKTOP], ids=["phone", "desktop"])
def page(browser: Browser, base_url: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """An empty tab; afterwards nothing may have been logged as an error or asked of another server."""
    context = browser.new_context(viewport=request.param, base_url=base_url)
    page = context.new_page()
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith(base_url) else troubles.append(asked.url))
    yield page
    context.close()
    assert troubles == []


def _open(page: Page, client: httpx.Client, number: int) -> dict[str, Any]:
    """Open the page of a listener; returns the listener."""
    found = client.get("/v1/listeners", params={"limit": 1, "offset": number}).json()["listeners"]
    listener: dict[str, Any] = found[0]
    page.goto(f"/?listener={listener['id']}")
    expect(page.locator("h1")).to_contain_text(listener["name"])
    return listener


def _decision(page: Page) -> str:
    link = page.locator(".trail a").get_attribute("href")
    assert link is not None
    return link


def _eventually(check: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _PATIENCE_S
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _kinds(client: httpx.Client, decision: str) -> set[str]:
    return {event["kind"] for event in client.get(decision).json()["events"]}


def test_shelves_fit_the_screen(page: Page, client: httpx.Client) -> None:
    page.goto("/")
    expect(page.locator(".card").first).to_be_visible()
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wide, "the page scrolls sideways"
    expect(page.locator(".badge")).to_be_visible()


def test_switching_the_listener_by_keyboard(page: Page, client: httpx.Client) -> None:
    _open(page, client, 20)
    other = client.get("/v1/listeners", params={"limit": 1, "offset": 21}).json()["listeners"][0]

    page.get_by_role("combobox", name="Listener").focus()
    page.keyboard.type(other["name"])
    expect(page.get_by_role("option").first).to_contain_text(other["name"])
    page.keyboard.press("Enter")

    expect(page.locator("h1")).to_contain_text(other["name"])
    assert f"listener={other['id']}" in page.url


def test_switching_the_surface(page: Page, client: httpx.Client) -> None:
    _open(page, client, 22)
    slots = {one["surface"]: len(one["slots"]) for one in client.get("/v1/surfaces").json()["surfaces"]}
    for name, surface in (("TV", "tv"), ("Desktop", "desktop"), ("Phone", "phone")):
        page.get_by_role("radio", name=name).check(force=True)
        expect(page.locator("section.shelf")).to_have_count(slots[surface])
        assert f"surface={surface}" in page.url


def test_why_here_opens_and_closes(page: Page, client: httpx.Client) -> None:
    _open(page, client, 23)
    button = page.get_by_role("button", name=re.compile("^Why here")).first
    panel = page.locator(".why").first
    expect(panel).to_be_hidden()
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(panel).to_contain_text("Predicted value")
    expect(panel).to_contain_text("Probability here")
    button.press("Enter")
    expect(panel).to_be_hidden()


def test_dismissed_shelf_is_gone_now_and_from_the_next_page(page: Page, client: httpx.Client) -> None:
    _open(page, client, 24 if page.viewport_size == _PHONE else 25)
    decision = _decision(page)
    gone = page.locator("section.shelf h2").nth(1).inner_text()

    page.get_by_role("button", name=f"Dismiss {gone}", exact=True).click()
    expect(page.get_by_role("heading", name=gone, exact=True)).to_have_count(0)
    expect(page.locator("#toast")).to_contain_text("Gone")
    assert "dismiss" in _kinds(client, decision)

    page.get_by_role("button", name="Compose a new page").click()
    expect(page.locator(f'.trail a[href="{decision}"]')).to_have_count(0)
    expect(page.locator("section.shelf").first).to_be_visible()
    assert gone not in page.locator("section.shelf h2").all_inner_texts()


def test_looking_saving_opening_playing_and_skipping_are_reported(page: Page, client: httpx.Client) -> None:
    _open(page, client, 26)
    decision = _decision(page)

    page.get_by_role("button", name=re.compile("^Save ")).first.click()
    page.locator(".card").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Play").click()
    expect(page.locator("#player")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Skip ")).click()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#player")).to_be_hidden()

    expected = {"impression", "save", "click", "play", "skip"}
    assert _eventually(lambda: expected <= _kinds(client, decision)), _kinds(client, decision)


def test_shelves_out_of_sight_are_not_reported_as_seen(page: Page, client: httpx.Client) -> None:
    _open(page, client, 27)
    decision = _decision(page)
    last = page.locator("section.shelf").last
    shelf = last.get_attribute("data-shelf")

    def seen() -> set[str]:
        events = client.get(decision).json()["events"]
        return {event["shelf_id"] for event in events if event["kind"] == "impression"}

    assert _eventually(lambda: len(seen()) > 0)
    assert shelf not in seen()
    last.scroll_into_view_if_needed()
    assert _eventually(lambda: shelf in seen())


def test_shelves_that_were_not_placed_are_listed(page: Page, client: httpx.Client) -> None:
    _open(page, client, 28)
    if page.viewport_size == _PHONE:
        page.locator("#inspector summary").click()
    candidates = client.get(_decision(page)).json()["candidates"]
    placed = {candidate["shelf_id"] for candidate in candidates if candidate["slot"] is not None}
    unplaced = {candidate["shelf_id"] for candidate in candidates} - placed
    expect(page.locator(".left-out h3")).to_have_text(f"Not placed ({len(unplaced)})")
    expect(page.locator(".left-out li")).to_have_count(min(12, len(unplaced)))


def test_a_page_is_explained_on_demand(page: Page, client: httpx.Client) -> None:
    _open(page, client, 29)
    if page.viewport_size == _PHONE:
        page.locator("#inspector summary").click()
    page.get_by_role("button", name="Explain this page").click()
    sections = page.locator(".explanation h3")
    expect(sections).to_have_text(["What rules cost", "What shelves bring", "What others would cost"])
    found = client.get(f"{_decision(page)}/explanation").json()
    expect(page.locator(".explanation section").nth(1)).to_contain_text(found["placed"][0]["title"])
    expect(page.locator(".explanation section").nth(2)).to_contain_text(found["absent"][0]["title"])


def test_titles_are_text_even_when_they_look_like_markup(page: Page, client: httpx.Client) -> None:
    hostile = '<img src=x onerror="document.title = 1"> & <b>bold</b>'

    def altered(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["page"][0]["title"] = body["page"][0]["items"][0]["title"] = hostile
        route.fulfill(response=answer, json=body)

    page.route("**/v1/home", altered)
    page.goto("/")
    expect(page.locator("section.shelf h2").first).to_have_text(hostile)
    expect(page.locator(".item-title").first).to_have_text(hostile)


def test_an_unknown_listener_is_explained_and_another_one_can_be_picked(
    browser: Browser, base_url: str, client: httpx.Client
) -> None:
    someone = client.get("/v1/listeners", params={"limit": 1}).json()["listeners"][0]
    with browser.new_context(viewport=_PHONE, base_url=base_url) as context:
        tab = context.new_page()
        tab.goto("/?listener=nobody")
        expect(tab.get_by_role("alert")).to_contain_text("Unknown listener")
        tab.get_by_role("combobox", name="Listener").click()
        tab.get_by_role("option").first.click()
        expect(tab.locator("h1")).to_contain_text(someone["name"])
        expect(tab.get_by_role("alert")).to_have_count(0)


def test_an_unknown_listener_in_the_address_is_one_click_from_a_page(
    browser: Browser, base_url: str, client: httpx.Client
) -> None:
    someone = client.get("/v1/listeners", params={"limit": 1}).json()["listeners"][0]
    with browser.new_context(viewport=_DESKTOP, base_url=base_url) as context:
        tab = context.new_page()
        tab.goto("/?listener=nobody&surface=tv")
        tab.get_by_role("button", name="Show someone else").click()
        expect(tab.locator("h1")).to_contain_text(someone["name"])


def test_appearance_is_remembered(page: Page, client: httpx.Client) -> None:
    _open(page, client, 29)
    button = page.get_by_role("button", name="Dark appearance")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert after != before
    page.reload()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == after
