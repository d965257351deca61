"""The whole loop on a database: pages, feedback, a closed horizon, a new model, and no dismissed shelf.

The clock is ours and every page has its seed, so each run of this test is the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from bandits.rewards import shelf_rewards
from bandits.types import EventKind, RewardEvent
from home.bootstrap import open_home
from home.replay.judge import replay
from home.replay.targets import Target
from home.service import Home
from home.settings import Settings
from home.simulate.listener import ListenerModel
from home.simulate.parameters import Dismissal, load_listener_model
from tests.clock import Clock

START = datetime(2026, 11, 2, 18, 30, tzinfo=UTC)
PAGES = 40
LISTENERS = 8


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
def home(demo_settings: Settings, clock: Clock) -> Iterator[Home]:
    settings = demo_settings.model_copy(update={"epsilon": 0.3, "layout_deadline_ms": 10_000.0})
    home = open_home(settings, clock=clock, background=False)
    yield home
    home.close()


def test_the_loop(home: Home, clock: Clock) -> None:
    """One story from start to end: each step needs the one before."""
    served = _serve(home, clock)
    _check_log(home, served)
    said = [event for _, events in served for event in events]
    dismissed = [(e.decision_id, e.shelf_id) for e in said if e.kind is EventKind.DISMISS]

    assert home.learn().decisions == 0, "no horizon has closed yet"
    clock.now += home.formula.horizon
    before = home.preview(_listener(0), seed=1)
    report = home.learn()
    assert (report.decisions, report.skipped, report.late) == (PAGES, 0, 0)
    assert report.examples == _looked_at(home, served)
    assert report.version == before.policy_version + 1

    assert home.models.refresh()
    assert home.models.current().version == report.version
    page = home.compose(_listener(0), seed=1)
    assert page.policy_version == report.version
    assert not np.array_equal(page.scores.values, before.scores.values), "the new model thinks otherwise"
    _check_dismissed(home, served, dismissed)
    assert home.learn().decisions == 0, "each decision is learned from once"

    judged = replay(home.engine, home.formula, [Target(None), Target(0.0)], now=clock.now)
    assert judged.rounds == PAGES
    assert judged.excluded.inexact == 0
    same = judged.judgements[0].interval("ips")
    assert same is not None
    assert same.value == judged.on_policy.value


def _serve(home: Home, clock: Clock) -> list[tuple[str, tuple[RewardEvent, ...]]]:
    parameters = replace(load_listener_model(), dismissal=Dismissal(below=0.02, rate=0.5))
    crowd = ListenerModel(parameters, home.catalog, home.formula, seed=7)
    served = []
    for visit in range(PAGES):
        page = home.compose(_listener(visit), ("phone", "desktop", "tv")[visit % 3], seed=visit)
        assert page.violations == ()
        said = crowd.respond(page, visit)
        clock.now += timedelta(seconds=20)
        now, clock.now = clock.now, max([clock.now, *(event.at for event in said)])
        report = home.record_events(said[::-1] + said[:1])
        assert (report.accepted, report.duplicates, report.rejected) == (len(said), min(1, len(said)), ())
        clock.now = now
        served.append((page.decision_id, said))
    return served


def _check_log(home: Home, served: list[tuple[str, tuple[RewardEvent, ...]]]) -> None:
    for decision_id, said in served:
        record = home.decision(decision_id)
        assert record.propensity is not None
        assert 0.0 < record.propensity <= 1.0
        assert Target(None).probability(record) == record.propensity
        assert {event.id for event in home.events_of(decision_id)} == {event.id for event in said}
    explored = sum(home.decision(decision_id).explored for decision_id, _ in served)
    assert 4 <= explored <= 20  # 40 pages at epsilon 0.3: outside with probability below 0.005, and seeded


def _looked_at(home: Home, served: list[tuple[str, tuple[RewardEvent, ...]]]) -> int:
    count = 0
    for decision_id, said in served:
        record = home.decision(decision_id)
        shelf_ids = record.shelf_ids(record.page)
        outcomes = shelf_rewards(home.formula, record.at, shelf_ids, said)
        count += sum(outcome.examined for outcome in outcomes)
    return count


def _check_dismissed(
    home: Home, served: list[tuple[str, tuple[RewardEvent, ...]]], dismissed: list[tuple[str, str]]
) -> None:
    assert dismissed, "the simulated listeners dismiss something"
    gone = defaultdict(set)
    for decision_id, shelf_id in dismissed:
        gone[home.decision(decision_id).listener_id].add(shelf_id)
    for listener_id, shelf_ids in gone.items():
        for surface in home.tools.surfaces:
            page = home.compose(listener_id, surface, seed=3)
            assert shelf_ids.isdisjoint(shelf.id for shelf in page.shelves)


def _listener(visit: int) -> str:
    return f"demo-listener-{visit % LISTENERS + 1}"
