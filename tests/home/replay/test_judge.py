"""Replay: exact where it can be, honest about what it leaves out, and right where the truth is known."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from sqlalchemy import Engine, update

from bandits.ope.diagnostics import Verdict
from bandits.ope.rounds import Column
from bandits.page import ratios
from bandits.policies import VwPolicy
from bandits.types import EventKind, RewardEvent
from home.compose import ComposedPage, Tools
from home.db import DecisionRow, writing
from home.draw import Exploration
from home.errors import ConfigurationError
from home.logbook import record_of
from home.records import DecisionRecord, encode
from home.replay.judge import NothingToReplayError, judge, replay
from home.replay.log import MODEL, Log, collect
from home.replay.options import Options
from home.replay.report import Left
from home.replay.show import render
from home.replay.targets import Target
from home.simulate.parameters import Dismissal, ListenerParameters
from home.simulate.participants import Participant
from home.simulate.run import SimulationConfig, simulate
from home.store import decisions, events
from home.store.decisions import LoggedDecision
from home.store.events import StoredEvent
from home.warmup import warm_up
from layout.rules import ItemOverlap
from tests.home.loop import FORMULA, HORIZON, NOON, feedback, make_record
from tests.home.simulate.world import world

CLOSED = NOON + HORIZON


def logged(record: DecisionRecord) -> LoggedDecision:
    return LoggedDecision(record.id, record.listener_id, record.at, record.at + HORIZON, None, encode(record))


def drawn(
    name: str, epsilon: float, q: tuple[float, ...], *, on_anchor: bool, listener: str
) -> DecisionRecord:
    """A record as the mixture would log it; its page agrees with the anchor everywhere or nowhere."""
    page = (2, 0, 4)
    explored = np.cumprod(np.concatenate(([1.0], q)))
    prefixes = (1.0 - epsilon) * np.array([1.0, *[float(on_anchor)] * 3]) + epsilon * explored
    return make_record(
        name,
        listener_id=listener,
        page=page,
        anchor=page if on_anchor else (0, 1, 2),
        epsilon=epsilon,
        exploration_conditionals=q,
        conditionals=tuple(ratios(prefixes)),
        propensity=float(prefixes[-1]),
    )


@st.composite
def logs(draw: st.DrawFn) -> list[tuple[LoggedDecision, Sequence[RewardEvent]]]:
    share = st.floats(0.01, 1.0)
    entries: list[tuple[LoggedDecision, Sequence[RewardEvent]]] = []
    for number in range(draw(st.integers(1, 12))):
        record = drawn(
            f"d{number}",
            draw(share),
            draw(st.tuples(share, share, share)),
            on_anchor=draw(st.booleans()),
            listener=draw(st.sampled_from("xyz")),
        )
        kinds = draw(
            st.lists(st.sampled_from([EventKind.CLICK, EventKind.SAVE, EventKind.DISMISS]), max_size=3)
        )
        said = [feedback(f"{number}{i}", record.id, kind) for i, kind in enumerate(kinds)]
        entries.append((logged(record), said))
    return entries


@given(logs())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_logging_policy_itself_is_worth_its_mean_reward_exactly(
    entries: list[tuple[LoggedDecision, Sequence[RewardEvent]]],
) -> None:
    log = collect(entries, FORMULA, [Target(None)], CLOSED)
    assert (log.slates(log.targets[0]).page_weights == 1.0).all()
    report = judge(log)
    (same,) = report.judgements
    ips, snips = same.interval("ips"), same.interval("snips")
    assert ips is not None
    assert snips is not None
    assert ips.value == float(log.reward.sum() / len(log)) == report.on_policy.value
    assert (ips.low, ips.high) == (report.on_policy.low, report.on_policy.high)
    assert snips.value == ips.value
    assert same.diagnostics.max_weight == 1.0
    assert same.diagnostics.effective_sample_size == pytest.approx(len(log))


def test_a_target_gives_a_page_the_probability_of_the_mixture() -> None:
    anchor = drawn("a", 0.1, (0.5, 0.4, 0.2), on_anchor=True, listener="x")
    other = drawn("b", 0.1, (0.5, 0.4, 0.2), on_anchor=False, listener="x")
    for epsilon, on_anchor, off_anchor in [(0.0, 1.0, 0.0), (1.0, 0.04, 0.04), (0.25, 0.76, 0.01)]:
        assert Target(epsilon).probability(anchor) == pytest.approx(on_anchor)
        assert Target(epsilon).probability(other) == pytest.approx(off_anchor)
    with pytest.raises(ValueError, match=r"epsilon = 1\.5: must be a share"):
        Target(1.5)


def test_probabilities_agree_with_the_draw_that_served_the_page() -> None:
    here = world()
    for seed in range(20):
        page = here.page(seed % 5, seed=seed)
        record = record_of(page, here.catalog.items)
        assert Target(None).probability(record) == record.propensity
        assert Target(page.exploration.epsilon).probability(record) == record.propensity


def test_estimates_are_the_textbook_sums() -> None:
    # Weights of epsilon = 0: 1 / 0.94 on the anchor, 0 off it. Rewards 0.5, 0.5, 0.
    q = (0.5, 0.4, 0.2)
    records = [
        drawn("a", 0.0625, q, on_anchor=True, listener="x"),
        drawn("b", 0.0625, q, on_anchor=False, listener="y"),
        drawn("c", 0.0625, q, on_anchor=True, listener="z"),
    ]
    said = {"a": [feedback("1", "a", EventKind.CLICK)], "b": [feedback("2", "b", EventKind.CLICK)]}
    log = collect(((logged(r), said.get(r.id, [])) for r in records), FORMULA, [Target(0.0)], CLOSED)
    (greedy,) = judge(log, Options(interval="normal")).judgements
    values = {one.estimator: one.interval.value for one in greedy.estimates if one.interval}
    assert values["ips"] == pytest.approx(0.5 / 0.94 / 3)
    assert values["snips"] == pytest.approx(0.25)
    assert greedy.diagnostics.support == pytest.approx(2 / 3)


def test_decisions_that_cannot_be_judged_are_left_out_and_counted(engine: Engine) -> None:
    _store(engine, make_record("good"), [feedback("e1", "good", EventKind.CLICK)])
    _store(engine, make_record("inexact", propensity=None, fallback="solver"), [])
    _store(engine, make_record("damaged"), [])
    with engine.begin() as connection:
        connection.execute(update(DecisionRow).where(DecisionRow.id == "damaged").values(record=b"HR"))
    _store(engine, make_record("open", NOON + timedelta(minutes=5)), [])
    report = replay(engine, FORMULA, [Target(0.0), Target(None)], now=CLOSED)
    assert (report.rounds, report.excluded) == (1, Left(open=1, inexact=1, damaged=1))
    assert report.on_policy.value == 0.5
    assert [judgement.target for judgement in report.judgements] == ["epsilon=0", "as logged"]
    assert all(j.diagnostics.verdict is Verdict.DO_NOT_TRUST for j in report.judgements)


def test_targets_that_show_what_was_never_drawn_are_refused() -> None:
    q = (0.5, 0.4, 0.2)
    records = [drawn(f"d{i}", 0.25, q, on_anchor=i % 2 == 0, listener=f"l{i}") for i in range(60)]
    logged_ = [replace(record, anchor_exploration=0.04) for record in records]
    off = [
        replace(drawn(f"off{i}", 0.0, q, on_anchor=True, listener=f"l{i}"), anchor_exploration=0.04)
        for i in range(10)
    ]
    switched_off = off[0]
    never_anchor = replace(drawn("never", 1.0, q, on_anchor=False, listener="l1"), anchor_exploration=0.0)
    always = replace(switched_off, anchor_exploration=1.0)
    for record, outside in (
        (logged_[0], [0.0, 0.0, 0.0]),
        (switched_off, [0.0, 0.48, 0.96]),
        (never_anchor, [1.0, 0.5, 0.0]),
        (always, [0.0, 0.0, 0.0]),
    ):
        found = [Target(e).likelihood(record).outside for e in (0.0, 0.5, 1.0)]
        assert found == pytest.approx(outside)

    log = collect(((logged(record), []) for record in logged_), FORMULA, [Target(0.3)], CLOSED)
    assert judge(log).judgements[0].support is None
    one, few = [switched_off, *logged_[1:]], [*off, *logged_[10:]]
    lost = 0.3 * (1.0 - 0.04)  # of what the target shows where exploration was switched off
    for records, count in ((one, 1), (few, 10)):
        log = collect(((logged(r), []) for r in records), FORMULA, [Target(None), Target(0.3)], CLOSED)
        same, other = judge(log).judgements
        assert same.support is None
        assert other.support is not None
        assert other.support.decisions == count
        assert other.support.outside.value == pytest.approx(lost * count / 60)
        assert f"at {count} of 60 decisions" in other.diagnostics.reason
        assert other.diagnostics.verdict is not Verdict.TRUST
        assert other.support.low < 0.0 < other.support.high
    assert other.diagnostics.verdict is Verdict.DO_NOT_TRUST


def test_late_feedback_does_not_count(engine: Engine) -> None:
    record = make_record("d")
    _store(engine, record, [feedback("e1", "d", EventKind.CLICK)])
    late = feedback("e2", "d", EventKind.SAVE)
    with writing(engine) as session:
        events.insert(session, [StoredEvent(late, CLOSED, late=True)])
    assert replay(engine, FORMULA, [], now=CLOSED).on_policy.value == 0.5


def test_only_the_period_asked_for_is_judged(engine: Engine) -> None:
    for minute in range(4):
        _store(engine, make_record(f"d{minute}", NOON + timedelta(minutes=minute)), [])
    start, end = NOON + timedelta(minutes=1), NOON + timedelta(minutes=3)
    report = replay(engine, FORMULA, [], now=NOON + timedelta(hours=2), start=start, end=end)
    assert report.rounds == 2


def test_breakdowns_are_by_facts_of_the_request_or_by_model(engine: Engine) -> None:
    for number in range(4):
        record = make_record(f"d{number}", policy_version=1 + number % 2, listener_id=f"l{number}")
        _store(engine, record, [feedback(f"e{number}", f"d{number}", EventKind.CLICK)] if number % 2 else [])
    options = Options(by=("surface", MODEL))
    found = replay(engine, FORMULA, [Target(None)], now=CLOSED, options=options).judgements[0].breakdowns
    assert [(one.label, one.rounds, one.logged.value) for one in found[MODEL]] == [
        ("1", 2, 0.0),
        ("2", 2, 0.5),
    ]
    assert [one.label for one in found["surface"]] == ["phone"]
    with pytest.raises(ConfigurationError, match="by has 'planet': on our own log break down by surface"):
        replay(engine, FORMULA, [], now=CLOSED, options=Options(by=("planet",)))


def test_an_empty_log_says_what_to_do(engine: Engine) -> None:
    _store(engine, make_record("open"), [])
    with pytest.raises(NothingToReplayError, match=r"1 still open, 0 without an exact propensity.*--log-to"):
        replay(engine, FORMULA, [Target(0.0)], now=NOON)


def test_a_report_can_be_printed_and_parsed(engine: Engine) -> None:
    for number in range(6):
        record = make_record(f"d{number}", listener_id=f"l{number % 3}")
        _store(engine, record, [feedback(f"e{number}", f"d{number}", EventKind.CLICK)])
    report = replay(engine, FORMULA, [Target(0.0), Target(1.0)], now=CLOSED)
    console = Console(file=io.StringIO(), width=140)
    render(report, console)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert all(text in printed for text in ("epsilon=0", "epsilon=1", "snips", "do not trust", "6 pages"))
    data = json.loads(report.to_json())
    assert data["judgements"][0]["diagnostics"]["verdict"] == "do not trust"
    assert data["excluded"] == {"open": 0, "inexact": 0, "damaged": 0}


@pytest.mark.slow
def test_replay_covers_what_running_the_target_gives() -> None:
    """Logs of epsilon = 0.3 against running epsilon = 0 and 1 with the same model on the same visits.

    The truth is the mean exact expected reward of the pages that the target itself serves: without error for
    epsilon = 0, with that of the exploration dice alone for 1. Pages leave no trace in listeners, so that
    visits stay alike.
    Seeds are fixed; for a fresh seed each of the four 95 % intervals covers with probability 0.95.

    Intervals over 30 listeners are wide, so the weights are also tested visit by visit with expected rewards:
    weighted, the log must agree with the truth within 3 standard errors; unweighted, it must not.
    """
    shares = (0.0, 1.0)
    targets = [Target(share) for share in shares]
    log, logged_rewards = _simulated_log(0.3, targets)
    report = judge(log)
    for share, judgement, target in zip(shares, report.judgements, log.targets, strict=True):
        truth = _simulated_log(share, [])[1]
        for estimate in judgement.estimates:
            assert estimate.interval is not None
            assert not estimate.interval.excludes(float(truth.mean())), estimate
        assert judgement.diagnostics.verdict is not Verdict.DO_NOT_TRUST
        assert _standard_errors(log.slates(target).page_weights * logged_rewards - truth) < 3.0
        assert _standard_errors(logged_rewards - truth) > 3.0


def _standard_errors(differences: Column) -> float:
    """How many standard errors the mean of independent differences lies from zero."""
    return float(abs(differences.mean()) / (differences.std(ddof=1) / np.sqrt(len(differences))))


def _simulated_log(epsilon: float, targets: Sequence[Target]) -> tuple[Log, Column]:
    """The log of a simulation at `epsilon`, and the exact expected reward of each of its pages."""
    here, (tools, snapshot) = world(), _trained()
    entries: list[tuple[LoggedDecision, Sequence[RewardEvent]]] = []

    def keep(_: str, page: ComposedPage, said: Sequence[RewardEvent]) -> None:
        entries.append((logged(record_of(page, here.catalog.items)), said))

    result = simulate(
        here.contexts,
        tools,
        {"logging": Participant(lambda: VwPolicy(snapshot=snapshot), exploration=Exploration(epsilon, 1.0))},
        _forgetful(here.parameters),
        here.formula,
        SimulationConfig(visits=1000, batch=500, seed=11, regret=False),
        on_page=keep,
    )
    log = collect(entries, here.formula, targets, datetime.max.replace(tzinfo=UTC))
    return log, np.array([row.expected_reward for row in result.rows])


def _forgetful(parameters: ListenerParameters) -> ListenerParameters:
    """Listeners on whom no page leaves a trace, so that visits stay alike whatever was shown before."""
    return replace(
        parameters,
        dismissal=Dismissal(0.0, 0.0),
        fatigue=replace(parameters.fatigue, per_look=0.0),
        satiation=replace(parameters.satiation, per_play=0.0),
    )


@cache
def _trained() -> tuple[Tools, bytes]:
    """Tools, and the model whose pages are judged."""
    here = world()
    # Item overlap is the one rule that is slow to prove optimal; what replay needs does not depend on rules.
    rules = tuple(rule for rule in here.tools.rules if not isinstance(rule, ItemOverlap))
    tools = replace(here.tools, rules=rules)
    policy = warm_up(here.contexts, tools, VwPolicy(), formula=here.formula, visits=300, seed=5)
    return tools, policy.snapshot()


def _store(engine: Engine, record: DecisionRecord, said: Sequence[RewardEvent]) -> None:
    with writing(engine) as session:
        decisions.add(session, record, closes_at=record.at + HORIZON)
        events.insert(session, [StoredEvent(event, event.at, late=False) for event in said])
