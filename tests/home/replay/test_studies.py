"""Looking into pages: exact where all of them can be listed, and said where they cannot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest

from bandits.types import EventKind, RewardEvent
from home.bootstrap import open_home
from home.db import writing
from home.ingest.progress import Silent
from home.replay.estimators import ESTIMATORS, NEED_LISTING, Needs
from home.replay.inputs import StoredLog
from home.replay.judge import replay_entries
from home.replay.log import collect
from home.replay.options import EVERY, Options
from home.replay.report import Judgement
from home.replay.studies import Study
from home.replay.targets import Target
from home.sampling import sample_contexts
from home.service import Home
from home.settings import Settings
from home.store import events
from home.store.events import StoredEvent

PAGES = 8


@pytest.fixture
def settings(demo_settings: Settings) -> Settings:
    return demo_settings.model_copy(update={"layout_deadline_ms": 10_000.0, "epsilon": 0.5})


def _served(settings: Settings) -> Iterator[Home]:
    home = open_home(settings, background=False)
    for seed, context in enumerate(sample_contexts(home.engine, PAGES, "phone", 3, home.clock())):
        page = home.compose(context.listener.id, "phone", seed=seed)
        shelf = page.placements[seed % 3].shelf.id
        at = home.clock() + timedelta(seconds=1)
        event = RewardEvent(f"e{seed}", page.decision_id, EventKind.CLICK, shelf, at)
        with writing(home.engine) as session:
            events.insert(session, [StoredEvent(event, at, late=False)])
    yield home
    home.close()


def _judged(home: Home) -> Judgement:
    log = StoredLog(home.engine)
    report = replay_entries(
        log.entries(None, None, Silent()), home.formula, [Target(0.5)],
        now=home.clock() + timedelta(days=1), options=Options(estimators=EVERY, interval="normal"),
        setup_of=log.setup_of,
    )  # fmt: skip
    return report.judgements[0]


def test_pages_of_a_portfolio_are_listed_and_every_estimator_has_a_value(settings: Settings) -> None:
    drawn = settings.model_copy(update={"draw": "portfolio", "portfolio_size": 4, "floor": 0.5})
    for home in _served(drawn):
        found = _judged(home)
        without = {one.estimator for one in found.estimates if one.interval is None}
        # Only replay wants a deterministic target.
        assert without == {"replay"}
        assert {one.estimator for one in found.estimates} == {
            name for name, one in ESTIMATORS.items() if one.needs in (Needs.NOTHING, Needs.SLOTS)
        }
        log = StoredLog(home.engine)
        entries = list(log.entries(None, None, Silent()))
        columns = collect(
            entries, home.formula, [Target(0.5)], home.clock() + timedelta(days=1),
            study=Study(log.setup_of, listing=True),
        )  # fmt: skip
        slates = columns.slates(columns.targets[0])
        for row, (decision, _) in enumerate(entries):
            record = decision.record()
            listed = dict(zip(record.drawing.pages, record.drawing.probabilities, strict=True))
            for slot, option in enumerate(record.page):
                shares = [p for page, p in listed.items() if page[slot] == option]
                assert slates.slot_propensity[row, slot] == pytest.approx(sum(shares))
                anchored = 0.5 * (record.anchor[slot] == option) + 0.5 * sum(shares)
                assert slates.slot_target[row, slot] == pytest.approx(anchored)


def test_where_pages_are_too_many_the_report_says_so(settings: Settings) -> None:
    for home in _served(settings):
        found = _judged(home)
        for one in found.estimates:
            if one.estimator in NEED_LISTING:
                assert one.interval is None
                assert "more than 5000 pages could be drawn at decision" in one.note
        dr = found.interval("cascade_dr")
        assert dr is not None
        assert np.isfinite([dr.low, dr.value, dr.high]).all()
