"""What is learned is what was served, and what listeners did before is known to the next page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from math import log1p

import pytest
from sqlalchemy.orm import Session

from bandits.policies.encoding import encode
from bandits.policies.vw import VwConfig, training_lines
from bandits.policy import Policy
from bandits.types import EventKind, Example, Features, RewardEvent
from home.bootstrap import open_home, policy_loader
from home.compose import ComposedPage
from home.context import load_context
from home.learn import Learner
from home.service import Home
from home.settings import Settings
from shelves.types import Context
from tests.clock import Clock

VISIT = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = timedelta(days=1)
CLICK_REWARD = 0.4


class _Spy:
    """Notes what a batch taught, and teaches it."""

    def __init__(self) -> None:
        self.examples: list[Example] = []

    def __call__(self, policy: Policy, examples: Sequence[Example]) -> Policy:
        self.examples += examples
        policy.learn(examples)
        return policy


@pytest.fixture
def clock() -> Clock:
    return Clock(VISIT)


@pytest.fixture
def home(demo_settings: Settings, clock: Clock) -> Iterator[Home]:
    settings = demo_settings.model_copy(update={"layout_deadline_ms": 10_000.0, "epsilon": 0.5})
    opened = open_home(settings, clock=clock, background=False)
    yield opened
    opened.close()


def test_a_row_learned_from_the_log_is_the_row_that_was_served(home: Home, clock: Clock) -> None:
    listener = home.listeners(limit=1)[0].id
    config = VwConfig()
    for visit in range(2):
        clock.now = VISIT + visit * LATER
        page = home.compose(listener, "phone", seed=visit)
        _look_and_click(home, page, clock.now)
        learned = _learned(home, clock)
        assert [training_lines(config, example) for example in learned[:3]] == _rows_of(page, config)
    assert _leaning(page.context_features) > 0.0, "the second row knows of the first visit's click"


def test_responses_are_remembered_once_and_fade(home: Home, clock: Clock) -> None:
    listener, other = (person.id for person in home.listeners(limit=2))
    page = home.compose(listener, "phone", seed=1)
    _look_and_click(home, page, clock.now)
    _learned(home, clock)
    again = _learned(home, clock)
    first, told = page.placements[0].shelf, _context(home, listener, VISIT + timedelta(days=30))
    assert again == []
    kinds = [placement.shelf.kind for placement in page.placements[:3]]
    assert told.responses[first.kind] == pytest.approx((kinds.count(first.kind) / 2, 0.5))
    assert sum(looks for looks, _ in told.responses.values()) == pytest.approx(1.5)
    assert _context(home, listener, VISIT).shelf_responses[first.id] == (1.0, 1.0)
    assert _context(home, other, VISIT).responses == {}
    assert _context(home, other, VISIT).crowd_responses == _context(home, listener, VISIT).responses


def test_a_shelf_that_was_looked_at_says_so_on_the_next_page(home: Home, clock: Clock) -> None:
    listener = home.listeners(limit=1)[0].id
    page = home.compose(listener, "phone", seed=1)
    _look_and_click(home, page, clock.now)
    _learned(home, clock)
    clock.now = VISIT + timedelta(days=7)
    after = home.compose(listener, "phone", seed=1)
    items = {o.shelf.id: f["items"] for o, f in zip(after.options, after.features, strict=True)}
    clicked, seen = (page.placements[slot].shelf.id for slot in (0, 1))
    assert items[clicked]["looks"] == items[seen]["looks"] == pytest.approx(log1p(0.5))
    assert items[clicked]["clicks"] == pytest.approx(log1p(0.5))
    assert items[seen]["clicks"] == 0.0


def _rows_of(page: ComposedPage, config: VwConfig) -> list[tuple[str, str]]:
    """The rows of the first three slots, of which the first was clicked, from the page as it was served."""
    rewards = (CLICK_REWARD, 0.0, 0.0)
    return [
        (
            f"shared {encode(page.context_features)}",
            f"0:{-rewards[slot]:.9g}:{max(page.draw.conditionals[slot], config.min_probability):.9g} "
            + encode(page.features[page.draw.page[slot]]),
        )
        for slot in range(3)
    ]


def _look_and_click(home: Home, page: ComposedPage, at: datetime) -> None:
    said = [(slot, EventKind.IMPRESSION) for slot in range(3)] + [(0, EventKind.CLICK)]
    home.record_events(
        [
            RewardEvent(f"{page.decision_id}-{slot}-{kind}", page.decision_id, kind, shelf.id, at)
            for slot, kind in said
            for shelf in [page.placements[slot].shelf]
        ]
    )


def _learned(home: Home, clock: Clock) -> list[Example]:
    """What the learner teaches once the horizon has closed."""
    spy, after = _Spy(), clock.now + timedelta(hours=1)
    load = policy_loader(home.settings)
    Learner(home.engine, load, home.formula, clock=lambda: after, teach=spy).run_once()
    return spy.examples


def _leaning(features: Features) -> float:
    return max(float(value) for value in features["leanings"].values())


def _context(home: Home, listener: str, now: datetime) -> Context:
    with Session(home.engine) as session:
        return load_context(session, listener, "phone", now)
