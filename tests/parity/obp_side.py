"""What obp says of the cases in a file; runs in obp's environment: obp_side.py CASES.npz VALUES.json."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
from obp import ope
from obp.ope import estimators_multi as multi

LIMITS = [0.5, 1.0, 2.0, 5.0, np.inf]
SMOOTHINGS = [0.0, 0.02, 0.1, 0.5]
LIMIT, SHRINKAGE, SMOOTHING = 1.5, 3.0, 0.1


Arrays = dict[str, Any]


def values(case: Arrays) -> dict[str, float]:
    rows = np.arange(len(case["action"]))
    pscore = case["logging"][rows, case["action"], case["position"]]
    log = {
        "reward": case["reward"],
        "action": case["action"],
        "position": case["position"],
        "pscore": pscore,
        "action_dist": case["target"],
        "estimated_rewards_by_reg_model": case["q"],
        "estimated_importance_weights": case["target"][rows, case["action"], case["position"]] / pscore,
    }
    estimators = {
        "ips": ope.InverseProbabilityWeighting(),
        "clipped_ips": ope.InverseProbabilityWeighting(lambda_=LIMIT),
        "snips": ope.SelfNormalizedInverseProbabilityWeighting(),
        "sub_gaussian_ips": ope.SubGaussianInverseProbabilityWeighting(lambda_=SMOOTHING),
        "dm": ope.DirectMethod(),
        "dr": ope.DoublyRobust(),
        "clipped_dr": ope.DoublyRobust(lambda_=LIMIT),
        "sndr": ope.SelfNormalizedDoublyRobust(),
        "switch_dr": ope.SwitchDoublyRobust(lambda_=LIMIT),
        "dros": ope.DoublyRobustWithShrinkage(lambda_=SHRINKAGE),
        "sub_gaussian_dr": ope.SubGaussianDoublyRobust(lambda_=SMOOTHING),
        "balanced_snips": ope.BalancedInverseProbabilityWeighting(lambda_=LIMIT),
    }
    tuned = {
        "ips": (ope.InverseProbabilityWeightingTuning, LIMITS),
        "dr": (ope.DoublyRobustTuning, LIMITS),
        "switch_dr": (ope.SwitchDoublyRobustTuning, LIMITS),
        "dros": (ope.DoublyRobustWithShrinkageTuning, LIMITS),
        "sub_gaussian_dr": (ope.SubGaussianDoublyRobustTuning, SMOOTHINGS),
    }
    for name, (tuner, lambdas) in tuned.items():
        for method, ours in (("slope", "slope"), ("mse", "error")):
            estimators[f"{name}_by_{ours}"] = tuner(lambdas=lambdas, tuning_method=method, delta=0.05)
    found = {name: estimator.estimate_policy_value(**log) for name, estimator in estimators.items()}
    if "certain" in case:
        certain = dict(log, action_dist=case["certain"])
        found["replay"] = ope.ReplayMethod().estimate_policy_value(**certain)
    if "loggers" in case:
        found.update(several(case, log, rows))
    if "codes" in case:
        found.update(marginalised(case, log))
    return {name: float(value) for name, value in found.items()}


def several(case: Arrays, log: Arrays, rows: Any) -> Arrays:
    shares = np.bincount(case["logger"]) / len(rows)
    shown = case["loggers"][rows, case["action"], case["position"], :]
    log = dict(log, pscore_avg=shown @ shares, stratum_idx=case["logger"])
    estimators = {
        "balanced_ips": multi.MultiLoggersBalancedInverseProbabilityWeighting(),
        "weighted_ips": multi.MultiLoggersWeightedInverseProbabilityWeighting(),
        "balanced_dr": multi.MultiLoggersBalancedDoublyRobust(),
        "weighted_dr": multi.MultiLoggersWeightedDoublyRobust(),
    }
    return {name: estimator.estimate_policy_value(**log) for name, estimator in estimators.items()}


def marginalised(case: Arrays, log: Arrays) -> Arrays:
    log = dict(
        log,
        context=np.zeros((len(case["action"]), 1)),
        pi_b=case["logging"],
        action_embed=case["codes"],
        p_e_a=case["likelihoods"],
    )
    # With several dimensions obp's self-normalised estimator multiplies the marginals of each, which is
    # another quantity than its own plain estimator has, so the two are compared on one.
    first = dict(log, action_embed=case["codes"][:, :1], p_e_a=case["likelihoods"][:, :, :1])
    n = case["target"].shape[1]
    return {
        "mips": ope.MarginalizedInverseProbabilityWeighting(n_actions=n).estimate_policy_value(**log),
        "snmips": ope.SelfNormalizedMarginalizedInverseProbabilityWeighting(
            n_actions=n
        ).estimate_policy_value(**first),
    }


if __name__ == "__main__":
    loaded = np.load(sys.argv[1])
    cases: dict[str, Arrays] = {}
    for key in loaded.files:
        case, column = key.split("/")
        cases.setdefault(case, {})[column] = loaded[key]
    with open(sys.argv[2], "w") as file:
        json.dump({name: values(case) for name, case in cases.items()}, file, indent=1, sort_keys=True)
        file.write("\n")
