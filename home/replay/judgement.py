"""From sums, and rounds where they are in memory, to what is said of one target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import isinf

import numpy as np

from bandits.ope.diagnostics import MEAN_WEIGHT_LEVEL, Diagnostics, diagnose, effective, verdict_on
from bandits.ope.estimators import Estimate, check_normaliser, mean_of
from bandits.ope.estimators import ips as plain_ips
from bandits.ope.intervals import Bounds, Interval, normal
from bandits.ope.sums import Sums
from home.replay.checks import checked
from home.replay.estimators import DEFAULTS, ESTIMATORS, STREAMED, Needs, View
from home.replay.intervals import groups_of, interval_by_name, interval_of, known_of
from home.replay.known import TERMS, Known
from home.replay.options import EVERY, Options
from home.replay.report import Estimated, Judgement, Segment, Support, WeightClass
from home.replay.tally import EDGES, Cell, Tally
from home.replay.verdicts import verdict_with


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """All that is known of a target.

    `tally` has its sums; `view` its rounds, None where the log is too long. `rewards` bound what a page or
    round can earn: those that were seen, if None.
    """

    target: str
    tally: Tally
    view: View | None
    rewards: Bounds | None = None
    unknowable: dict[str, int] = field(default_factory=dict)


def judged(evidence: Evidence, options: Options) -> Judgement:
    """What is said of a target.

    Raises ValueError for one without a single round, and ConfigurationError where the log cannot have the
    interval that was asked for.
    """
    tally, view = evidence.tally, evidence.view
    if tally.whole is None:
        raise ValueError(f"target {evidence.target}: no round is left to judge it on")
    known = known_of(tally, view, evidence.rewards, options)
    support = _support(evidence, known, options)
    checks = None if view is None else checked(view)
    return Judgement(
        target=evidence.target,
        estimates=tuple(_estimates(evidence, known, options)),
        diagnostics=verdict_with(_diagnosed(evidence, tally.whole), tally, checks, support),
        support=support,
        checks=checks,
        unknowable=evidence.unknowable,
        unstudied={} if view is None else view.left_out,
        weights=tuple(_classes(tally.whole)),
        slots=tuple(_segment(str(slot), cell, options) for slot, cell in enumerate(tally.slots, start=1)),
        breakdowns={
            name: tuple(_segment(label, cells[label], options) for label in sorted(cells))
            for name, cells in tally.cells.items()
        },
    )


def on_policy(evidence: Evidence, options: Options) -> Interval:
    """The plain mean of what was logged. Raises what `judged` raises."""
    tally, view = evidence.tally, evidence.view
    if tally.whole is None:
        raise ValueError("no round is left to take a mean of")
    known = known_of(tally, view, evidence.rewards, options)
    mean = tally.whole.mean if view is None else mean_of("mean", view.rounds.reward, view.rounds.group)
    return interval_of(mean, options, None if known is None else known.rewards)


def _estimates(evidence: Evidence, known: Known | None, options: Options) -> Iterator[Estimated]:
    rounds = None if evidence.view is None else evidence.view.rounds
    for name in _chosen(evidence, options):
        try:
            estimate, note = _estimate(name, evidence)
            interval = interval_by_name(name, estimate, options, known, rounds)
        except ValueError as error:
            yield Estimated(name, None, str(error))
            continue
        yield Estimated(name, interval, "; ".join(filter(None, (note, _left_out(interval, options)))))


def _left_out(interval: Interval, options: Options) -> str:
    if not interval.left_out:
        return ""
    return (
        f"{interval.left_out} of {options.replicates} bootstrap replicates drew no weight and were left out"
    )


def _chosen(evidence: Evidence, options: Options) -> tuple[str, ...]:
    if options.estimators is not None and options.estimators != EVERY:
        return options.estimators
    has = _has(evidence)
    if options.estimators == EVERY:
        names = tuple(name for name, one in ESTIMATORS.items() if one.needs in has)
    else:
        names = DEFAULTS[next(one for one in DEFAULTS if one in has)]
    streamed = tuple(name for name in names if evidence.view is not None or name in STREAMED)
    return tuple(name for name in streamed if name in TERMS or not options.bounded)


def _has(evidence: Evidence) -> frozenset[Needs]:
    if evidence.view is not None:
        return evidence.view.has
    return frozenset({Needs.NOTHING, Needs.SLOTS} if evidence.tally.slots else {Needs.NOTHING})


def _estimate(name: str, evidence: Evidence) -> tuple[Estimate | Sums, str]:
    tally = evidence.tally
    if evidence.view is not None:
        return ESTIMATORS[name].compute(evidence.view)
    if name == "ips" and tally.ips is not None:
        return tally.ips, ""
    if name == "snips" and tally.whole is not None:
        check_normaliser(tally.whole.snips.denominator)
        return tally.whole.snips, ""
    if name == "reward_interaction_ips":
        return tally.normalised(), ""
    return tally.streams.estimate(name)


def _segment(label: str, cell: Cell, options: Options) -> Segment:
    plain = replace(options, interval="normal")
    weighted = cell.weights.total > 0.0
    return Segment(
        label=label,
        rounds=cell.weights.rounds,
        logged=interval_of(cell.mean, plain),
        target=interval_of(cell.snips, plain) if weighted else None,
        effective=cell.weights.effective,
    )


def _classes(whole: Cell) -> Iterator[WeightClass]:
    counts = whole.weights.counts
    held = np.flatnonzero(counts)
    for at in range(int(held[0]), int(held[-1]) + 1):
        high = float(EDGES[at + 1])
        yield WeightClass(float(EDGES[at]), None if isinf(high) else high, int(counts[at]))


def _support(evidence: Evidence, known: Known | None, options: Options) -> Support | None:
    """What the log could not hold; None where all of the target is known to be within its reach."""
    tally = evidence.tally
    if tally.outside is None or not (tally.cut or tally.drawn):
        return None
    share = _outside(evidence, options) if tally.cut else tally.unseen(options.level)
    low, high = evidence.rewards or tally.rewards if known is None else known.rewards
    value = _value(evidence, known, options) or Interval(low, low, high, options.level, "range of rewards")
    return Support(
        outside=share,
        decisions=tally.cut,
        low=value.low + min(low * share.low, low * share.high),
        high=value.high + max(high * share.low, high * share.high),
        drawn=tally.drawn,
    )


def _outside(evidence: Evidence, options: Options) -> Interval:
    tally, view = evidence.tally, evidence.view
    if view is None or view.outside is None:
        if tally.outside is None:
            raise ValueError("the share outside the log is not known")
        return interval_of(tally.outside, options, (0.0, 1.0))
    return interval_of(mean_of("outside", view.outside, view.rounds.group), options, (0.0, 1.0))


def _value(evidence: Evidence, known: Known | None, options: Options) -> Interval | None:
    """The interval of IPS, None where it cannot have the one that was asked for."""
    rounds = None if evidence.view is None else evidence.view.rounds
    estimate = evidence.tally.ips if rounds is None else plain_ips(rounds)
    try:
        return None if estimate is None else interval_by_name("ips", estimate, options, known, rounds)
    except ValueError:
        return None


def _diagnosed(evidence: Evidence, whole: Cell) -> Diagnostics:
    if evidence.view is not None:
        return diagnose(evidence.view.rounds)
    weights, groups = whole.weights, groups_of(whole.mean)
    rounds, total = weights.rounds, weights.total
    # The normaliser of SNIPS is Σw: over the number of rounds it is the mean weight.
    mean = Sums(
        whole.snips.denominator, whole.mean.denominator, np.zeros(len(whole.mean.rounds)), whole.mean.rounds
    )
    spread = (
        normal(mean, MEAN_WEIGHT_LEVEL)
        if groups > 1
        else Interval(mean.value, mean.value, mean.value, 1.0, "")
    )
    largest = weights.largest / total if total else 1.0
    worth = effective(whole.snips.denominator)
    tail = evidence.tally.tail.shape
    verdict, reason = verdict_on(rounds, worth, weights.effective, largest, spread.low, spread.high, tail)
    return Diagnostics(
        rounds=rounds,
        groups=groups,
        effective_sample_size=weights.effective,
        max_weight=weights.largest,
        largest_share=largest,
        mean_weight=mean.value,
        mean_weight_low=spread.low,
        mean_weight_high=spread.high,
        support=1.0 - weights.zeros / rounds,
        verdict=verdict,
        reason=reason,
        tail=tail,
    )
