"""Health checks: quiet on honest logs, and each alerts on the fault it is for and on no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine

from home.db import writing
from home.evidence import Judged
from home.health import Health, Verdict, compare, examine, population_stability
from home.health_monitor import HealthMonitor
from home.records import LoggedOption
from home.store import decisions
from tests.home.loop import FORMULA, HORIZON, NOON, make_record

_Q = (0.5, 0.5, 0.4)
_EXPLORED = 0.1  # the product of _Q
_PAGE = (2, 0, 4)


def test_an_honest_log_is_well() -> None:
    assert [
        check.name for seed in range(6) for check in _health(seed).checks if check.verdict is Verdict.ALERT
    ] == []


def _wrong_propensity(one: Judged) -> Judged:
    return _change(one, propensity=(one.record.propensity or 0.0) * 0.7)


def _fell_back(one: Judged) -> Judged:
    return _change(one, propensity=None, fallback="draw: it broke") if one.group % 5 == 0 else one


@pytest.mark.parametrize(
    ("fault", "alert"),
    [
        (_wrong_propensity, "mean_weight_optimum"),
        (lambda one: _change(one, explored=False), "explored_share"),
        (lambda one: replace(one, rewards=(one.reward - 0.5,)), "reward_rate"),
        (lambda one: _change(one, values=one.record.values + 0.5), "score_distribution"),
        (lambda one: _change(one, options=_without_taste(one)), "missing_features"),
        (_fell_back, "inexact_share"),
    ],
    ids=["propensity", "exploration", "reward", "scores", "features", "fallbacks"],
)
def test_each_fault_is_named_and_nothing_else(fault: Callable[[Judged], Judged], alert: str) -> None:
    found = compare([fault(one) for one in _log(1, 300)], _log(2, 900))
    assert [check.name for check in found.checks if check.verdict is Verdict.ALERT] == [alert]
    assert not found.well


def test_little_data_is_said_to_be_little() -> None:
    found = compare(_log(1, 49), [])
    assert [check.verdict for check in found.checks] == [Verdict.UNKNOWN]
    assert found.well
    found = compare(_log(1, 60), _log(2, 10))
    assert found.checks[-1].name == "reference"
    assert found.checks[-1].verdict is Verdict.UNKNOWN


def test_the_newest_closed_decisions_are_examined(engine: Engine) -> None:
    with writing(engine) as session:
        for number in range(130):
            record = make_record(f"d{number}", NOON + timedelta(seconds=number))
            decisions.add(session, record, closes_at=record.at + HORIZON)
    found = examine(engine, FORMULA, NOON + HORIZON + timedelta(seconds=119), pages=50)
    assert (found.pages, found.reference) == (50, 70)


def test_the_stability_index_is_nothing_for_one_distribution_and_grows_with_the_shift() -> None:
    rng = np.random.default_rng(0)
    reference = rng.normal(size=5000)
    indices = [population_stability(rng.normal(shift, size=5000), reference) for shift in (0.0, 0.3, 1.0)]
    assert indices[0] < 0.02 < indices[1] < 0.25 < indices[2]


def test_a_monitor_never_waits_and_checks_no_more_often_than_told() -> None:
    made: list[Health] = []

    def check() -> Health:
        made.append(_health(0))
        return made[-1]

    monitor = HealthMonitor(check, every_s=1000)
    assert monitor.latest() is None
    monitor.wait()
    assert monitor.latest() is made[0]
    monitor.wait()
    assert len(made) == 1


def test_a_failing_check_keeps_the_last_health() -> None:
    outcomes: list[Health | Exception] = [_health(0), OSError("gone")]

    def check() -> Health:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monitor = HealthMonitor(check, every_s=0.0)
    monitor.latest()
    monitor.wait()
    first = monitor.latest()
    monitor.wait()
    assert not outcomes
    assert first is not None


def _health(seed: int) -> Health:
    return compare(_log(2 * seed, 300), _log(2 * seed + 1, 900))


def _log(seed: int, pages: int) -> list[Judged]:
    """Pages as the mixture draws them with epsilon = 0.3, and rewards that do not depend on them."""
    rng = np.random.default_rng(seed)
    template, log = make_record("d"), []
    for number in range(pages):
        explored = bool(rng.random() < 0.3)
        on_anchor = not explored or bool(rng.random() < _EXPLORED)
        # Off the anchor some other page of the same probability under exploration was drawn.
        record = replace(
            template,
            anchor=_PAGE if on_anchor else (0, 1, 2),
            page=_PAGE,
            explored=explored,
            epsilon=0.3,
            exploration_conditionals=_Q,
            propensity=0.7 * on_anchor + 0.3 * _EXPLORED,
            values=rng.random(5),
        )
        log.append(Judged(record, (float(rng.random() < 0.4),), number % 100))
    return log


def _change(one: Judged, **changes: Any) -> Judged:
    return replace(one, record=replace(one.record, **changes))


def _without_taste(one: Judged) -> tuple[LoggedOption, ...]:
    return tuple(
        replace(option, features={"shelf": option.features["shelf"]}) for option in one.record.options
    )
