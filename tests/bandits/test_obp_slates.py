"""Page estimators agree with obp 0.5.7, on values that `tests/parity/freeze_slates.py` froze."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bandits.ope.cascade import cascade_dr, cascade_ips
from bandits.ope.estimators import Estimate
from bandits.ope.independent_ips import independent_ips, independent_snips
from bandits.ope.page_ips import page_ips, page_snips
from bandits.ope.reward_interaction import reward_interaction_ips
from bandits.ope.slates import SlateRounds, Table

FROZEN = Path(__file__).parents[1] / "parity" / "slates.json"


@cache
def frozen() -> dict[str, Table]:
    """The columns that obp was given, (rounds, slots) each."""
    given = json.loads(FROZEN.read_text())["columns"]
    return {name: np.array(column, dtype=np.float64) for name, column in given.items()}


ESTIMATORS: dict[str, Callable[[SlateRounds], Estimate]] = {
    "page_ips": page_ips,
    "page_snips": page_snips,
    "independent_ips": independent_ips,
    "independent_snips": independent_snips,
    "cascade_ips": cascade_ips,
    "reward_interaction_ips": reward_interaction_ips,
    "cascade_dr": lambda rounds: cascade_dr(rounds, frozen()["shown"], frozen()["expected"]),
}


def test_every_frozen_value_is_compared() -> None:
    assert set(json.loads(FROZEN.read_text())["values"]) == set(ESTIMATORS)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_estimates_agree_to_nine_digits(name: str) -> None:
    columns = frozen()
    rounds = SlateRounds(
        slot_reward=columns["slot_reward"],
        propensity=columns["propensity"][:, 0],
        prefix_propensity=columns["prefix_propensity"],
        target=columns["target"][:, 0],
        prefix_target=columns["prefix_target"],
        slot_propensity=columns["slot_propensity"],
        slot_target=columns["slot_target"],
    )
    expected = json.loads(FROZEN.read_text())["values"][name]
    assert ESTIMATORS[name](rounds).value == pytest.approx(expected, rel=1e-9)
