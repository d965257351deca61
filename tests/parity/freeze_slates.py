"""What obp 0.5.7 makes of synthetic slates: `python tests/parity/freeze_slates.py` writes `slates.json`.

It needs obp and numpy alone, no code of this repository, so it runs in an environment with obp's own pins.
Logged slates, their probabilities and the target's come from obp's generator; predictions are random.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from obp.dataset import SyntheticSlateBanditDataset
from obp.ope import (
    SelfNormalizedSlateIndependentIPS,
    SelfNormalizedSlateRewardInteractionIPS,
    SelfNormalizedSlateStandardIPS,
    SlateCascadeDoublyRobust,
    SlateIndependentIPS,
    SlateRewardInteractionIPS,
    SlateStandardIPS,
)

ROUNDS, SLOTS, ACTIONS, SEED = 60, 3, 5, 12345
WEIGHTED = {
    "page_ips": SlateStandardIPS,
    "page_snips": SelfNormalizedSlateStandardIPS,
    "independent_ips": SlateIndependentIPS,
    "independent_snips": SelfNormalizedSlateIndependentIPS,
    "cascade_ips": SlateRewardInteractionIPS,
    "reward_interaction_ips": SelfNormalizedSlateRewardInteractionIPS,
}


def frozen() -> dict[str, object]:
    """Columns as (rounds, slots), and the values that obp gives."""
    dataset = SyntheticSlateBanditDataset(
        n_unique_action=ACTIONS, len_list=SLOTS, dim_context=2, reward_type="binary", random_state=SEED
    )
    log = dataset.obtain_batch_bandit_feedback(n_rounds=ROUNDS, return_pscore_item_position=True)
    rng = np.random.default_rng(SEED)
    logit = rng.normal(size=(ROUNDS, ACTIONS))
    page, slot, prefix = dataset.obtain_pscore_given_evaluation_policy_logit(
        log["action"], logit, return_pscore_item_position=True
    )
    choice = dataset.calc_evaluation_policy_action_dist(log["action"], logit)
    q_hat = rng.random(ROUNDS * SLOTS * ACTIONS)
    given = {
        "slate_id": log["slate_id"],
        "action": log["action"],
        "reward": log["reward"],
        "position": log["position"],
        "pscore": log["pscore"],
        "pscore_item_position": log["pscore_item_position"],
        "pscore_cascade": log["pscore_cascade"],
        "evaluation_policy_pscore": page,
        "evaluation_policy_pscore_item_position": slot,
        "evaluation_policy_pscore_cascade": prefix,
        "q_hat": q_hat,
        "evaluation_policy_action_dist": choice,
    }
    values = {name: kind(len_list=SLOTS).estimate_policy_value(**given) for name, kind in WEIGHTED.items()}
    cascade_dr = SlateCascadeDoublyRobust(len_list=SLOTS, n_unique_action=ACTIONS)
    values["cascade_dr"] = cascade_dr.estimate_policy_value(**given)
    predicted, choice = (each.reshape(ROUNDS, SLOTS, ACTIONS) for each in (q_hat, choice))
    shown = np.take_along_axis(predicted, log["action"].reshape(ROUNDS, SLOTS, 1), axis=2)[:, :, 0]
    columns = {
        "slot_reward": log["reward"],
        "propensity": log["pscore"],
        "prefix_propensity": log["pscore_cascade"],
        "slot_propensity": log["pscore_item_position"],
        "target": page,
        "prefix_target": prefix,
        "slot_target": slot,
        "shown": shown,
        "expected": (predicted * choice).sum(axis=2),
    }
    return {
        "columns": {name: np.reshape(each, (ROUNDS, SLOTS)).tolist() for name, each in columns.items()},
        "values": {name: float(value) for name, value in values.items()},
    }


if __name__ == "__main__":
    Path(__file__).with_name("slates.json").write_text(json.dumps(frozen()) + "\n")
