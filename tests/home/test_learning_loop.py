"""The loop with its real parts: decision log, feedback, Vowpal Wabbit, and the model that serves."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from sqlalchemy import Engine

from bandits.policies import build
from bandits.policy import Policy
from bandits.types import EventKind, Scores
from home.db import writing
from home.events import ingest_events
from home.learn import Learner
from home.registry import LiveModel, ModelWatcher, publish
from home.store import decisions
from tests.home.loop import FORMULA, HORIZON, NOON, feedback, make_record

_DECISIONS = 60


def _load(data: bytes) -> Policy:
    return build("vw", snapshot=data)


def test_what_is_clicked_is_worth_more_in_the_next_model(engine: Engine) -> None:
    with writing(engine) as session:
        publish(session, build("vw"), parent=None, now=NOON)
    watcher = ModelWatcher(engine, _load)
    assert watcher.refresh()
    first = watcher.current()
    assert np.ptp(_scores(first).values) < 1e-6

    _serve_and_click(engine, shelf="e")
    learner = Learner(engine, _load, FORMULA, clock=lambda: NOON + HORIZON)
    reports = [learner.run_once(max_decisions=_DECISIONS // 2) for _ in range(2)]

    assert [(r.decisions, r.examples, r.version) for r in reports] == [(30, 90, 2), (30, 90, 3)]
    assert watcher.refresh()
    values = _scores(watcher.current()).values
    clicked, seen = values[4], values[[0, 2]]
    assert clicked > seen.max() + 0.05
    assert first.version == 1, "a request that holds the old model keeps it whole"
    assert np.ptp(_scores(first).values) < 1e-6


def test_learning_in_two_runs_is_learning_in_one(engine: Engine) -> None:
    with writing(engine) as session:
        publish(session, build("vw"), parent=None, now=NOON)
    _serve_and_click(engine, shelf="a")
    together = build("vw")
    learner = Learner(engine, _load, FORMULA, clock=lambda: NOON + HORIZON)
    while learner.run_once(max_decisions=25).decisions:
        pass
    watcher = ModelWatcher(engine, _load)
    watcher.refresh()

    _learn_at_once(engine, together)
    np.testing.assert_allclose(
        _scores(watcher.current()).values, _scores(LiveModel(0, together)).values, rtol=0, atol=1e-5
    )


def _serve_and_click(engine: Engine, shelf: str) -> None:
    with writing(engine) as session:
        for i in range(_DECISIONS):
            name = f"d{i:03}"
            decisions.add(session, make_record(name), closes_at=NOON + HORIZON)
            seen = [feedback(f"{name}-{s}", name, shelf=s) for s in "cae"]
            click = feedback(f"{name}-click", name, EventKind.CLICK, shelf, after=timedelta(minutes=2))
            ingest_events(session, [*seen, click], NOON + HORIZON, HORIZON)


def _learn_at_once(engine: Engine, policy: Policy) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE decisions SET learned_in = NULL")
        connection.exec_driver_sql("DELETE FROM models")
    with writing(engine) as session:
        publish(session, build("vw"), parent=None, now=NOON)

    def load(data: bytes) -> Policy:
        return policy

    Learner(engine, load, FORMULA, clock=lambda: NOON + HORIZON).run_once()


def _scores(live: LiveModel) -> Scores:
    record = make_record("d000")
    return live.policy.score(record.context, [option.features for option in record.options], slots=3)
