"""Bias and coverage of page estimators: the table of the documentation, on fewer and shorter logs."""

from __future__ import annotations

import pytest

from tests.bandits.slate_world import STRUCTURES, Structure
from tests.benchmarks.bench_pages_coverage import SUBJECTS, rows

UNBIASED = ("page_ips", "cascade_ips", "cascade_dr", "independent_ips", "pseudo_inverse")
NORMALISED_BIAS = 0.01
"""More than what normalising costs on a thousand pages, of the order of one over their number."""


@pytest.mark.slow
@pytest.mark.parametrize("structure", STRUCTURES)
def test_estimators_find_the_truth_where_their_assumption_holds(structure: Structure) -> None:
    """400 logs: four standard errors of 0.011 around 95 %, and four of the mean around no bias."""
    found = list(rows(structure, logs=400, pages=1000, seed=2))
    assert [row.estimator for row in found] == list(SUBJECTS)
    for row in found:
        exact = row.estimator in UNBIASED
        if row.assumed:
            assert abs(row.bias) < 4.0 * row.error + (0.0 if exact else NORMALISED_BIAS), row
            assert row.coverage == pytest.approx(0.95, abs=0.044), row


@pytest.mark.slow
def test_estimators_fail_where_it_does_not() -> None:
    for row in rows("interacting", logs=100, pages=5000, seed=3):
        if not row.assumed:
            assert abs(row.bias) > 4.0 * row.error, row
            assert row.coverage < 0.9, row
