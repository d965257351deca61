"""The life of models, on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.types import EventKind
from home.db import writing
from home.events import ingest_events
from home.learn import Learner
from home.lifecycle import LifecycleError, Step, next_state, promote, retire, rollback
from home.registry import ModelWatcher, StaleModelError, position, publish
from home.store import decisions, models
from home.store.models import State
from tests.home.loop import FORMULA, HORIZON, NOON, RememberingPolicy, feedback, make_record, recall

_STEP = Step("ada", "because", NOON + timedelta(hours=1))


def test_a_candidate_lives_its_life(engine: Engine) -> None:
    _publish(engine, None)
    assert _publish(engine, 1, candidate=True) == 2
    assert _states(engine) == {1: "live", 2: "candidate"}

    for to, share in ((State.SHADOW, 0.0), (State.CANARY, 0.1), (State.CANARY, 0.5), (State.LIVE, 0.0)):
        _promote(engine, 2, to, share)

    assert _states(engine) == {1: "retired", 2: "live"}
    with Session(engine) as session:
        told = [(step.before, step.after.value, step.share) for step in models.transitions(session, 2)]
        assert {step.actor for step in models.transitions(session, 2)} == {"ada", "learner"}
    assert told == [
        ("canary", "live", 0.0),
        ("canary", "canary", 0.5),
        ("shadow", "canary", 0.1),
        ("candidate", "shadow", 0.0),
        ("", "candidate", 0.0),
    ]


@pytest.mark.parametrize(
    ("version", "to", "share", "said"),
    [
        (1, State.LIVE, 0.0, "model 1 is live"),
        (2, State.CANDIDATE, 0.0, "can become shadow, canary, live, not candidate"),
        (2, State.CANARY, 0.0, "share = 0.0"),
        (2, State.CANARY, 1.0, "share = 1.0"),
        (7, State.SHADOW, 0.0, "model 7 does not exist; versions run from 1 to 2"),
    ],
)
def test_steps_that_cannot_be_taken_change_nothing(
    engine: Engine, version: int, to: State, share: float, said: str
) -> None:
    _publish(engine, None)
    _publish(engine, 1, candidate=True)
    with pytest.raises(LifecycleError, match=said):
        _promote(engine, version, to, share)
    assert _states(engine) == {1: "live", 2: "candidate"}


def test_one_canary_at_a_time(engine: Engine) -> None:
    _publish(engine, None)
    _publish(engine, 1, candidate=True)
    _promote(engine, 2, State.CANARY, 0.2)
    _publish(engine, 2, candidate=True)
    with pytest.raises(LifecycleError, match="model 2 is the canary: retire it first"):
        _promote(engine, 3, State.CANARY, 0.2)
    with writing(engine) as session:
        retire(session, 2, _STEP)
    _promote(engine, 3, State.CANARY, 0.2)
    assert _states(engine) == {1: "live", 2: "retired", 3: "canary"}
    with writing(engine) as session, pytest.raises(LifecycleError, match="model 1 is live"):
        retire(session, 1, _STEP)


def test_rolling_back_steps_back_and_learning_goes_on_from_there(engine: Engine) -> None:
    for parent in (None, 1, 2):
        _publish(engine, parent)
    assert _rollback(engine) == 2
    assert _rollback(engine) == 1
    with pytest.raises(LifecycleError, match="nothing to roll back to"):
        _rollback(engine)
    assert _states(engine) == {1: "live", 2: "retired", 3: "retired"}
    with pytest.raises(StaleModelError):
        _publish(engine, 3)
    assert _publish(engine, 1) == 4
    assert _rollback(engine, 3) == 3
    assert _states(engine) == {1: "retired", 2: "retired", 3: "live", 4: "retired"}


def test_a_given_up_candidate_is_nothing_to_roll_back_to(engine: Engine) -> None:
    _publish(engine, None)
    _publish(engine, 1, candidate=True)
    _publish(engine, 2, candidate=True)
    assert _states(engine) == {1: "live", 2: "retired", 3: "candidate"}
    with pytest.raises(LifecycleError, match="nothing to roll back to"):
        _rollback(engine)


def test_old_data_is_dropped_and_says_so(engine: Engine) -> None:
    for parent in (None, 1, 2, 3):
        _publish(engine, parent)
    with writing(engine) as session:
        assert models.drop_data(session, keep=1) == 2
        assert models.drop_data(session, keep=1) == 0
        assert [model.stored for model in models.summaries(session)] == [True, True, False, False]
    with pytest.raises(LifecycleError, match="no longer kept"):
        _rollback(engine, 1)
    assert _rollback(engine) == 3


def test_learning_for_candidates_leaves_the_live_model_alone(engine: Engine) -> None:
    _publish(engine, None)
    closed = NOON + HORIZON
    learner = Learner(engine, recall, FORMULA, clock=lambda: closed, candidates=True)
    for name in ("d1", "d2"):
        with writing(engine) as session:
            decisions.add(session, make_record(name), closes_at=closed)
            ingest_events(session, [feedback(f"e-{name}", name, EventKind.CLICK)], closed, HORIZON)
        learner.run_once()
    assert _states(engine) == {1: "live", 2: "retired", 3: "candidate"}
    with Session(engine) as session:
        newest = models.get(session, 3)
    assert newest is not None
    assert [lesson[0] for lesson in recall(newest.data).lessons] == ["d1", "d2"]


def test_every_state_knows_what_follows() -> None:
    following = [next_state(state).value for state in (State.CANDIDATE, State.SHADOW, State.CANARY)]
    assert following == ["shadow", "canary", "live"]
    for state, way in ((State.LIVE, "serves already"), (State.RETIRED, "home models rollback")):
        with pytest.raises(LifecycleError, match=way):
            next_state(state)


def test_a_canary_serves_its_share_of_listeners_and_the_same_ones_always(engine: Engine) -> None:
    _publish(engine, None)
    _publish(engine, 1, candidate=True)
    _promote(engine, 2, State.CANARY, 0.25)
    watcher = ModelWatcher(engine, recall)
    watcher.refresh()
    people = [f"listener-{i}" for i in range(4000)]
    first = {person for person in people if watcher.serving().of(person).version == 2}
    # Binomial(4000, 0.25): a standard deviation of 27; five of them miss it once in two million.
    assert abs(len(first) - 1000) < 137
    _promote(engine, 2, State.CANARY, 0.5)
    assert watcher.refresh()
    assert first < {person for person in people if watcher.serving().of(person).version == 2}
    assert all(0.0 <= position(person, 2) < 1.0 for person in people)


def test_a_broken_canary_does_not_keep_a_new_live_model_out(engine: Engine) -> None:
    _publish(engine, None)
    watcher = ModelWatcher(engine, recall)
    watcher.refresh()
    _publish(engine, 1, candidate=True)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE models SET sha256 = 'x' WHERE version = 2")
    _promote(engine, 2, State.SHADOW)
    _publish(engine, 1)
    assert watcher.refresh()
    assert watcher.current().version == 3
    assert watcher.serving().shadow is None
    assert "model 2" in watcher.last_failure


def test_of_promotions_at_once_one_model_is_live(engine: Engine) -> None:
    _publish(engine, None)
    _publish(engine, 1, candidate=True)
    _promote(engine, 2, State.SHADOW)
    _publish(engine, 2, candidate=True)
    start = threading.Barrier(3)

    def compete(act: int) -> None:
        start.wait()
        if act:
            _promote(engine, act, State.LIVE)
        else:
            try:
                _publish(engine, 1)
            except StaleModelError:
                return

    threads = [threading.Thread(target=compete, args=(act,)) for act in (0, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(_states(engine).values()).count("live") == 1


def _publish(engine: Engine, parent: int | None, *, candidate: bool = False) -> int:
    with writing(engine) as session:
        return publish(session, RememberingPolicy(), parent=parent, now=NOON, candidate=candidate)


def _promote(engine: Engine, version: int, to: State, share: float = 0.0) -> None:
    with writing(engine) as session:
        promote(session, version, to, _STEP, share)


def _rollback(engine: Engine, version: int | None = None) -> int:
    with writing(engine) as session:
        return rollback(session, _STEP, version)


def _states(engine: Engine) -> dict[int, str]:
    with Session(engine) as session:
        return {model.version: model.state.value for model in reversed(models.summaries(session))}
