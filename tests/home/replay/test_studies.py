"""Looking into pages: exact where all of them can be listed, and said where they cannot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest

from bandits.types import EventKind, RewardEvent
from home.bootstrap import open_home
from home.configuration import Setup
from home.db import writing
from home.errors import NotExplainableError
from home.ingest.progress import Silent
from home.records import DecisionRecord
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
        slates = columns.targets[0].looked.listed
        assert slates is not None
        for row, (decision, _) in enumerate(entries):
            record = decision.record()
            listed = dict(zip(record.drawing.pages, record.drawing.probabilities, strict=True))
            for slot, option in enumerate(record.page):
                shares = [p for page, p in listed.items() if page[slot] == option]
                assert slates.value.slot_propensity[row, slot] == pytest.approx(sum(shares))
                anchored = 0.5 * (record.anchor[slot] == option) + 0.5 * sum(shares)
                assert slates.value.slot_target[row, slot] == pytest.approx(anchored)


def test_where_pages_are_too_many_the_report_says_so(settings: Settings) -> None:
    for home in _served(settings):
        found = _judged(home)
        for one in found.estimates:
            if one.estimator in NEED_LISTING:
                assert one.interval is None
                assert "8 of 8 decisions cannot be looked into, more than 5%" in one.note
                assert "more than 5000 pages could be drawn, at decision" in one.note
        dr = found.interval("cascade_dr")
        assert dr is not None
        assert np.isfinite([dr.low, dr.value, dr.high]).all()


def with_faults(home: Home, faults: int) -> tuple[Judgement, list[str]]:
    """A log of 40 decisions, the same few again and again, in which `faults` have lost their rulebook."""
    log = StoredLog(home.engine)
    entries = [entry for _ in range(5) for entry in log.entries(None, None, Silent())]
    served = [iter(range(len(entries)))]
    lost: list[str] = []

    def setup_of(record: DecisionRecord) -> Setup:
        if next(served[0]) < faults:
            lost.append(record.id)
            raise NotExplainableError(record.id, "its rulebook is not stored")
        return log.setup_of(record)

    report = replay_entries(
        entries, home.formula, [Target(0.5)],
        now=home.clock() + timedelta(days=1), setup_of=setup_of,
        options=Options(estimators=("ips", "cascade_dr", "pseudo_inverse"), interval="normal"),
    )  # fmt: skip
    return report.judgements[0], lost


def test_a_decision_that_cannot_be_looked_into_is_left_out_alone_and_listed(settings: Settings) -> None:
    drawn = settings.model_copy(update={"draw": "portfolio", "portfolio_size": 4, "floor": 0.5})
    for home in _served(drawn):
        found, lost = with_faults(home, 2)
        assert found.unstudied == {"its rulebook is not stored": tuple(lost)}
        for name in ("cascade_dr", "pseudo_inverse"):
            (one,) = [one for one in found.estimates if one.estimator == name]
            assert one.interval is not None
            assert "2 of 40 decisions left out: 2 (" in one.note
            assert f"{lost[0]}, {lost[1]}) because its rulebook is not stored" in one.note
        none, _ = with_faults(home, 3)
        for name in ("cascade_dr", "pseudo_inverse"):
            (one,) = [one for one in none.estimates if one.estimator == name]
            assert one.interval is None
            assert "3 of 40 decisions cannot be looked into, more than 5%: its rulebook" in one.note
        assert none.interval("ips") is not None
