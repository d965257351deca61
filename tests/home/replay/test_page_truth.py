"""Whole pages of the real composer against a known truth: the table of the documentation, much reduced."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.benchmarks.bench_pages_ope import SUBJECTS, Outcome, outcome
from tests.home.replay.page_world import GivenVisit, drawn, given_visits, repaired

VISITS, LOGS = 120, 12
MEANT = (
    "page_ips",
    "cascade_ips",
    "reward_interaction_ips",
    "cascade_dr",
    "pseudo_inverse",
    "pseudo_inverse_cv",
)


@cache
def visits() -> tuple[tuple[GivenVisit, ...], float]:
    """The visits, and what the target earns on them."""
    given = tuple(given_visits(VISITS))
    return given, float(np.mean([visit.truth for visit in given]))


@cache
def found(honest: bool) -> Outcome:
    given, truth = visits()
    return outcome(given, truth, drawn if honest else repaired, LOGS)


@pytest.mark.slow
def test_a_log_of_the_mixture_finds_the_truth() -> None:
    """Within four standard errors over logs; intervals of twelve logs cover it nine times or more."""
    rows = {row.estimator: row for row in found(honest=True).rows}
    assert set(rows) == set(SUBJECTS)
    for name in MEANT:
        assert abs(rows[name].bias) < 4.0 * rows[name].error, rows[name]
    for name in ("cascade_ips", "cascade_dr", "pseudo_inverse"):
        assert rows[name].coverage >= 9 / 12, rows[name]


@pytest.mark.slow
def test_a_log_of_repaired_samples_does_not() -> None:
    """The same visits, models and luck: the estimates are far off, and weights have no mean of 1 any more."""
    rows = {row.estimator: row for row in found(honest=False).rows}
    assert rows["cascade_ips"].bias > 4.0 * rows["cascade_ips"].error
    assert rows["cascade_ips"].coverage < 0.5
    assert found(honest=False).mean_weight > 1.5
    assert found(honest=True).mean_weight < 1.5


@pytest.mark.slow
def test_running_the_target_gives_the_truth() -> None:
    """Pages drawn from the target itself: their mean, within four standard errors over draws."""
    given, truth = visits()
    rng = np.random.default_rng(1)
    totals = []
    for _ in range(20):
        pages = [
            law.anchor if rng.random() >= law.epsilon else law.explore(rng)
            for law in (visit.laws.target for visit in given)
        ]
        totals.append(np.mean([visit.expected(page) for visit, page in zip(given, pages, strict=True)]))
    assert np.mean(totals) == pytest.approx(truth, abs=4.0 * np.std(totals, ddof=1) / np.sqrt(20))
