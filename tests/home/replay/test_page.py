"""The page of a replay, in a real browser: it shows everything, loads nothing, and fits a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from home.replay.options import EVERY, Options
from home.replay.page import write_page
from home.replay.report import ReplayReport
from home.replay.row_targets import Given, Logged, RowTarget
from home.replay.rows import judge_rows
from home.replay.sources.columns import ColumnsSource
from tests.home.replay.test_rows import rounds

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ReplayReport:
    frame, _ = rounds(3000)
    path = tmp_path_factory.mktemp("log") / "<log> & more.csv"
    faulty = frame.select("reward", "propensity", "action", "market", "timestamp", "context_which")
    given = frame["propensity"].alias("target_propensity:<b>new</b>")
    faulty.with_columns(given).extend(
        faulty.with_columns(given)[:2].with_columns(propensity=0.0)  # rows to be listed
    ).write_csv(path)
    targets: list[RowTarget] = [Logged(), Given("<b>new</b>")]
    return judge_rows(ColumnsSource(path, ("market",)), targets, Options(estimators=EVERY, interval="normal"))


@pytest.mark.parametrize(("width", "dark"), [(390, False), (1280, True)], ids=["phone", "desktop"])
def test_the_page_shows_the_report(
    browser: Browser, report: ReplayReport, tmp_path: Path, width: int, dark: bool
) -> None:
    path = tmp_path / "report.html"
    write_page(report, path)
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda asked: troubles.append(asked.url) if asked.url != path.as_uri() else None)
    page.goto(path.as_uri())
    assert page.locator("h1").inner_text() == "Replay of <log> & more.csv"
    # The verdict with its reason stands first, before any number.
    first = page.locator(".verdicts li").first
    assert [first.locator(tag).first.inner_text() for tag in ("strong", ".badge")] == ["as logged", "trust"]
    assert page.locator(".verdicts").bounding_box()["y"] < page.locator("figure").first.bounding_box()["y"]  # type: ignore[index]
    drawn = page.locator("svg[role=img]")
    assert drawn.count() == 1 + 2 * len(report.judgements)
    for number in range(drawn.count()):
        box = drawn.nth(number).bounding_box()
        assert box is not None
        assert box["width"] > 250
        assert box["height"] > 100
    names = {one.estimator for judgement in report.judgements for one in judgement.estimates}
    shown = page.locator("table").first.inner_text()
    assert all(name in shown for name in names)
    page.locator("summary", has_text="By market").first.click()
    assert page.get_by_role("cell", name="SE").first.is_visible()
    assert "propensity '0.0' is not above 0" in page.locator("main").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(set(ids)) == len(ids)
    # Plots take the page's colours: no stand-in is left, and their text is readable in the dark.
    text = drawn.first.locator("text").first
    assert page.evaluate("one => getComputedStyle(one).fill", text.element_handle()) != "rgb(0, 0, 0)"
    assert not any(f"#0{n}0{n}0{n}" in path.read_text() for n in range(1, 5))
    context.close()
    assert troubles == []
