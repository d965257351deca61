"""Another model on logged decisions: exact probabilities, honest evidence, shadows and apprentices."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from sqlalchemy.orm import Session

from bandits.ope.intervals import Interval
from bandits.policies import VwPolicy
from bandits.types import Example
from home.bootstrap import open_home
from home.db import writing
from home.errors import ConfigurationError, NotExplainableError
from home.evidence import Evidence, Judged, beats, by_canary, by_replay, slate_rounds
from home.lifecycle import Step, promote
from home.modes import BASELINE_VERSION, Mode
from home.records import DecisionRecord
from home.registry import LiveModel, publish
from home.replay.what_if import Model, WhatIf
from home.rescore import rescore
from home.service import Home
from home.settings import Settings
from home.shadow import shown_value
from home.store import models
from home.store.models import State
from tests.home.loop import NOON, make_record


@pytest.fixture
def home(demo_settings: Settings) -> Iterator[Home]:
    opened = open_home(_patient(demo_settings), background=False)
    yield opened
    opened.close()


def test_the_model_that_served_has_the_logged_optimum(home: Home) -> None:
    for record in _serve(home, 12):
        assert rescore(record, home.models.current().policy, home.tools).same


def test_a_model_is_no_better_than_itself(home: Home) -> None:
    log = [Judged(record, _rewards(record), i) for i, record in enumerate(_serve(home, 6))]
    live = home.models.current()
    for found in by_replay(log, LiveModel(99, live.policy), live, home.tools):
        assert found.difference is not None
        assert found.difference.value == pytest.approx(0.0, abs=1e-9)
        assert not beats([found])


def test_the_log_says_more_of_beginnings_than_of_whole_pages(home: Home) -> None:
    """Of a model that agrees with the one that served on some shelves: so many more pages it is worth."""
    other = WhatIf("other", home.setup_of, Model(_trained_differently(home)))
    log = [Judged(record, _rewards(record), i) for i, record in enumerate(_serve(home, 24))]
    rounds = slate_rounds([(one, other.likelihood(one.record)) for one in log])
    assert rounds.reward.tolist() == pytest.approx([one.reward for one in log])
    assert rounds.propensity == pytest.approx([one.record.propensity for one in log])
    worth = [(w.sum() ** 2 / (w @ w)) for w in rounds.prefix_weights.T if w.any()]
    assert worth[0] > 2.0 * worth[-1]


def test_a_model_that_shows_what_could_not_have_been_logged_is_not_trusted(demo_settings: Settings) -> None:
    """Without exploration the log has nothing but optima of the model that served."""
    home = open_home(_patient(demo_settings, epsilon=0.0), background=False)
    log = [Judged(record, _rewards(record), i) for i, record in enumerate(_serve(home, 4))]
    other = LiveModel(99, _trained_differently(home))
    for found in by_replay(log, other, home.models.current(), home.tools):
        assert not found.trusted
        assert "of what model 99 shows could not have been logged" in found.why
    home.close()


def test_decisions_of_another_rulebook_are_left_out(home: Home) -> None:
    live = home.models.current()
    record = make_record("d")
    with pytest.raises(NotExplainableError):
        rescore(record, live.policy, home.tools)
    log = [Judged(record, _rewards(record), 0)]
    for found in by_replay(log, LiveModel(99, live.policy), live, home.tools):
        assert (found.decisions, found.difference, found.trusted) == (0, None, False)


@pytest.mark.parametrize(("truth", "wins"), [(0.5, True), (0.0, False), (-0.5, False)])
def test_a_canary_wins_only_when_it_is_better(truth: float, wins: bool) -> None:
    """400 listeners on each side with rewards of standard deviation 1: 0.5 is 7 standard errors."""
    found = by_canary(_arms(truth), 2)
    assert found.trusted
    assert found.difference is not None
    assert found.difference.low <= truth <= found.difference.high
    assert beats([found]) is wins


def test_intervals_of_canaries_cover_the_truth_as_often_as_they_say() -> None:
    # 60 logs at 95 %: fewer than 52 covered has probability below 0.004.
    covered = 0
    for seed in range(60):
        found = by_canary(_arms(0.2, seed, listeners=60), 2).difference
        assert found is not None
        covered += not found.excludes(0.2)
    assert covered >= 52


def test_a_canary_with_few_listeners_is_not_trusted() -> None:
    found = by_canary(_arms(5.0, listeners=10), 2)
    assert found.difference is not None
    assert found.difference.low > 0.0
    assert not found.trusted
    assert not beats([found])
    assert by_canary(_arms(5.0, listeners=1), 2).difference is None


def test_trusted_evidence_against_a_model_outweighs_evidence_for_it() -> None:
    good = Evidence("replay", 9, Interval(1.0, 0.5, 1.5, 0.95, "bootstrap"), trusted=True, why="")
    bad = Evidence("canary", 9, Interval(-1.0, -1.5, -0.5, 0.95, "bootstrap"), trusted=True, why="")
    assert beats([good])
    assert not beats([good, bad])
    assert not beats([])


def test_a_shadow_scores_what_it_does_not_serve(home: Home) -> None:
    other = _trained_differently(home)
    with writing(home.engine) as session:
        live = home.models.current().version
        version = publish(session, other, parent=live, now=NOON, candidate=True)
        promote(session, version, State.SHADOW, Step("ada", "try", NOON))
    home.models.refresh()
    records = _serve(home, 10)
    home.shadow.drain()
    assert {record.policy_version for record in records} == {live}
    agreement = home.shadow.agreement
    assert agreement is not None
    theirs = [rescore(record, other, home.tools) for record in records]
    assert (agreement.version, agreement.pages, agreement.same) == (version, 10, sum(t.same for t in theirs))
    assert agreement.overlap == pytest.approx(sum(t.overlap for t in theirs))
    assert agreement.value == pytest.approx(sum(shown_value(t.record, t.scores) for t in theirs))
    assert (home.shadow.failed, home.shadow.skipped) == (0, 0)


def test_a_canary_is_logged_as_the_model_it_is_and_only_for_its_listeners(home: Home) -> None:
    with writing(home.engine) as session:
        live = home.models.current().version
        version = publish(session, VwPolicy(), parent=live, now=NOON, candidate=True)
        promote(session, version, State.CANARY, Step("ada", "try", NOON), 0.5)
    home.models.refresh()
    records = _serve(home, 20)
    for record in records:
        assert record.policy_version == home.models.serving().of(record.listener_id).version
    assert {record.policy_version for record in records} == {live, version}


def test_in_logging_mode_the_baseline_serves_and_nothing_is_learned(demo_settings: Settings) -> None:
    home = open_home(_patient(demo_settings, mode=Mode.LOGGING, epsilon=0.5), background=False)
    records = _serve(home, 12)
    assert {record.policy_version for record in records} == {BASELINE_VERSION}
    assert {record.explored for record in records} == {True, False}
    assert all(record.propensity for record in records)
    with pytest.raises(ConfigurationError, match="HOME_MODE is 'logging'"):
        home.learn()
    home.close()


def test_an_apprentice_serves_once_it_agrees_and_the_switch_is_recorded(demo_settings: Settings) -> None:
    settings = _patient(demo_settings, mode=Mode.APPRENTICE, apprentice_bar=1.0, apprentice_pages=6)
    home = open_home(settings, background=False)
    _serve(home, 8)
    home.shadow.drain()
    assert 0.0 < home.apprenticeship.match_rate < 1.0, "the bar is beyond what the model agrees with"
    assert {record.policy_version for record in _serve(home, 2)} == {BASELINE_VERSION}
    home.close()

    settings = settings.model_copy(update={"apprentice_bar": 0.05})
    home = open_home(settings, background=False)
    _serve(home, 6)
    home.shadow.drain()
    live = home.models.current().version
    assert {record.policy_version for record in _serve(home, 2)} == {live}
    with Session(home.engine) as session:
        switch = models.transitions(session, live)[0]
    assert switch.actor == "apprentice"
    assert "of the baseline over 6 pages" in switch.reason
    home.close()

    home = open_home(settings, background=False)
    assert {record.policy_version for record in _serve(home, 2)} == {live}, "a restart does not forget"
    home.close()


def _patient(settings: Settings, **changes: object) -> Settings:
    # No deadline that a slow machine could miss: pages must not depend on the clock.
    return settings.model_copy(update={"layout_deadline_ms": 10_000.0, "epsilon": 0.4, **changes})


def _serve(home: Home, pages: int) -> list[DecisionRecord]:
    people = home.listeners(limit=pages)
    surfaces = ("phone", "desktop", "tv")
    served = [
        home.compose(people[i % len(people)].id, surfaces[i % 3], seed=i).decision_id for i in range(pages)
    ]
    return [home.decision(decision_id) for decision_id in served]


def _rewards(record: DecisionRecord) -> tuple[float, ...]:
    """Rewards that depend on the shelf, and fall down the page."""
    shelves = (record.options[option].shelf for option in record.page)
    return tuple((1.0 + shelf % 3) / (1.0 + slot) for slot, shelf in enumerate(shelves))


def _trained_differently(home: Home) -> VwPolicy:
    """A model that has been taught that what its first shelf's kind shows is bad."""
    policy = VwPolicy()
    examples = [
        Example(record.context, option.features, 0, float(index % 3 == 0), 0.5)
        for record in _serve(home, 3)
        for index, option in enumerate(record.options)
    ]
    policy.learn(examples)
    return policy


def _arms(difference: float, seed: int = 0, listeners: int = 400) -> list[Judged]:
    rng = np.random.default_rng(seed)
    log = []
    for group in range(2 * listeners):
        version = 2 if group < listeners else 1
        mean = rng.normal(difference if version == 2 else 0.0, 0.8)
        record = make_record(f"d{group}", policy_version=version)
        log += [Judged(record, (float(mean + rng.normal(0.0, 0.6)),), group) for _ in range(3)]
    return log
