"""What rules know of a request: its facts, the page before it, and the listener's taste."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from home.bootstrap import open_home
from home.db import writing
from home.page_context import FACTS, TASTES, facts_of, page_context
from home.sampling import sample_contexts
from home.settings import Settings
from home.store import decisions
from tests.home.loop import NOON, make_record


def test_facts_and_taste_are_the_documented_ones(demo_settings: Settings) -> None:
    home = open_home(demo_settings, background=False)
    try:
        for context in sample_contexts(home.engine, 5, "tv", 1, home.clock()):
            about = page_context(context, home.tools.builder.build(context).view)
            assert about.facts == facts_of(context)
            assert set(about.facts) == set(FACTS)
            assert (about.facts["surface"], about.facts["market"]) == ("tv", context.listener.market)
            assert set(about.taste) == set(TASTES)
            for shares in about.taste.values():
                assert sum(shares.values()) == pytest.approx(1.0, abs=0.05)
                assert min(shares.values()) > 0
    finally:
        home.close()


def test_the_last_page_is_the_newest_before_now_on_the_same_surface(engine: Engine) -> None:
    with writing(engine) as session:
        pages: dict[str, dict[str, Any]] = {
            "old": {"at": NOON},
            "new": {"at": NOON + timedelta(hours=1), "page": (2, 1, 0), "anchor": (2, 1, 0)},
            "elsewhere": {"at": NOON + timedelta(hours=2), "surface": "tv"},
            "someone else": {"at": NOON + timedelta(hours=2), "listener_id": "bo"},
            "later": {"at": NOON + timedelta(hours=9)},
        }
        for name, changes in pages.items():
            record = make_record(name, **changes)
            decisions.add(session, record, closes_at=record.at)
    with Session(engine) as session:
        now = NOON + timedelta(hours=3)
        assert decisions.last_page(session, "ada", "phone", now) == ("c", "b", "a")
        assert decisions.last_page(session, "ada", "desktop", now) == ()
        assert decisions.last_page(session, "nobody", "phone", now) == ()
