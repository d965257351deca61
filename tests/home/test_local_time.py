"""Hours and days are the listener's: from the app, else from their market."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import pytest

from home.bootstrap import open_home
from home.errors import UnknownTimezoneError
from home.local_time import named_timezone, timezone_of
from home.settings import Settings
from shelves.markets import MARKET_NAMES, MARKET_TIMEZONES

EVENING = datetime(2026, 11, 2, 18, 30, tzinfo=UTC)


def test_every_market_with_a_name_has_a_timezone_that_exists() -> None:
    assert set(MARKET_TIMEZONES) == set(MARKET_NAMES)
    assert set(MARKET_TIMEZONES.values()) <= available_timezones()


def test_a_market_that_is_not_known_keeps_utc() -> None:
    assert EVENING.astimezone(timezone_of("XX")).utcoffset() == timedelta(0)
    assert EVENING.astimezone(timezone_of("jp")).hour == 3


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "", "Europe", "\0"])
def test_a_timezone_that_does_not_exist_is_refused_by_name(name: str) -> None:
    with pytest.raises(UnknownTimezoneError, match="IANA"):
        named_timezone(name)


def test_a_page_is_composed_logged_and_read_back_in_the_listeners_time(demo_settings: Settings) -> None:
    home = open_home(demo_settings, clock=lambda: EVENING, background=False)
    listener = home.listeners(limit=1)[0]
    by_market = home.preview(listener.id, seed=1)
    assert by_market.context.now.hour == EVENING.astimezone(timezone_of(listener.market)).hour
    page = home.compose(listener.id, seed=1, timezone="Asia/Tokyo")
    record = home.decision(page.decision_id)
    assert (page.context.now, page.context.now.hour) == (EVENING, 3)
    assert record.about.facts["hour"] == 3
    assert record.context["context"]["hour"] == "night"
    assert (record.at, record.at.hour) == (EVENING, 3)
    assert home.recompute(record).identical
    home.close()
