"""Intervals as they are asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bandits.ope.estimators import Estimate, mean_of
from bandits.ope.intervals import Bounds, Interval, bca, bootstrap, empirical_bernstein, normal
from bandits.ope.rounds import Rounds
from bandits.ope.sequences import ips_sequence, mean_sequence
from bandits.ope.sums import Sums
from home.errors import ConfigurationError
from home.replay.estimators import View
from home.replay.known import ACCEPTING, TERMS, Known
from home.replay.options import Options
from home.replay.tally import Tally


def interval_of(estimate: Estimate | Sums, options: Options, terms: Bounds | None = None) -> Interval:
    """The interval asked for; of no width where all rounds are of one group, which the verdict says too.

    `terms`: the range of the terms of a mean, which intervals need that hold at every size. Raises ValueError
    without it, and for what else these cannot do.
    """
    if groups_of(estimate) < 2:
        return Interval(estimate.value, estimate.value, estimate.value, options.level, "one group")
    if options.interval == "normal":
        return normal(estimate, options.level)
    if options.interval in ("bootstrap", "bca"):
        resampled = bootstrap if options.interval == "bootstrap" else bca
        return resampled(estimate, np.random.default_rng(options.seed), options.level, options.replicates)
    if terms is None:
        raise ValueError(f"it has no {options.interval} interval: use normal or bootstrap")
    if options.interval == "empirical-bernstein":
        return empirical_bernstein(estimate, terms, options.level)
    if isinstance(estimate, Estimate):
        return mean_sequence(estimate, terms, options.level).last(estimate.value)
    raise ValueError("a confidence sequence needs the rounds in order, and so in memory: raise --keep")


def interval_by_name(
    name: str, estimate: Estimate | Sums, options: Options, known: Known | None, rounds: Rounds | None
) -> Interval:
    """The interval asked for of an estimator by name.

    `known` is there where the interval holds at every size, `rounds` where they are in memory. Raises
    ValueError for an estimator that has no such interval, and where something must be known that is not.
    """
    if known is None or groups_of(estimate) < 2:
        return interval_of(estimate, options)
    if name not in TERMS:
        raise ValueError(f"{options.interval} intervals are for {', '.join(TERMS)}; use normal or bootstrap")
    sequence = options.interval == "confidence-sequence"
    if sequence and name == "ips" and rounds is not None and not known.stated:
        # It needs no bound on weights; one that follows from a floor is mostly too high to help.
        return ips_sequence(rounds, known.rewards, options.level).last(estimate.value)
    terms = TERMS[name](known)
    return interval_of(_sample(estimate) if name in ACCEPTING else estimate, options, terms)


def known_of(tally: Tally, view: View | None, rewards: Bounds | None, options: Options) -> Known | None:
    """What intervals need that hold at every sample size; None where others were asked for.

    `rewards`: what a page can earn, where the log says so. Otherwise the range that was given, or 0 to 1 for
    rewards of 0 and 1; times the slots of a page. Raises ConfigurationError where the log has no such
    interval.
    """
    if not options.bounded:
        return None
    if options.interval == "confidence-sequence":
        _check_order(view)
    low, high = rewards or _reward_range(tally, options)
    seen = tally.rewards
    if seen[0] < low or seen[1] > high:
        raise ConfigurationError(
            f"rewards reach from {seen[0]:g} to {seen[1]:g}, beyond what they can be, {low:g} to {high:g}:"
            " give a --reward-range that holds for all, also for those not seen yet"
        )
    stated = options.weight_bound is not None
    bound = options.weight_bound if stated else tally.weight_bound
    expected = None if view is None else view.expected
    predictions = None if expected is None else (float(expected.min()), float(expected.max()))
    return Known((low, high), bound, stated, predictions)


def _reward_range(tally: Tally, options: Options) -> Bounds:
    slots = max(1, len(tally.slots))
    if options.rewards is not None:
        return slots * min(0.0, options.rewards[0]), slots * max(0.0, options.rewards[1])
    raise ConfigurationError(
        f"interval is {options.interval!r}, which needs to know what a row can earn: give --reward-range"
        " LOW,HIGH"
    )


def _check_order(view: View | None) -> None:
    if view is None:
        raise ConfigurationError(
            "interval is 'confidence-sequence', which needs the rounds in order, and so in memory: raise"
            " --keep, or use another"
        )
    groups, rounds = len(np.unique(view.rounds.group)), len(view.rounds)
    if groups < rounds:
        raise ConfigurationError(
            f"interval is 'confidence-sequence', which needs independent rounds, but the {rounds} are of"
            f" {groups} groups, such as listeners who come back: use bootstrap, normal or empirical-bernstein"
        )


def groups_of(estimate: Estimate | Sums) -> int:
    """How many independent groups there are; of sums, buckets that hold any."""
    if isinstance(estimate, Sums):
        return int((estimate.rounds > 0.0).sum())
    return len(np.unique(estimate.group))


def _sample(estimate: Estimate | Sums) -> Estimate | Sums:
    """The rounds that were accepted, as a log of their own."""
    if isinstance(estimate, Sums):
        return replace(estimate, rounds=estimate.denominator)
    kept = estimate.denominator > 0.0
    return mean_of(estimate.estimator, estimate.numerator[kept], estimate.group[kept])
