"""The Open Bandit Dataset: on a made-up campaign with known truth, and on the real one where it is there."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bandits.ope.thompson import bernoulli_thompson
from home.replay.open_bandit import PUBLISHED_VALUES, judge_campaign, thompson_prior, to_json
from home.replay.options import Options
from home.replay.sources.chunk import ReplayInputError
from home.replay.sources.obd import campaigns

ITEMS = 3
PRIOR = """all:
  alpha:
    - 1.0
  beta:
    - 1.0
made:
  alpha:
    - 2.0
    - 8.0
    - 4.0
  beta:
    - 90.0
    - 92.0
    - 96.0
"""


def made_campaign(root: Path, rows: int = 4000) -> float:
    """A campaign in which the logged Thompson policy is the prior's; returns that policy's true value."""
    (root / "prior_bts.yaml").write_text(PRIOR)
    alpha, beta = thompson_prior(root / "prior_bts.yaml", "made")
    table = bernoulli_thompson(alpha, beta, 3)
    clicks = np.array([0.1, 0.5, 0.3])
    for seed, (policy, shares) in enumerate({"random": np.full((ITEMS, 3), 1 / ITEMS), "bts": table}.items()):
        rng = np.random.default_rng(seed)
        position = rng.integers(0, 3, rows)
        item = (rng.random(rows)[:, None] > shares.T[position].cumsum(axis=1)).sum(axis=1)
        folder = root / policy / "made"
        folder.mkdir(parents=True)
        pl.DataFrame({"item_id": range(ITEMS)}).write_csv(folder / "item_context.csv")
        pl.DataFrame(
            {
                "timestamp": ["2019-11-24 00:03:13.442536+00:00"] * rows,
                "item_id": item,
                "position": position + 1,
                "click": (rng.random(rows) < clicks[item]).astype(int),
                "propensity_score": shares[item, position],
                **{f"user_feature_{i}": rng.choice(["a", "b"], rows) for i in range(4)},
            }
        ).write_csv(folder / "made.csv")
    return float((clicks @ table).mean())


def test_thompson_sampling_is_judged_from_the_uniform_log_and_the_other_way_round(tmp_path: Path) -> None:
    truth = made_campaign(tmp_path)
    assert campaigns(tmp_path) == ("made",)
    options = Options(estimators=("ips", "snips", "dr"), level=0.999, interval="normal")
    found = judge_campaign(tmp_path, "made", "random", options)
    assert (found.target, found.full_size) == ("bts", None)
    assert not found.on_policy.excludes(truth)
    assert found.report.rounds == 4000
    for error in found.errors:
        assert error.estimate is not None
        assert not error.estimate.excludes(truth), error
        assert error.here == pytest.approx(
            abs(error.estimate.value - found.on_policy.value) / found.on_policy.value
        )
        assert error.full_size is None
    back = judge_campaign(tmp_path, "made", "bts", options)
    assert back.target == "random"
    assert back.errors[0].estimate is not None
    assert not back.errors[0].estimate.excludes(0.3)
    assert b'"campaign": "made"' in to_json([found, back])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("made:\n  alpha:\n    - 1.0\n", "has 1 alpha and 0 beta of campaign 'made'"),
        ("made:\n  alpha:\n    - one\n", "line 3: 'one' is no number"),
    ],
)
def test_a_prior_that_is_none_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "prior_bts.yaml"
    with pytest.raises(ReplayInputError, match="does not exist"):
        thompson_prior(path, "made")
    path.write_text(text)
    with pytest.raises(ReplayInputError, match=message):
        thompson_prior(path, "made")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("campaign", "ips", "snips", "effective"),
    [("men", 0.004534, 0.004604, 2467), ("women", 0.006813, 0.006811, 1954)],
)
def test_the_real_logs_give_the_numbers_of_their_readme(
    campaign: str, ips: float, snips: float, effective: float
) -> None:
    data = os.environ.get("HOME_TEST_DATA_DIR")
    if not data:
        pytest.skip(
            "HOME_TEST_DATA_DIR is not set: set it to the directory of the data sets to run this test"
        )
    options = Options(estimators=("ips", "snips"))
    found = judge_campaign(Path(data) / "open-bandit-dataset", campaign, "random", options)
    values = [one.estimate.value for one in found.errors if one.estimate]
    assert values == pytest.approx([ips, snips], abs=5e-7)
    assert found.report.judgements[0].diagnostics.effective_sample_size == pytest.approx(effective, abs=0.5)
    assert found.errors[0].estimate is not None
    assert not found.errors[0].estimate.excludes(PUBLISHED_VALUES[campaign, "bts"])
