"""The rest of a reward: what it teaches, derived returns, and what settles without a lesson."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session

from bandits.rewards import RewardFormula, shelf_rewards
from bandits.types import EventKind, RewardEvent
from home.db import ListenerRow, writing
from home.events import ingest_events
from home.learn import Learner
from home.registry import publish
from home.settle import examples_of, responses_of, settle, taught_by
from home.store import decisions, events, models
from tests.home.loop import HORIZON, LONG, NOON, RememberingPolicy, feedback, make_record, recall

_SETTLES = NOON + timedelta(hours=48)
_HOURS = timedelta(hours=1)


def test_the_second_half_makes_the_mean_the_final_reward() -> None:
    said = [feedback("1", "d", EventKind.CLICK), feedback("2", "d", EventKind.SAVE, after=5 * _HOURS)]
    rest = settle(make_record("d"), said, LONG, (0.5, None, None))
    assert [(e.slot, e.reward) for e in rest.examples] == [(0, 1.0)]
    assert rest.corrected == 1


def test_feedback_that_arrived_after_the_early_lesson_teaches_both_halves_and_unseen_slots_nothing() -> None:
    rest = settle(make_record("d"), [feedback("1", "d", EventKind.CLICK)], LONG, (None, None, None))
    assert [(e.slot, e.reward) for e in rest.examples] == [(0, 0.5), (0, 0.5)]


def test_where_nobody_reports_what_was_seen_every_shelf_teaches_corrected_for_its_slot() -> None:
    blind = replace(LONG, without_impressions=frozenset({"phone"}))
    record = make_record("d")
    options = [replace(option, prominence=0.5) for option in record.options]
    record = replace(record, options=tuple(options))
    said = [
        feedback("1", "d", EventKind.CLICK, "a"),
        feedback("2", "d", EventKind.SAVE, "a", after=5 * _HOURS),
    ]
    early = examples_of(record, said, blind)
    theta = record.looks[1]
    assert 0.5 * record.examination[1] == theta < 1.0
    assert [(e.slot, e.reward) for e in early] == [(0, 0.0), (1, pytest.approx(0.5 / theta)), (2, 0.0)]
    rest = settle(record, said, blind, taught_by(early, 3))
    assert rest.corrected == 1
    pairs = zip(early, rest.examples, strict=True)
    assert [(first.reward + second.reward) / 2.0 for first, second in pairs] == [
        0.0,
        pytest.approx(0.75 / theta),
        0.0,
    ]


def test_where_nobody_reports_what_was_seen_shelves_count_as_looked_at_as_far_as_their_slots_are() -> None:
    blind = replace(LONG, without_impressions=frozenset({"phone"}))
    record, said = make_record("d"), [feedback("1", "d", EventKind.CLICK, "a")]
    looks = {one.shelf_id: (one.looks, one.clicked) for one in responses_of(record, said, blind)}
    top, _, third = record.looks
    assert looks == {"c": (top, False), "a": (1.0, True), "e": (third, False)}
    assert [one.shelf_id for one in responses_of(record, said, LONG)] == ["a"]


def test_a_return_counts_for_clicked_shelves_only_and_makes_none_examined() -> None:
    said = [feedback("1", "d", EventKind.CLICK, "c"), feedback("2", "d", EventKind.IMPRESSION, "a")]
    rest = settle(make_record("d"), said, LONG, (0.5, 0.0, None), NOON + 20 * _HOURS)
    assert [(e.slot, e.reward) for e in rest.examples] == [(0, 0.75), (1, 0.0)]
    assert [event.id for event in rest.returns] == ["next_day_return:d:c"]
    posted = RewardEvent("r", "d", EventKind.NEXT_DAY_RETURN, "c", NOON)
    assert not shelf_rewards(LONG, NOON, ["c"], [posted])[0].examined


def test_a_visit_on_the_next_day_is_found_learned_once_and_stored(engine: Engine) -> None:
    learner = _learned_early(engine)
    _log(engine, "back", after=20 * _HOURS)
    settling = _at(engine, _SETTLES)
    report = settling.run_once()
    assert (report.settled, report.corrections, report.examples) == (1, 1, 1)
    assert _rewards(engine) == [0.5, 0.75]
    assert learner.run_once().settled == settling.run_once().settled == 0
    with Session(engine) as session:
        stored = [event.kind for event in events.for_decision(session, "d")]
    assert stored == [EventKind.CLICK, EventKind.NEXT_DAY_RETURN]


def test_a_visit_on_the_same_day_is_no_return(engine: Engine) -> None:
    _learned_early(engine)
    _log(engine, "again", after=3 * _HOURS)
    assert _at(engine, _SETTLES).run_once().corrections == 0
    assert _rewards(engine) == [0.5, 0.5]


@pytest.mark.parametrize(("market", "corrections"), [("JP", 1), ("US", 0)])
def test_the_next_day_begins_at_midnight_where_the_listener_is(
    engine: Engine, market: str, corrections: int
) -> None:
    """From 12:00 to 16:00 UTC it is 21:00 to 01:00 in Tokyo, and the same morning in New York."""
    ada = {"id": "ada", "name": "Ada", "market": market, "allows_explicit": True, "tier": "free"}
    with writing(engine) as session:
        session.execute(insert(ListenerRow), [{**ada, "dataset": "t"}])
    _learned_early(engine)
    _log(engine, "again", after=4 * _HOURS)
    assert _at(engine, _SETTLES).run_once().corrections == corrections


def test_an_early_lesson_of_another_formula_settles_without(engine: Engine) -> None:
    _learned_early(engine)
    other = replace(LONG, version="2")
    report = _at(engine, _SETTLES, other).run_once()
    assert (report.settled, report.examples) == (1, 0)
    assert _rewards(engine) == [0.5]


def test_feedback_past_the_long_horizon_or_after_settling_is_late_and_never_learned(engine: Engine) -> None:
    _learned_early(engine)
    past = feedback("past", "d", EventKind.SAVE, after=49 * _HOURS)
    with writing(engine) as session:
        assert ingest_events(session, [past], _SETTLES + 2 * _HOURS, HORIZON).late == 1
    assert _at(engine, _SETTLES).run_once().late == 1
    with writing(engine) as session:
        again = feedback("again", "d", EventKind.SAVE, after=_HOURS)
        assert ingest_events(session, [again], _SETTLES, HORIZON).late == 1
    assert _at(engine, _SETTLES).run_once().settled == 0
    assert _rewards(engine) == [0.5, 0.5]


def test_the_identity_of_a_formula_shows_an_edit_without_a_new_version() -> None:
    assert LONG.identity.startswith("1@")
    assert replace(LONG, default=0.5).identity != LONG.identity
    assert replace(LONG).identity == LONG.identity


def test_content_types_are_balanced_by_their_factor() -> None:
    formula = replace(LONG, content_types={"podcast": 2.0})
    said = [feedback("1", "d", EventKind.CLICK, "a"), feedback("2", "d", EventKind.CLICK, "b")]
    outcomes = shelf_rewards(formula, NOON, ["a", "b"], said, content_types=["podcast", "music"])
    assert [outcome.reward for outcome in outcomes] == [1.0, 0.5]


def _log(engine: Engine, name: str, after: timedelta = timedelta(0)) -> None:
    with writing(engine) as session:
        record, at = make_record(name, NOON + after), NOON + after
        decisions.add(session, record, closes_at=at + HORIZON, settles_at=at + timedelta(hours=48))


def _learned_early(engine: Engine) -> Learner:
    """Decision "d" with a click that has been learned."""
    with writing(engine) as session:
        publish(session, RememberingPolicy(), parent=None, now=NOON)
    _log(engine, "d")
    with writing(engine) as session:
        ingest_events(session, [feedback("1", "d", EventKind.CLICK)], NOON + HORIZON, HORIZON)
    learner = _at(engine, NOON + HORIZON)
    assert learner.run_once().examples == 1
    return learner


def _at(engine: Engine, now: datetime, formula: RewardFormula = LONG) -> Learner:
    return Learner(engine, recall, formula, clock=lambda: now)


def _rewards(engine: Engine) -> list[float]:
    """What decision "d" taught so far."""
    with Session(engine) as session:
        model = models.live(session)
    assert model is not None
    return [lesson[3] for lesson in recall(model.data).lessons if lesson[0] == "d"]
