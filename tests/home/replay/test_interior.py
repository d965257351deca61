"""`home replay` with estimators that look into pages, on our own log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from bandits.types import EventKind
from home.records import DecisionRecord
from home.replay.interior import Looking
from home.replay.judge import UnknowableTargetError, replay_entries
from home.replay.log import Entry
from home.replay.options import Options
from home.replay.report import ReplayReport
from home.replay.targets import Likelihood, PageTarget, Target
from home.replay.what_if import WhatIf
from tests.home.loop import FORMULA, NOON, feedback
from tests.home.replay.test_judge import logged
from tests.home.replay.test_what_if import ANCHORED, OLD, TARGETS, decide

LATER = NOON + timedelta(days=1)
INSIDE = ("cascade_dr", "independent_ips", "pseudo_inverse", "pseudo_inverse_sn", "pseudo_inverse_cv")


def entries(n: int) -> list[Entry]:
    """Pages of as many listeners, of which every other clicks the shelf on top."""
    found: list[Entry] = []
    for seed in range(n):
        record = replace(decide(OLD, ANCHORED, seed=seed), id=f"d{seed}", listener_id=f"l{seed}")
        top = record.shelf_ids(record.page)[0]
        clicks = [feedback(f"e{seed}", record.id, EventKind.CLICK, top)] if seed % 2 else []
        found.append((logged(record), clicks))
    return found


def judged(
    targets: list[PageTarget], inside: Looking | None, names: tuple[str, ...] = INSIDE
) -> ReplayReport:
    options = Options(names, interval="normal")
    return replay_entries(entries(30), FORMULA, targets, now=LATER, options=options, inside=inside)


def test_estimators_that_look_into_pages_are_computed_where_they_are_named() -> None:
    target = TARGETS["another model"]
    report = judged([Target(None), Target(0.2), target], Looking(lambda _: OLD))
    for judgement in report.judgements:
        assert [one.estimator for one in judgement.estimates] == list(INSIDE)
        for one in judgement.estimates:
            assert one.interval is not None, one.note
            assert np.isfinite(one.interval.value)
    own = {one.estimator: one.interval for one in report.judgements[0].estimates}
    for name in ("independent_ips", "pseudo_inverse", "pseudo_inverse_sn"):
        interval = own[name]
        assert interval is not None
        assert interval.value == pytest.approx(report.on_policy.value, rel=1e-9)


def test_they_say_what_they_lack_where_nobody_looks() -> None:
    (judgement,) = judged([Target(0.2)], inside=None).judgements
    notes = {one.estimator: one.note for one in judgement.estimates}
    assert "the target's choice in every slot" in notes["cascade_dr"]
    assert "whole distributions" in notes["pseudo_inverse"]


def test_nobody_looks_unless_one_is_named() -> None:
    def never(_: object) -> object:
        raise AssertionError("looked into a page for nothing")

    report = judged([Target(0.2)], Looking(never), ("ips", "cascade_ips"))  # type: ignore[arg-type]
    assert all(one.interval is not None for one in report.judgements[0].estimates)


def test_targets_outside_the_span_of_the_log_are_noted() -> None:
    report = judged([TARGETS["fewer rules"]], Looking(lambda _: OLD), ("pseudo_inverse",))
    (estimate,) = report.judgements[0].estimates
    assert "the log cannot express" in estimate.note


def test_draws_are_noted() -> None:
    report = judged([WhatIf("other", lambda _: OLD, epsilon=0.2)], Looking(lambda _: OLD, limit=3, draws=5))
    notes = {one.estimator: one.note for one in report.judgements[0].estimates}
    assert notes["pseudo_inverse"] == "weights of 100% of pages from draws"


def test_a_target_without_a_distribution_is_not_known() -> None:
    class Bare:
        name = "bare"

        def likelihood(self, record: DecisionRecord) -> Likelihood:
            return Likelihood(np.full(len(record.page), 0.1))

    with pytest.raises(UnknowableTargetError, match="target bare gives no distribution over pages"):
        judged([Bare()], Looking(lambda _: OLD))
