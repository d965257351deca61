"""What our estimators say of a case, under the names that `obp_side` uses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bandits.ope.actions import ActionRounds, at_position
from bandits.ope.classified import balanced_snips
from bandits.ope.doubly_robust import cut, dm, dr, dros, shrink, sndr, sub_gaussian_dr, switch_dr
from bandits.ope.estimators import Estimate, clip, clipped_ips, ips, replay, smooth, snips, sub_gaussian_ips
from bandits.ope.marginalised import known_marginal_weights, mips, snmips
from bandits.ope.multi_logger import LoggedBySeveral, balanced_dr, balanced_ips, weighted_dr, weighted_ips
from bandits.ope.tuning import least_error, slope
from tests.parity.cases import LIMIT, LIMITS, SHRINKAGE, SMOOTHING, SMOOTHINGS, Arrays, propensity


def values(case: Arrays) -> dict[str, float]:
    """Estimate by name."""
    found = _single(case) | _tuned(case)
    if "loggers" in case:
        found |= _several(case)
    if "codes" in case:
        found |= _marginalised(case)
    return {name: estimate.value for name, estimate in found.items()}


def action_rounds(case: Arrays) -> ActionRounds:
    """The rounds of a case under its target."""
    position = case["position"]
    return ActionRounds(
        case["reward"],
        case["action"],
        propensity(case),
        at_position(case["target"], position),
        position=position,
    )


def _single(case: Arrays) -> dict[str, Estimate]:
    actions = action_rounds(case)
    rounds, modelled = actions.rounds, actions.modelled(at_position(case["q"], case["position"]))
    found = {
        "ips": ips(rounds),
        "clipped_ips": clipped_ips(rounds, LIMIT),
        "snips": snips(rounds),
        "sub_gaussian_ips": sub_gaussian_ips(rounds, SMOOTHING),
        "dm": dm(modelled),
        "dr": dr(modelled),
        "clipped_dr": dr(modelled, LIMIT),
        "sndr": sndr(modelled),
        "switch_dr": switch_dr(modelled, LIMIT),
        "dros": dros(modelled, SHRINKAGE),
        "sub_gaussian_dr": sub_gaussian_dr(modelled, SMOOTHING),
        "balanced_snips": balanced_snips(actions, rounds.weights, LIMIT),
    }
    if "certain" in case:
        certain = at_position(case["certain"], case["position"])
        found["replay"] = replay(replace(rounds, target=actions.of_shown(certain)))
    return found


def _tuned(case: Arrays) -> dict[str, Estimate]:
    actions = action_rounds(case)
    rounds, modelled = actions.rounds, actions.modelled(at_position(case["q"], case["position"]))
    return {
        "ips_by_slope": slope(lambda x: clipped_ips(rounds, x), LIMITS, paired=False).estimate,
        "dr_by_slope": slope(lambda x: dr(modelled, x), LIMITS, paired=False).estimate,
        "switch_dr_by_slope": slope(lambda x: switch_dr(modelled, x), LIMITS, paired=False).estimate,
        "dros_by_slope": slope(lambda x: dros(modelled, x), LIMITS, paired=False).estimate,
        "sub_gaussian_dr_by_slope": slope(
            lambda x: sub_gaussian_dr(modelled, x), SMOOTHINGS, paired=False
        ).estimate,
        "ips_by_error": clipped_ips(rounds, least_error(rounds, clip, LIMITS)),
        "dr_by_error": dr(modelled, least_error(modelled, clip, LIMITS)),
        "switch_dr_by_error": switch_dr(modelled, least_error(modelled, cut, LIMITS)),
        "dros_by_error": dros(modelled, least_error(modelled, shrink, LIMITS)),
        "sub_gaussian_dr_by_error": sub_gaussian_dr(modelled, least_error(modelled, smooth, SMOOTHINGS)),
    }


def _several(case: Arrays) -> dict[str, Estimate]:
    actions = action_rounds(case)
    modelled = actions.modelled(at_position(case["q"], case["position"]))
    shown = case["loggers"][np.arange(len(actions)), case["action"], case["position"], :]
    logged = LoggedBySeveral(case["logger"], shown)
    return {
        "balanced_ips": balanced_ips(actions.rounds, logged),
        "weighted_ips": weighted_ips(actions.rounds, logged),
        "balanced_dr": balanced_dr(modelled, logged),
        "weighted_dr": weighted_dr(modelled, logged),
    }


def _marginalised(case: Arrays) -> dict[str, Estimate]:
    actions = action_rounds(case)
    logging = at_position(case["logging"], case["position"])
    first, second = (case["likelihoods"][:, case["codes"][:, dimension], dimension].T for dimension in (0, 1))
    both = known_marginal_weights(actions.target, logging, first * second)
    alone = known_marginal_weights(actions.target, logging, first)
    return {"mips": mips(actions, both), "snmips": snmips(actions, alone)}
