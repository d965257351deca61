"""Progressive validation: judged before it is learned, and right where the truth is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from bandits.ope.progressive import VwOnDsJson
from bandits.policies import UniformPolicy, VwPolicy
from bandits.types import EventKind, RewardEvent
from home.bootstrap import open_home
from home.db import writing
from home.errors import ConfigurationError
from home.ingest.progress import Silent
from home.replay.inputs import StoredLog
from home.replay.options import Options
from home.replay.page import write_curve
from home.replay.progressive import Step, curve_of, validate_policy, validate_vw
from home.replay.sources.chunk import ReplayInputError
from home.replay.sources.dsjson import DsJsonSource
from home.sampling import sample_contexts
from home.service import Home
from home.settings import Settings
from home.settle import examples_of
from home.store import events
from home.store.events import StoredEvent

OPTIONS = Options(interval="normal", level=0.999)


def dsjson_log(path: Path, m: int) -> Path:
    """Uniformly shown actions of which the one with the context's letter earns a click in 4 of 5 cases."""
    rng = np.random.default_rng(7)
    lines = []
    for letter, shown in zip(rng.choice(["x", "y", "z"], m), rng.integers(0, 3, m), strict=True):
        click = rng.random() < (0.8 if "xyz"[shown] == letter else 0.1)
        actions = [shown + 1, *(a for a in (1, 2, 3) if a != shown + 1)]
        lines.append(
            {
                "_label_cost": -float(click), "_label_probability": 1 / 3, "_label_Action": int(shown) + 1,
                "_labelIndex": int(shown), "a": [int(a) for a in actions], "p": [1 / 3] * 3,
                "c": {"u": {"likes": letter}, "_multi": [{"a": {"is": one}} for one in "xyz"]},
            }
        )  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_vowpal_wabbit_learner_rises_from_what_it_knew_to_what_can_be_known(tmp_path: Path) -> None:
    source = DsJsonSource(dsjson_log(tmp_path / "log.dsjson", 4000))
    found = validate_vw(source, "--cb_explore_adf --epsilon 0.1 -q ua", OPTIONS, Silent())
    assert (found.rounds, found.unit) == (4000, "round")
    assert not found.logged.excludes((0.8 + 0.1 + 0.1) / 3)
    # In the end it shows the right action but for 2 / 3 of its exploration.
    best = 0.8 - 0.7 * 0.1 * 2 / 3
    recent = [point.recent for point in found.points if point.recent is not None]
    assert np.mean(recent[-10:]) == pytest.approx(best, abs=0.1)
    assert recent[0] < np.mean(recent[-10:])
    assert found.weighted.low > found.logged.high
    assert found.normalised is not None
    assert found.points[-1].reward == pytest.approx(found.normalised.value)


def test_a_learner_that_cannot_learn_earns_what_the_uniform_log_earned(tmp_path: Path) -> None:
    source = DsJsonSource(dsjson_log(tmp_path / "log.dsjson", 500))
    found = validate_vw(source, "--cb_explore_adf --epsilon 1.0", OPTIONS, Silent())
    assert found.weighted.value == pytest.approx(found.logged.value, rel=1e-5)
    assert found.diagnostics.effective_sample_size == pytest.approx(500, rel=1e-5)


def test_what_cannot_be_validated_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="add --cb_explore_adf"):
        VwOnDsJson("--oaa 3")
    source = DsJsonSource(dsjson_log(tmp_path / "log.dsjson", 1))
    with pytest.raises(ConfigurationError, match=r"vw: arguments .*unrecognised option"):
        validate_vw(source, "--cb_explore_adf --nonsense", OPTIONS, Silent())
    slate = {"_outcomes": [{"_label_cost": 0, "_a": [0], "_p": [1.0]}], "c": {}}
    (tmp_path / "ccb.dsjson").write_text(json.dumps(slate) + "\n")
    with pytest.raises(ReplayInputError, match="line 1 is a slate"):
        validate_vw(DsJsonSource(tmp_path / "ccb.dsjson"), "--cb_explore_adf", OPTIONS, Silent())
    (tmp_path / "bad.dsjson").write_text("no json\n")
    with pytest.raises(ReplayInputError, match=r"holds no decision to validate on \(1: line is no JSON"):
        validate_vw(DsJsonSource(tmp_path / "bad.dsjson"), "--cb_explore_adf", OPTIONS, Silent())


def test_lines_that_vowpal_wabbit_cannot_learn_from_are_left_out(tmp_path: Path) -> None:
    """Handed to it as they are, some of these end the process."""
    path = dsjson_log(tmp_path / "log.dsjson", 3)
    good = json.loads(path.read_text().splitlines()[0])
    shared: list[object] = [5, None, {}, {"_multi": []}, {"_multi": [{}] * 2}, {"_multi": [5] * 3}]
    faulty = [good | {"c": one} for one in shared]
    path.write_text("".join(json.dumps(line) + "\n" for line in [good, *faulty, good, good]))
    found = validate_vw(DsJsonSource(path), "--cb_explore_adf", OPTIONS, Silent())
    assert found.rounds == 3
    assert found.left_out == {"c has not one object in _multi per action": len(faulty)}


def test_slots_that_few_pages_have_count_for_those_alone() -> None:
    steps = [
        Step((1.0, 1.0), (0.5, 0.25), (0.5, 0.25), 0),
        *(Step((1.0,), (0.5,), (0.5,), i) for i in (1, 2, 3)),
    ]
    found = curve_of(steps, OPTIONS, source="log", learner="x", unit="page", left_out={})
    assert found.normalised is not None
    assert found.normalised.value == pytest.approx(1.25)
    assert found.points[-1].reward == pytest.approx(1.25)
    assert [point.recent for point in found.points] == [2.0, 1.0, 1.0, 1.0]


def test_the_curve_is_made_of_textbook_means() -> None:
    steps = [
        Step((1.0,), (0.5,), (0.25,), 0, loss=0.5, examined=2),
        Step((0.0,), (0.5,), (1.0,), 1),
        Step((0.5,), (0.25,), (0.0,), 2),
    ]
    found = curve_of(steps, OPTIONS, source="log", learner="x", unit="page", left_out={})
    assert found.weighted.value == pytest.approx(0.5 / 3)
    assert found.loss == 0.25
    assert [point.reward for point in found.points] == pytest.approx([1.0, 0.2, 0.2])
    assert [point.recent for point in found.points] == [1.0, 0.0, None]
    assert [point.logged for point in found.points] == pytest.approx([1.0, 0.5, 0.5])


def test_slots_are_weighed_by_what_stands_above_them() -> None:
    steps = [Step((1.0, 0.5), (0.5, 0.25), (1.0, 0.25), 0), Step((0.5, 1.0), (0.5, 0.5), (0.25, 0.25), 1)]
    found = curve_of(steps, OPTIONS, source="log", learner="x", unit="page", left_out={})
    assert found.weighted.value == pytest.approx((2.0 * 1.0 + 1.0 * 0.5 + 0.5 * 0.5 + 0.5 * 1.0) / 2)
    expected = (2.0 * 1.0 + 0.5 * 0.5) / 2.5 + (1.0 * 0.5 + 0.5 * 1.0) / 1.5
    assert found.normalised is not None
    assert found.normalised.value == pytest.approx(expected)
    assert found.points[-1].reward == pytest.approx(expected)


@pytest.fixture
def home(demo_settings: Settings) -> Iterator[Home]:
    settings = demo_settings.model_copy(update={"layout_deadline_ms": 10_000.0, "epsilon": 1.0})
    opened = open_home(settings, background=False)
    yield opened
    opened.close()


def test_a_policy_learns_a_decision_only_after_its_horizon_has_closed(home: Home, tmp_path: Path) -> None:
    now = home.clock()
    for seed, context in enumerate(sample_contexts(home.engine, 4, "phone", 3, now)):
        record = home.decision(home.compose(context.listener.id, "phone", seed=seed).decision_id)
        shelf = record.shelf_ids(record.page)[0]
        click = RewardEvent(f"e{seed}", record.id, EventKind.CLICK, shelf, record.at + timedelta(seconds=1))
        with writing(home.engine) as session:
            events.insert(session, [StoredEvent(click, click.at, late=False)])
    log, later = StoredLog(home.engine), now + timedelta(days=2)
    policies = (VwPolicy(), UniformPolicy())
    found = [
        validate_policy(one, log, home.formula, now=later, options=OPTIONS, progress=Silent())
        for one in policies
    ]
    for one in found:
        assert (one.rounds, one.unit, one.left_out) == (4, "page", {})
        assert one.loss is not None
    # All four pages lie within one horizon: nothing was learned yet, and an untrained value is 0 each time.
    clicked = [home.formula.weights[EventKind.CLICK]] * 4
    assert found[0].loss == pytest.approx(np.mean(np.square(clicked)), abs=1e-6)
    # Where nobody reports what was seen, values are held against the lessons of all slots.
    blind = replace(home.formula, without_impressions=frozenset({"phone"}))
    unseen = validate_policy(UniformPolicy(), log, blind, now=later, options=OPTIONS, progress=Silent())
    lessons = [
        example
        for decision, feedback in log.entries(None, None, Silent())
        for example in examples_of(decision.record(), feedback, blind)
    ]
    assert len(lessons) > 4 * 3
    assert unseen.loss == pytest.approx(np.mean([example.reward**2 for example in lessons]))
    open_now = validate_policy(VwPolicy(), log, home.formula, now=later, options=OPTIONS, progress=Silent())
    assert open_now.points == found[0].points
    with pytest.raises(ReplayInputError, match="4: its horizon is open"):
        validate_policy(VwPolicy(), log, home.formula, now=now, options=OPTIONS, progress=Silent())
    write_curve(found[0], tmp_path / "curve.html")
    assert "Progressive loss" in (tmp_path / "curve.html").read_text()
