"""Many listeners at once, over HTTP: waiting must not cost pages their quality."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from api.app import create_app
from home.bootstrap import open_home
from home.settings import Settings
from tests.api.serving import serving

_CLIENTS = 16
_PAGES = 96


@pytest.fixture
def base_url(demo_settings: Settings) -> Iterator[str]:
    """A server with the deadlines it ships with, but for the room that a busy test machine needs."""
    defaults = Settings()
    settings = demo_settings.model_copy(
        update={
            "layout_deadline_ms": 10 * defaults.layout_deadline_ms,
            "source_budget_ms": 10 * defaults.source_budget_ms,
        }
    )
    with serving(create_app(open_home(settings, background=False))) as url:
        yield url


@pytest.mark.slow
def test_a_crowd_waits_and_gets_whole_pages(base_url: str) -> None:
    with httpx.Client(base_url=base_url, timeout=60.0) as client:

        def page(number: int) -> dict[str, Any]:
            request = {"listener_id": f"demo-listener-{number + 1}", "surface": "desktop"}
            answer: dict[str, Any] = client.post("/v1/home", json=request).raise_for_status().json()
            return answer

        with ThreadPoolExecutor(_CLIENTS) as crowd:
            pages = list(crowd.map(page, range(_PAGES)))
    assert {one["layout"]["status"] for one in pages} == {"optimal"}
    assert not any(one["diagnostics"]["dropped_sources"] for one in pages)
