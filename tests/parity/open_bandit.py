"""Cases from the Open Bandit Dataset: the logs of either policy, with the other as target."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bandits.ope.actions import ActionRounds, Table
from bandits.ope.reward_models import LogisticReward, cross_fit
from bandits.ope.thompson import bernoulli_thompson
from tests.parity.cases import Arrays

CAMPAIGNS = ("men", "women")
POSITIONS = 3


def priors(data_dir: Path) -> dict[str, Table]:
    """By campaign the parameters (2, n), alpha over beta, of its Beta posteriors."""
    found: dict[str, dict[str, list[float]]] = {}
    for line in (data_dir / "prior_bts.yaml").read_text().splitlines():
        indent, text = len(line) - len(line.lstrip()), line.strip(" :-")
        if indent == 0 and text:
            found[(campaign := text)] = {}
        elif indent == 2:
            found[campaign][(parameter := text)] = []
        elif text:
            found[campaign][parameter].append(float(text))
    return {name: np.array([given["alpha"], given["beta"]]) for name, given in found.items()}


def cases(data_dir: Path) -> Iterator[tuple[str, Arrays]]:
    """Both policies' logs of each campaign, each with the other policy as target."""
    for campaign in CAMPAIGNS:
        alpha, beta = priors(data_dir)[campaign]
        thompson = bernoulli_thompson(alpha, beta, POSITIONS)
        uniform = np.full(thompson.shape, 1.0 / len(thompson))
        yield f"{campaign}: uniform to thompson", _case(data_dir / "random" / campaign, thompson)
        yield f"{campaign}: thompson to uniform", _case(data_dir / "bts" / campaign, uniform)


def _case(directory: Path, target: Table) -> Arrays:
    frame = pl.read_csv(directory / f"{directory.name}.csv")
    action, position = frame["item_id"].to_numpy(), frame["position"].to_numpy() - 1
    propensity, m = frame["propensity_score"].to_numpy(), len(frame)
    logging = np.zeros((m, *target.shape))
    logging[np.arange(m), action, position] = propensity
    reward = frame["click"].to_numpy().astype(np.float64)
    context = frame.select(pl.selectors.starts_with("user_feature")).to_dummies(drop_first=True).to_numpy()
    rounds = ActionRounds(
        reward, action, propensity, target.T[position], context.astype(np.float64), position=position
    )
    q = cross_fit(rounds, LogisticReward, np.random.default_rng(0))
    return {
        "reward": reward,
        "action": action,
        "position": position,
        "logging": logging,
        "target": np.broadcast_to(target, (m, *target.shape)).copy(),
        "q": _everywhere(q),
    }


def _everywhere(q: Table) -> NDArray[np.float64]:
    """Predictions at a round's own position, put in every position: no other is read."""
    return np.repeat(q[:, :, None], POSITIONS, axis=2)
