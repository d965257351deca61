"""Every estimator that obp has too gives its value."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import orjson
import pytest

from bandits.ope.thompson import bernoulli_thompson
from tests.parity.cases import Arrays, synthetic
from tests.parity.freeze import FROZEN
from tests.parity.open_bandit import POSITIONS, cases, priors
from tests.parity.ours import values
from tests.parity.peer import ask
from tests.requirements import lacking

_OBP, _DATA = "HOME_TEST_OBP", "HOME_TEST_OPEN_BANDIT"
TOLERANCE = 1e-9
KEPT: dict[str, dict[str, float]] = orjson.loads(FROZEN.read_bytes())


@pytest.fixture(scope="module")
def obp() -> str:
    python = os.environ.get(_OBP)
    if not python:
        lacking(f"{_OBP} is not set: run `make test-parity`")
    return python


@pytest.fixture(scope="module")
def data_dir() -> Path:
    directory = os.environ.get(_DATA)
    if not directory:
        lacking(f"{_DATA} is not set: set it to the directory of the Open Bandit Dataset")
    return Path(directory)


def agree(ours: dict[str, float], theirs: dict[str, float]) -> None:
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, rel=0.0, abs=TOLERANCE), name


@pytest.mark.parametrize("seed", KEPT)
def test_estimators_give_the_values_that_obp_gave(seed: str) -> None:
    agree(values(synthetic(int(seed))), KEPT[seed])


@pytest.mark.parity
def test_estimators_agree_with_obp_on_synthetic_rounds(obp: str) -> None:
    fresh: dict[str, Arrays] = {str(seed): synthetic(seed) for seed in range(100, 120)}
    said = ask(obp, fresh)
    for seed, case in fresh.items():
        agree(values(case), said[seed])


@pytest.mark.parity
def test_estimators_agree_with_obp_on_the_open_bandit_dataset(obp: str, data_dir: Path) -> None:
    logs = dict(cases(data_dir))
    said = ask(obp, logs)
    for name, case in logs.items():
        agree(values(case), said[name])


@pytest.mark.parity
def test_estimates_of_thompson_sampling_are_those_measured_before(data_dir: Path) -> None:
    measured = {"men": (0.004534, 0.004604), "women": (0.006813, 0.006811)}
    logs = dict(cases(data_dir))
    for campaign, (by_ips, by_snips) in measured.items():
        found = values(logs[f"{campaign}: uniform to thompson"])
        assert (round(found["ips"], 6), round(found["snips"], 6)) == (by_ips, by_snips)


@pytest.mark.parity
def test_thompson_sampling_is_distributed_as_published(data_dir: Path) -> None:
    alpha, beta = priors(data_dir)["all"]
    found = bernoulli_thompson(alpha, beta, POSITIONS)
    published = {
        0: (0.01078, 0.00931, 0.00917),
        1: (0.00167, 0.00077, 0.00076),
        2: (0.00580, 0.00614, 0.00631),
        77: (0.00080, 0.00087, 0.00071),
        78: (0.00689, 0.00724, 0.00755),
        79: (0.05820, 0.07603, 0.07998),
    }
    for item, probabilities in published.items():
        assert np.round(found[item], 5).tolist() == list(probabilities)
